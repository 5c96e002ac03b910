import Foundation

/// DOMAIN.md parsed: its text, its sections, and its examples.
///
///     ```console              one fresh database
///     $ invctl sell A=1       a command, for a shell
///     > --ref POS-1           more of the command
///     sold 1 line …           its output, standard error included
///     ```
///     ```console continued    the same database
struct DomainDocument {
    /// A command of an example, with what it prints.
    struct Step: Sendable {
        /// The number of its line in the page, from 1.
        var line: Int
        var command: String
        var output: String
    }

    /// The blocks that share one database.
    struct Example: Sendable, CustomStringConvertible {
        var heading: String
        var steps: [Step]

        var description: String { "\(self.heading), line \(self.steps.first?.line ?? 0)" }
    }

    /// The whole page.
    let text: String
    private(set) var examples: [Example] = []
    /// The rows of all tables, by the title of the table's first column.
    private(set) var tables: [String: [[String]]] = [:]

    init() throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        self.text = try String(contentsOf: root.appending(path: "DOMAIN.md"), encoding: .utf8)
        var heading = ""
        var title: String?
        var isConsole = false
        let lines = self.text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            if isConsole {
                isConsole = line != "```"
                if isConsole { self.read(line, number: index + 1) }
            } else if line == "```console" {
                isConsole = true
                self.examples.append(Example(heading: heading, steps: []))
            } else if line == "```console continued" {
                isConsole = true
            } else if line.hasPrefix("#") {
                heading = String(line.drop { $0 == "#" || $0 == " " })
            }
            title = line.hasPrefix("|") && !isConsole ? self.row(line, under: title) : nil
        }
    }

    /// Reads a line of an example.
    private mutating func read(_ line: Substring, number: Int) {
        guard let example = self.examples.indices.last else { return }
        if line.hasPrefix("$ ") {
            let command = String(line.dropFirst(2))
            self.examples[example].steps.append(Step(line: number, command: command, output: ""))
            return
        }
        guard let step = self.examples[example].steps.indices.last else { return }
        if line.hasPrefix("> ") {
            self.examples[example].steps[step].command += "\n" + line.dropFirst(2)
        } else {
            self.examples[example].steps[step].output += line + "\n"
        }
    }

    /// Reads a row of a table, the first of which has the titles.
    ///
    /// - Returns: The title of the table's first column.
    private mutating func row(_ line: Substring, under title: String?) -> String {
        let cells = line.dropFirst().split(separator: "|", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .dropLast()
        guard let title else { return cells.first ?? "" }
        if cells.first?.hasPrefix("---") == false {
            self.tables[title, default: []].append(cells + [])
        }
        return title
    }

    /// The names in the page that are written as code.
    var names: Set<Substring> {
        Set(self.text.matches(of: /`([^`\n]+)`/).flatMap { $0.output.1.split(separator: " ") })
    }
}
