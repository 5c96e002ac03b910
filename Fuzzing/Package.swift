// swift-tools-version: 6.2
import PackageDescription

/// A package of its own: it is built with the fuzzer's instrumentation, which nothing else wants.
let package = Package(
    name: "fuzzing",
    dependencies: [
        .package(name: "invd", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
    ],
    targets: [
        // The sources of invctl, by a link: nobody can depend on a program.
        .target(
            name: "InvctlParts",
            dependencies: [
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "CPosix", package: "invd"),
                .product(name: "ColumnStore", package: "invd"),
                .product(name: "Inventory", package: "invd"),
                .product(name: "InventoryClient", package: "invd"),
                .product(name: "InventoryInsights", package: "invd"),
                .product(name: "InventoryWire", package: "invd"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            // Its warnings are errors where it is at home; here, conformances of types of its own package
            // count as those of strangers, and would each give one.
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                // Its beginning is not the fuzzer's.
                .unsafeFlags([
                    "-Xfrontend", "-entry-point-function-name", "-Xfrontend", "invctl_main",
                ]),
            ]
        ),
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "InvctlParts",
                .product(name: "ColumnStore", package: "invd"),
                .product(name: "Durability", package: "invd"),
                .product(name: "Inventory", package: "invd"),
                .product(name: "InventoryInsights", package: "invd"),
                .product(name: "InventoryWire", package: "invd"),
            ],
            swiftSettings: [.treatAllWarnings(as: .error)]
        ),
    ],
    swiftLanguageModes: [.v6]
)
