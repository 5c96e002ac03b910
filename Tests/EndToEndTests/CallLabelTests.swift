import Foundation
import InventoryTestSupport
import Testing

/// A function has at most two unlabelled parameters.
@Suite struct CallLabelTests {
    private static let sources = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources")

    /// Returns the parameters of each function and initializer of a file, as written.
    private func parameterLists(of text: String) -> [(name: String, parameters: [Substring])] {
        let head = #/\b(?<name>func\s+[^\s(<]+|init[?!]?)\s*(?:<[^(){}]*>)?\s*\(/#
        return text.matches(of: head).compactMap { match in
            let line = text[..<match.range.lowerBound].split(separator: "\n").last ?? ""
            let before = text[..<match.range.lowerBound].last
            guard before != ".", !line.contains("//") else { return nil }
            return (String(match.name), self.list(in: text[match.range.upperBound...]))
        }
    }

    /// Returns the text between the commas, up to the closing parenthesis.
    private func list(in text: Substring) -> [Substring] {
        var parts: [Substring] = []
        var (depth, start) = (0, text.startIndex)
        for index in text.indices {
            switch text[index] {
            case "(", "[", "{", "<": depth += 1
            case ">" where text[text.index(before: index)] == "-": break
            case ")" where depth == 0:
                parts.append(text[start..<index])
                return parts
            case ")", "]", "}", ">": depth -= 1
            case "," where depth == 0:
                parts.append(text[start..<index])
                start = text.index(after: index)
            default: break
            }
        }
        return parts
    }

    @Test func `no function has three unlabelled parameters`() throws {
        let paths = try #require(FileManager.default.subpaths(atPath: Self.sources.path))
        var count = 0
        for path in paths where path.hasSuffix(".swift") {
            let file = Self.sources.appendingPathComponent(path)
            let text = try String(contentsOf: file, encoding: .utf8)
            for (name, parameters) in self.parameterLists(of: text) {
                count += 1
                let bare = parameters.count { $0.contains(#/^\s*_\s+\w+\s*:/#) }
                #expect(bare < 3, "\(path): \(name) has \(bare) parameters without a label")
            }
        }
        #expect(count > 3_000, "only \(count) functions were read")
    }
}
