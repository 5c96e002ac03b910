// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

// A separate package, so that users of invd do not build the benchmarks' dependencies.
let package = Package(
    name: "invd-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "invd", path: ".."),
        .package(url: "https://github.com/ordo-one/benchmark.git", from: "1.38.0", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Micro",
            dependencies: [
                .product(name: "Benchmark", package: "benchmark"),
                .product(name: "_InvdCore", package: "invd"),
            ],
            path: "Benchmarks/Micro",
            swiftSettings: strict,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        ),
        .executableTarget(
            name: "Scale",
            dependencies: [
                .product(name: "_InvdCore", package: "invd")
            ],
            path: "Benchmarks/Scale",
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
