import Foundation
import Testing

/// The rules on module boundaries in CONTRIBUTING.md, checked against the dependencies in Package.swift.
@Suite struct ModuleBoundaryTests {
    /// The modules that each target depends on directly, by the name of the target.
    private let dependencies: [String: Set<String>]

    init() throws {
        let root = URL(filePath: #filePath).appending(path: "../../..").standardized
        let package = root.appending(path: "Package.swift")
        let text = try String(contentsOf: package, encoding: .utf8)
        let target =
            #/(?:\.target|\.executableTarget)\(\s*name: "(\w+)",\s*dependencies: \[([^\[\]]*)\]/#
        var dependencies: [String: Set<String>] = [:]
        for match in text.matches(of: target) {
            // Products are of other packages.
            let modules = match.output.2.replacing(#/\.product\([^)]*\)/#, with: "")
            let names = modules.matches(of: #/"(\w+)"/#).map { String($0.output.1) }
            dependencies[String(match.output.1)] = Set(names)
        }
        self.dependencies = dependencies
    }

    /// Returns every module that a target links.
    private func linked(by target: String) -> Set<String> {
        var found: Set<String> = []
        var next = [target]
        while let name = next.popLast() {
            for module in self.dependencies[name, default: []] where found.insert(module).inserted {
                next.append(module)
            }
        }
        return found
    }

    @Test func `invctl and the modules below it link neither the engine nor the insights`() throws {
        let linked = self.linked(by: "InvctlMain")
        for module in ["invctl", "InventoryClient", "InventoryLoad", "TerminalKit"] {
            #expect(linked.contains(module), "\(module)")
        }
        for module in ["InventoryEngine", "InventoryInsights", "InventoryServer", "Durability"] {
            #expect(!linked.contains(module), "\(module)")
        }
        #expect(self.linked(by: "invd").contains("InventoryEngine"))
    }

    @Test func `the core and the terminal know only what the rules allow`() {
        #expect(self.linked(by: "TerminalKit").isEmpty)
        #expect(self.linked(by: "InventoryModel").isSubset(of: ["Bytes", "CKernels"]))
        for module in ["InventoryModel", "InventoryWire"] {
            #expect(!self.linked(by: "Durability").contains(module), "\(module)")
        }
        #expect(!self.linked(by: "InventoryTransfer").contains("TerminalKit"))
    }
}
