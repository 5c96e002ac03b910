import Foundation

/// PROTOCOL.md taken apart: its tables by their section, and its frames.
struct ProtocolDocument {
    struct Example {
        var line: Int
        var bytes: [UInt8]
        var meaning: String
    }

    /// The rows of each table, a cell for each column, by the heading above it and the table's
    /// first column.
    private var tables: [String: [[String]]] = [:]
    /// All of it.
    let text: String
    private(set) var examples: [Example] = []

    init() throws {
        let root = URL(filePath: #filePath).appending(path: "../../..").standardized
        let text = try String(contentsOf: root.appending(path: "PROTOCOL.md"), encoding: .utf8)
        self.text = text
        var section = ""
        var table: String?
        var example: Example?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if var open = example {
                if line == "```" {
                    self.examples.append(open)
                    example = nil
                } else {
                    Self.read(line, into: &open)
                    example = open
                }
            } else if line == "```frame" {
                example = Example(line: index + 1, bytes: [], meaning: "")
            } else if line.hasPrefix("#") {
                section = line.drop { $0 == "#" || $0 == " " }.lowercased()
                table = nil
            } else if line.hasPrefix("|") {
                let cells = Self.cells(line)
                if let table {
                    if !cells[0].hasPrefix("---") { self.tables[table, default: []].append(cells) }
                } else {
                    table = "\(section)/\(cells[0])"
                }
            } else {
                table = nil
            }
        }
    }

    /// The rows of the table under `section` whose first column is called `column`.
    func rows(_ section: String, _ column: String) -> [[String]] {
        self.tables["\(section)/\(column)"] ?? []
    }

    private static func cells(_ line: Substring) -> [String] {
        line.dropFirst().split(separator: "|", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .dropLast()
    }

    /// Bytes in hex up to two spaces and what they are, or `=` and what the frame is.
    private static func read(_ line: Substring, into example: inout Example) {
        if line.hasPrefix("= ") {
            example.meaning += (example.meaning.isEmpty ? "" : " ") + line.dropFirst(2)
            return
        }
        let hex = line.prefix { $0.isHexDigit || $0 == " " }
        let end = hex.range(of: "  ")?.lowerBound ?? hex.endIndex
        example.bytes += hex[..<end].split(separator: " ").compactMap { UInt8($0, radix: 16) }
    }
}
