import Foundation
import Glibc

/// The history of earlier shells, in a file with one entry per line, the newest last.
///
/// For a program `invctl` the file is `INVCTL_HISTORY`, else `$XDG_STATE_HOME/invctl/history`, else
/// `~/.local/state/invctl/history` (XDG Base Directory Specification), readable by its owner only.
/// Newlines within an entry are written `\n`, backslashes `\\`. Concurrent shells append to it without
/// losing each other's lines. If the file cannot be written, the history is not saved.
package struct LineHistory {
    private let path: String
    /// At most ``entriesMax`` entries, the oldest first.
    package private(set) var entries: [String] = []

    /// The most entries kept; the file is truncated to them when it has half as many more.
    static let entriesMax = 10_000

    private static func standardPath(_ program: String) -> String {
        if let path = Terminal.environment(program.uppercased() + "_HISTORY") { return path }
        let home = Terminal.environment("HOME") ?? "."
        let base = Terminal.environment("XDG_STATE_HOME") ?? home + "/.local/state"
        return base + "/\(program)/history"
    }

    /// Reads the history of a program's shell.
    package init(of program: String) {
        let path = Self.standardPath(program)
        self.path = path
        guard let data = FileManager.default.contents(atPath: path) else { return }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        self.entries = lines.suffix(Self.entriesMax).map { Self.decoded($0) }
        if lines.count > Self.entriesMax * 3 / 2 { self.rewrite() }
    }

    /// Adds an entry unless it equals the last one or begins with whitespace.
    package mutating func add(_ entry: String) {
        guard !entry.isEmpty, entry.first?.isWhitespace == false, entry != self.entries.last else {
            return
        }
        self.entries.append(entry)
        if self.entries.count > Self.entriesMax { self.entries.removeFirst() }
        self.write(Self.encoded(entry) + "\n", flags: O_WRONLY | O_CREAT | O_APPEND)
    }

    private func rewrite() {
        let text = self.entries.map { Self.encoded($0) + "\n" }.joined()
        self.write(text, flags: O_WRONLY | O_CREAT | O_TRUNC)
    }

    private func write(_ text: String, flags: Int32) {
        let folder = URL(fileURLWithPath: self.path).deletingLastPathComponent()
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let descriptor = open(self.path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // A single write, so that concurrent shells do not interleave their lines.
        _ = Terminal.tryWrite(Array(text.utf8), to: descriptor)
    }

    static func encoded(_ entry: String) -> String {
        entry.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    static func decoded(_ line: Substring) -> String {
        var entry = ""
        var isEscaped = false
        for character in line {
            if isEscaped {
                entry.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                entry.append(character)
            }
        }
        return entry
    }
}
