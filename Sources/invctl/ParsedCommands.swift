import ArgumentParser

/// The parsed commands of a shell, by their words, so that a repeated line is parsed once.
///
///     ping ──▶ parsed ──▶ kept, executed
///     ping ─────────────▶ a copy of what is kept, executed
///
/// A parsed command is a value that depends on its words alone: settings, names and times are resolved when it is
/// executed. So a copy is what parsing would return again. Lines with errors are not kept.
struct ParsedCommands {
    /// A command, and the words of its line in the order in which they were parsed.
    struct Line {
        var command: any ParsableCommand
        var arguments: [String]
    }

    /// The most lines that are kept; all are dropped before one more.
    static let countMax = 256
    /// The most bytes of a line that is kept: a longer one is hardly repeated.
    static let lineByteCountMax = 1_024

    private var lines: [[String]: Line] = [:]

    /// The number of lines that are kept.
    var count: Int { self.lines.count }

    /// Returns the line with these words, from `parse` if it is not kept.
    ///
    /// - Throws: The errors of `parse`.
    mutating func line(
        _ words: [String],
        parse: ([String]) async throws -> Line
    ) async throws -> Line {
        if let kept = self.lines[words] { return kept }
        let line = try await parse(words)
        guard words.reduce(0, { $0 + $1.utf8.count }) <= Self.lineByteCountMax else { return line }
        if self.lines.count == Self.countMax { self.lines = [:] }
        self.lines[words] = line
        return line
    }
}
