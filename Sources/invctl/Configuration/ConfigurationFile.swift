import Foundation
import InventoryTransfer
import TerminalKit

/// The configuration file: named contexts, each a server and its settings.
///
///     current = shop          # the context to use when none is named
///     zone = Europe/London    # for every context that does not set its own
///
///     [shop]
///     server = 10.0.0.5:7411
///     token-file = ~/.config/invctl/shop.token
///
/// The path is `INVCTL_CONFIG`, else `$XDG_CONFIG_HOME/invctl/config`, else `~/.config/invctl/config`
/// (XDG Base Directory Specification). An invalid line is an error with its line number.
struct ConfigurationFile {
    struct Entry {
        var value: String
        var line: Int
    }

    let path: String
    /// Entries by context, then by key; "" has the lines before the first context.
    private(set) var sections: [String: [String: Entry]] = ["": [:]]

    /// Returns whether a context may have that name: at most 64 bytes that need no quotes in a shell.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 64
            && name.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) }
    }

    static var standardPath: String {
        if let path = Terminal.environment("INVCTL_CONFIG") { return path }
        let home = Terminal.environment("HOME") ?? "."
        let base = Terminal.environment("XDG_CONFIG_HOME") ?? home + "/.config"
        return base + "/invctl/config"
    }

    /// Reads a file; a missing file is empty.
    init(path: String = Self.standardPath) throws(Failure) {
        self.path = path
        guard let data = FileManager.default.contents(atPath: path) else { return }
        var section = ""
        let lines = String(decoding: data, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        for (index, raw) in lines.enumerated() {
            let line = String(raw).trimmingSpace
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                section = String(line.dropFirst().dropLast()).trimmingSpace
                guard Self.isName(section) else {
                    throw self.problem(index + 1, "'\(section)' is not a valid context name")
                }
                if self.sections[section] == nil { self.sections[section] = [:] }
                continue
            }
            guard let equals = line.firstIndex(of: "=") else {
                throw self.problem(index + 1, "'\(line)' is not KEY = VALUE")
            }
            let key = String(line[..<equals]).trimmingSpace
            let isKnown = Setting.Key(rawValue: key) != nil || (section.isEmpty && key == "current")
            guard isKnown else {
                let known = Setting.Key.allCases.map { $0.rawValue }.joined(separator: ", ")
                throw self.problem(index + 1, "unknown setting '\(key)'; settings are \(known)")
            }
            let value = String(line[line.index(after: equals)...]).trimmingSpace
            self.sections[section]?[key] = Entry(value: value, line: index + 1)
        }
    }

    private func problem(_ line: Int, _ text: String) -> Failure {
        .usage("\(self.path) line \(line): \(text)")
    }

    var current: String? { self.sections[""]?["current"]?.value }
    var contexts: [String] { self.sections.keys.filter { !$0.isEmpty }.sorted() }

    func entry(_ key: Setting.Key, of context: String) -> Entry? {
        self.sections[context]?[key.rawValue]
    }

    // MARK: - Changes

    mutating func set(_ key: String, _ value: String?, of context: String) {
        if self.sections[context] == nil { self.sections[context] = [:] }
        self.sections[context]?[key] = value.map { Entry(value: $0, line: 0) }
    }

    mutating func remove(_ context: String) {
        self.sections[context] = nil
        if self.current == context { self.sections[""]?["current"] = nil }
    }

    /// Replaces the file atomically, readable by its owner only.
    func save() throws(Failure) {
        var text = ""
        for (name, entries) in self.sections.sorted(by: { $0.key < $1.key }) {
            if !name.isEmpty { text += (text.isEmpty ? "" : "\n") + "[\(name)]\n" }
            for (key, entry) in entries.sorted(by: { $0.key < $1.key }) {
                text += "\(key) = \(entry.value)\n"
            }
        }
        let url = URL(fileURLWithPath: self.path)
        do {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: url, options: .atomic)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600],
                ofItemAtPath: self.path
            )
        } catch {
            throw Failure(
                "cannot_write",
                "\(self.path): \(error.localizedDescription)",
                exit: Exit.failed
            )
        }
    }
}
