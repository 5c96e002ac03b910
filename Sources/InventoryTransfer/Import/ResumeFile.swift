import Foundation

/// The file beside an imported file with the name of its run, by which the same command resumes it.
///
///     stock.csv ──▶ stock.csv.invd-run     written when the run begins, removed when it is finished
///
/// Lines of `key value`:
///
///     run       the name of the run, random
///     content   the hash of the imported file
///     layout    the hash of the options
///     database  the id of the database
package struct ResumeFile: Sendable, Equatable {
    /// The name of the run.
    package var run: String
    /// The hash of the imported file.
    package var content: String
    /// The hash of all that decides which rows a request has.
    package var layout: String
    /// The id of the database; empty until it is known.
    package var database: String

    /// Creates the contents of a file.
    package init(run: String, content: String, layout: String, database: String = "") {
        self.run = run
        self.content = content
        self.layout = layout
        self.database = database
    }

    /// The suffix of the path.
    package static let suffix = ".invd-run"
    private static let head = "invctl import 1"
    /// The largest size of a file that is read.
    private static let byteCountMax = 4_096

    /// The path of the file for an imported file.
    package static func path(of imported: String) -> String { imported + Self.suffix }

    /// Reads the file at a path; `nil` if there is none, or it is not one.
    package init?(at path: String) {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let data = try? file.read(upToCount: Self.byteCountMax) else { return nil }
        guard let file = data.withUnsafeBytes({ Self($0) }) else { return nil }
        self = file
    }

    /// Reads the contents of a file; `nil` if they are those of another one.
    ///
    /// Lines end at a line feed only, and a key at the first blank; the last line of a key counts.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"))
        guard lines.first?.elementsEqual(Self.head.utf8) == true else { return nil }
        lines.removeFirst()
        var values: [String: String] = [:]
        for line in lines {
            let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 1)
                .map { String(decoding: $0, as: UTF8.self) }
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        guard let run = values["run"], let content = values["content"],
            let layout = values["layout"], let database = values["database"]
        else { return nil }
        self.init(run: run, content: content, layout: layout, database: database)
    }

    /// The contents as a file has them.
    package var text: String {
        """
        \(Self.head)
        run \(self.run)
        content \(self.content)
        layout \(self.layout)
        database \(self.database)

        """
    }

    /// Writes the file.
    ///
    /// - Throws: The system's error.
    package func write(to path: String) throws {
        try Data(self.text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// Removes the file at a path, if there is one.
    package static func remove(at path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }
}
