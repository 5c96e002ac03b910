// swift-tools-version: 6.2
import PackageDescription

/// A package of its own: it is built with the fuzzer's instrumentation, which nothing else wants.
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
                // Its beginning is the fuzzer's, not the first line of its only file.
                .unsafeFlags(["-parse-as-library"]),
            ]
        )
    ],
    swiftLanguageModes: [.v6]
)
