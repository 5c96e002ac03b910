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
        .library(name: "ColumnStore", targets: ["ColumnStore"]),
        .library(name: "Durability", targets: ["Durability"]),
        .library(name: "Inventory", targets: ["Inventory"]),
        .library(name: "InventoryInsights", targets: ["InventoryInsights"]),
        .library(name: "InventoryClient", targets: ["InventoryClient"]),
        .library(name: "InventoryServer", targets: ["InventoryServer"]),
        .library(name: "InventoryTransfer", targets: ["InventoryTransfer"]),
        .library(name: "InventoryWire", targets: ["InventoryWire"]),
        // For `Fuzzing`, which reads command lines as invctl does.
        .library(name: "InvctlCommands", targets: ["invctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
    ],
    targets: [
        // MARK: - The core: values in, values out. No files, sockets, clocks or randomness.
        .target(name: "CKernels"),
        .target(name: "ColumnStore", dependencies: ["CKernels"], swiftSettings: strict),
        .target(name: "Inventory", dependencies: ["ColumnStore"], swiftSettings: strict),
        .target(
            name: "InventoryInsights",
            dependencies: ["ColumnStore", "Inventory"],
            swiftSettings: strict
        ),

        // MARK: - The edges: one owns the disk, the other owns the bytes on the network.
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(name: "CPosix"),
        .target(
            name: "Durability",
            dependencies: ["CKernels", "CLZ4", "CPosix", "ColumnStore"],
            swiftSettings: strict
        ),
        .target(
            name: "InventoryWire",
            dependencies: ["ColumnStore", "Inventory", "InventoryInsights"],
            swiftSettings: strict
        ),

        // MARK: - The programs and the libraries they are thin shells around.
        .target(
            name: "InventoryServer",
            dependencies: [
                "CPosix", "ColumnStore", "Durability", "Inventory", "InventoryInsights",
                "InventoryWire",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "InventoryClient",
            dependencies: [
                "ColumnStore", "Inventory", "InventoryInsights", "InventoryWire",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(name: "TerminalKit", swiftSettings: strict),
        .target(
            name: "InventoryLoad",
            dependencies: [
                "CPosix", "ColumnStore", "Inventory", "InventoryClient", "InventoryInsights",
                "InventoryWire",
            ],
            swiftSettings: strict
        ),
        .target(
            name: "InventoryTransfer",
            dependencies: [
                "ColumnStore", "Inventory", "InventoryClient", "InventoryInsights",
                "InventoryWire",
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "invd",
            dependencies: [
                "CPosix", "ColumnStore", "Durability", "Inventory", "InventoryServer",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        // The commands of invctl are a library, which tests and fuzzers link; the program is one call.
        .target(
            name: "invctl",
            dependencies: [
                "CPosix", "ColumnStore", "Inventory", "InventoryClient", "InventoryInsights",
                "InventoryLoad", "InventoryTransfer", "InventoryWire", "TerminalKit",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(name: "InvctlMain", dependencies: ["invctl"], swiftSettings: strict),

        // MARK: - Tests. One suite per module.
        .target(
            name: "InventoryTestSupport",
            dependencies: ["ColumnStore", "Durability", "Inventory", "InventoryInsights"],
            path: "Tests/InventoryTestSupport",
            swiftSettings: strict
        ),
        tests("ColumnStore", ["InventoryTestSupport"]),
        .testTarget(
            name: "DurabilityTests",
            dependencies: ["ColumnStore", "Durability", "InventoryTestSupport"],
            resources: [.copy("Golden")],
            swiftSettings: strict
        ),
        tests("Inventory", ["ColumnStore", "InventoryTestSupport"]),
        tests("InventoryInsights", ["ColumnStore", "Inventory", "InventoryTestSupport"]),
        tests(
            "InventoryWire",
            ["ColumnStore", "Inventory", "InventoryInsights", "InventoryTestSupport"]
        ),

        tests(
            "InventoryServer",
            [
                "ColumnStore", "Inventory", "InventoryInsights", "InventoryTestSupport",
                "InventoryWire",
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
        tests(
            "InventoryClient",
            [
                "ColumnStore", "Inventory", "InventoryWire",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]
        ),

        tests("TerminalKit"),
        tests("InventoryTransfer", ["Inventory", "InventoryInsights", "InventoryTestSupport"]),

        // The whole server and its clients in one thread, on a disk and a clock that lie by a seed.
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "ColumnStore", "Durability", "Inventory", "InventoryClient", "InventoryInsights",
                "InventoryServer", "InventoryTestSupport", "InventoryWire",
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
                "ColumnStore", "Inventory", "InventoryClient", "InventoryInsights",
                "InventoryTestSupport", "InventoryTransfer", "InventoryWire", "InvctlMain",
                "TerminalKit", "invctl", "invd",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            resources: [.copy("Resources")],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
