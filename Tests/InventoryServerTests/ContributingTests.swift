import Foundation
import Testing

/// CONTRIBUTING.md names files, functions, types and tests; this suite fails when one of them moves.
@Suite struct ContributingTests {
    /// One numbered entry of "Follow one sale".
    private struct Entry {
        var path: String
        /// The functions and types to look for in that file.
        var names: [String]
    }

    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

    private let text: String

    init() throws {
        let page = Self.root.appending(path: "CONTRIBUTING.md")
        self.text = try String(contentsOf: page, encoding: .utf8)
    }

    /// The lines below a second-level heading, up to the next one.
    private func section(_ title: String) throws -> String {
        let start = try #require(self.text.range(of: "## \(title)\n"), "no section \(title)")
        let rest = self.text[start.upperBound...]
        return String(rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)])
    }

    /// The strings in backticks, in order.
    private static func code(in text: some StringProtocol) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .compactMap { $0.offset % 2 == 1 ? String($0.element) : nil }
    }

    private static func entries(of section: String) -> [Entry] {
        var items: [String] = []
        for line in section.split(separator: "\n") {
            if line.prefixMatch(of: #/\d+\. /#) != nil {
                items.append(String(line))
            } else if line.hasPrefix("   "), !items.isEmpty {
                items[items.count - 1] += "\n" + line
            }
        }
        return items.map { item in
            let code = Self.code(in: item)
            return Entry(path: code.first ?? "", names: Array(code.dropFirst()))
        }
    }

    /// The paths in backticks: strings that begin with a folder of the repository, without the arguments of a
    /// script.
    private func paths() -> [String] {
        let folders = ["Sources/", "Tests/", "Benchmarks/", "Fuzzing/", "Catalog/", ".ci/"]
        return Self.code(in: self.text).filter { code in folders.contains { code.hasPrefix($0) } }
            .map { code in String(code.prefix { $0 != " " }) }
    }

    private static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: self.root.appending(path: path).path)
    }

    /// The names of all Swift files below a folder, without their extension.
    private static func swiftFiles(in folder: String) -> Set<String> {
        let files = FileManager.default.enumerator(atPath: Self.root.appending(path: folder).path)
        let paths = (files?.allObjects ?? []).compactMap { $0 as? String }
        return Set(
            paths.filter { $0.hasSuffix(".swift") }
                .compactMap { $0.split(separator: "/").last.map { String($0.dropLast(6)) } }
        )
    }

    @Test func `"Follow one sale" has at most 12 files, and each has the names that it lists`()
        throws
    {
        let entries = Self.entries(of: try self.section("Follow one sale"))
        #expect((8...12).contains(entries.count), "\(entries.count) files")
        #expect(Set(entries.map(\.path)).count == entries.count, "a file is listed twice")
        for entry in entries {
            #expect(!entry.names.isEmpty, "\(entry.path): nothing to look for")
            let file = Self.root.appending(path: entry.path)
            let source = try #require(
                try? String(contentsOf: file, encoding: .utf8),
                "\(entry.path) does not exist"
            )
            let words = Set(source.split { !$0.isLetter && !$0.isNumber && $0 != "_" })
            for name in entry.names {
                let isFound = words.contains(Substring(name))
                #expect(isFound, "\(entry.path) has no \(name)")
            }
        }
    }

    @Test func `every path in the page exists`() throws {
        let paths = self.paths()
        #expect(paths.count > 50)
        for path in paths { #expect(Self.exists(path), "\(path)") }
        let recipes = try self.section("How to add …")
        #expect(recipes.matches(of: #/\n### /#).count == 6)
        for part in recipes.split(separator: "\n### ") where part.contains("1. ") {
            #expect(Self.code(in: part).contains { $0.hasPrefix("Sources/") }, "\(part.prefix(40))")
        }
    }

    /// The texts of the Swift files below a folder whose names match.
    private static func sources(
        in folder: String,
        where isIncluded: (String) -> Bool
    ) throws -> [String] {
        let directory = Self.root.appending(path: folder)
        let files = FileManager.default.enumerator(atPath: directory.path)
        return try (files?.allObjects ?? []).compactMap { $0 as? String }
            .filter { path in
                let name = path.split(separator: "/").last.map(String.init) ?? ""
                return name.hasSuffix(".swift") && isIncluded(String(name.dropLast(6)))
            }
            .map { try String(contentsOf: directory.appending(path: $0), encoding: .utf8) }
    }

    /// The sources of a type, in a file of its name and in files of its concerns.
    private static func sources(of type: String) throws -> String {
        try self.sources(in: "Sources") { $0 == type || $0.hasPrefix("\(type)+") }
            .joined(separator: "\n")
    }

    /// The list of assertions, cut at its parts.
    private func assertedTypes() throws -> (bytes: [String], steps: [String], none: [String]) {
        let rules = try self.section("Rules")
        let start = try #require(rules.range(of: "- **Assertions**"), "no list of assertions")
        let rest = rules[start.upperBound...]
        let list = rest[..<(rest.range(of: "\n- **")?.lowerBound ?? rest.endIndex)]
        let steps = try #require(list.range(of: "each transition of"))
        let none = try #require(list.range(of: "nothing to check:"))
        func types(_ text: Substring) -> [String] {
            Self.code(in: text).filter { $0.wholeMatch(of: #/[A-Z]\w+/#) != nil }
        }
        return (
            types(list[..<steps.lowerBound]),
            types(list[steps.lowerBound..<none.lowerBound]),
            types(list[none.upperBound...])
        )
    }

    @Test func `every type of bytes in the list of assertions checks itself`() throws {
        let types = try self.assertedTypes().bytes
        #expect(types.count >= 5)
        for type in types {
            let source = try Self.sources(of: type)
            #expect(source.contains("func checkInvariants("), "\(type) has no checkInvariants()")
            #expect(source.contains("self.checkInvariants("), "\(type) does not check itself")
        }
    }

    @Test func `every type with steps in the list of assertions is checked by its tests`() throws {
        let types = try self.assertedTypes().steps
        #expect(types.count >= 20)
        for type in types {
            let source = try Self.sources(of: type)
            #expect(source.contains("func checkInvariants("), "\(type) has no checkInvariants()")
            let own = try Self.sources(in: "Tests") { $0 == "\(type)Tests" }
            let tests =
                own.isEmpty
                ? try Self.sources(in: "Tests") { $0.hasSuffix("Tests") }
                    .filter { $0.contains("\(type)(") } : own
            let isChecked = tests.contains { $0.contains("checkInvariants(") }
            #expect(isChecked, "no test checks \(type)")
        }
    }

    @Test func `types without invariants have no check`() throws {
        let types = try self.assertedTypes().none
        #expect(types.count >= 5)
        for type in types {
            let source = try Self.sources(of: type)
            #expect(source.contains(" \(type)"), "no type \(type)")
            #expect(!source.contains("checkInvariants"), "\(type) has invariants")
        }
    }

    @Test func `every test suite in the page exists`() {
        let suites = Self.code(in: self.text).filter { $0.wholeMatch(of: #/[A-Z]\w*Tests/#) != nil }
        #expect(suites.count > 15)
        let files = Self.swiftFiles(in: "Tests")
        let missing = suites.filter { !files.contains($0) }
        #expect(missing.isEmpty)
    }
}
