// swift-tools-version: 6.2
import PackageDescription

/// A separate package: only this one is built with the fuzzer's instrumentation.
let package = Package(
    name: "fuzzing",
    dependencies: [.package(name: "invd", path: "..")],
    targets: [
        .executableTarget(
            name: "fuzz",
            dependencies: [
                .product(name: "_InvdCore", package: "invd"),
                .product(name: "_InvdTools", package: "invd"),
            ],
            swiftSettings: [
                .treatAllWarnings(as: .error),
                // The entry point is the fuzzer's, not the first line of the only file.
                .unsafeFlags(["-parse-as-library"]),
            ]
        )
    ],
    swiftLanguageModes: [.v6]
)
