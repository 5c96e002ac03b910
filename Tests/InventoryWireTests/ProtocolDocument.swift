import Foundation

/// PROTOCOL.md parsed: its tables by section, and its example frames.
struct ProtocolDocument {
    struct Example {
        var line: Int
        var bytes: [UInt8]
        var meaning: String
    }

    /// The rows of each table, a cell for each column, by its section and the title of its first column.
    private var tables: [String: [[String]]] = [:]
    /// The whole document.
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

    /// Returns the rows of the table in `section` whose first column is titled `column`.
    func rows(_ section: String, _ column: String) -> [[String]] {
        self.tables["\(section)/\(column)"] ?? []
    }

    private static func cells(_ line: Substring) -> [String] {
        line.dropFirst().split(separator: "|", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .dropLast()
    }

    /// Parses a line: hexadecimal bytes up to two spaces, or `=` and the meaning of the frame.
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
