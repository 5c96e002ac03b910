// swift-tools-version: 6.2
import PackageDescription

/// Every target compiles under the strictest settings the compiler offers.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// A module's own tests: `FooTests` covers `Foo`.
func tests(_ module: String, _ extra: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(module)Tests",
        dependencies: [.init(stringLiteral: module)] + extra,
        swiftSettings: strict
    )
}

let package = Package(
    name: "invd",
    products: [
        .executable(name: "invd", targets: ["invd"]),
        .executable(name: "invctl", targets: ["InvctlMain"]),
        .executable(name: "invd-scans", targets: ["InvdScans"]),
        // The client, and what its API speaks in.
        .library(
            name: "InventoryClient",
            targets: ["Bytes", "InventoryClient", "InventoryModel", "InventoryWire"]
        ),
        // For `Benchmarks` and `Fuzzing` alone, which are packages of their own: these promise nothing to
        // anybody else.
        .library(
            name: "_InvdCore",
            targets: [
                "Bytes", "ColumnStore", "Durability", "InventoryEngine", "InventoryModel",
                "InventoryWire",
            ]
        ),
        .library(name: "_InvdTools", targets: ["InventoryTransfer", "invctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
    ],
    targets: [
        // MARK: - The core: values in, values out. No files, sockets, clocks or randomness.
        .target(name: "CKernels"),
        .target(name: "Bytes", dependencies: ["CKernels"], swiftSettings: strict),
        .target(name: "ColumnStore", dependencies: ["Bytes", "CKernels"], swiftSettings: strict),
        .target(name: "InventoryModel", dependencies: ["Bytes"], swiftSettings: strict),
        .target(
            name: "InventoryEngine",
            dependencies: ["Bytes", "ColumnStore", "InventoryModel"],
            swiftSettings: strict
        ),
        .target(
            name: "InventoryInsights",
            dependencies: ["Bytes", "ColumnStore", "InventoryEngine", "InventoryModel"],
            swiftSettings: strict
        ),

        // MARK: - The edges: one owns the disk, the other owns the bytes on the network.
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(name: "CPosix"),
        .target(
            name: "Durability",
            dependencies: ["Bytes", "CKernels", "CLZ4", "CPosix", "ColumnStore"],
            swiftSettings: strict
        ),
        .target(
            name: "InventoryWire",
            dependencies: ["Bytes", "InventoryModel"],
            swiftSettings: strict
        ),

        // MARK: - The programs and the libraries they are thin shells around.
        .target(
            name: "InventoryServer",
            dependencies: [
                "Bytes", "CPosix", "ColumnStore", "Durability", "InventoryEngine",
                "InventoryInsights", "InventoryModel", "InventoryWire",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "InventoryClient",
            dependencies: [
                "Bytes", "InventoryModel", "InventoryWire",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(name: "TerminalKit", swiftSettings: strict),
        .target(
            name: "InventoryLoad",
            dependencies: [
                "Bytes", "CPosix", "InventoryClient", "InventoryModel", "InventoryWire",
            ],
            swiftSettings: strict
        ),
        .target(
            name: "InventoryTransfer",
            dependencies: [
                "Bytes", "ColumnStore", "InventoryClient", "InventoryModel", "InventoryWire",
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "invd",
            dependencies: [
                "Bytes", "CPosix", "Durability", "InventoryModel", "InventoryServer",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        // The commands of invctl are a library, which tests and fuzzers link; the program is one call.
        .target(
            name: "invctl",
            dependencies: [
                "Bytes", "CPosix", "InventoryClient", "InventoryLoad", "InventoryModel",
                "InventoryTransfer", "InventoryWire", "TerminalKit",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(name: "InvctlMain", dependencies: ["invctl"], swiftSettings: strict),
        // A benchmark of queries on an engine in its own process, which `Benchmarks/Peers` runs.
        .executableTarget(
            name: "InvdScans",
            dependencies: [
                "Bytes", "InventoryEngine", "InventoryInsights", "InventoryModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        // MARK: - Tests. One suite per module.
        .target(
            name: "InventoryTestSupport",
            dependencies: ["Bytes", "ColumnStore", "Durability", "InventoryModel"],
            path: "Tests/InventoryTestSupport",
            swiftSettings: strict
        ),
        tests("Bytes", ["InventoryTestSupport"]),
        tests("ColumnStore", ["Bytes", "InventoryTestSupport"]),
        .testTarget(
            name: "DurabilityTests",
            dependencies: ["Bytes", "ColumnStore", "Durability", "InventoryTestSupport"],
            resources: [.copy("Golden")],
            swiftSettings: strict
        ),
        tests("InventoryModel", ["Bytes", "InventoryTestSupport"]),
        tests(
            "InventoryEngine",
            ["Bytes", "ColumnStore", "InventoryModel", "InventoryTestSupport"]
        ),
        tests(
            "InventoryInsights",
            ["Bytes", "InventoryEngine", "InventoryModel", "InventoryTestSupport"]
        ),
        tests(
            "InventoryWire",
            ["Bytes", "InventoryEngine", "InventoryModel", "InventoryTestSupport"]
        ),

        tests(
            "InventoryServer",
            [
                "Bytes", "Durability", "InventoryEngine", "InventoryModel",
                "InventoryTestSupport", "InventoryWire",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
        tests(
            "InventoryClient",
            [
                "Bytes", "InventoryModel", "InventoryTestSupport", "InventoryWire",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]
        ),

        tests("TerminalKit"),
        tests("InventoryTransfer", ["InventoryModel", "InventoryTestSupport"]),

        // The whole server and its clients in one thread, on a disk and a clock that lie by a seed.
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "Bytes", "Durability", "InventoryClient", "InventoryEngine", "InventoryInsights",
                "InventoryModel", "InventoryServer", "InventoryTestSupport", "InventoryWire",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),

        // The real programs, real sockets, real files, real kills.
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Bytes", "InvctlMain", "InvdScans", "InventoryClient", "InventoryInsights",
                "InventoryModel",
                "InventoryTestSupport", "InventoryTransfer", "InventoryWire", "TerminalKit",
                "invctl", "invd",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            resources: [.copy("Resources")],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
