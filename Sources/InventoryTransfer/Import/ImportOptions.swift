import Foundation
import Glibc

/// The options of an import.
package struct ImportOptions: Sendable {
    /// How the text of the file becomes rows.
    package var reading = ReadOptions()
    /// The prefix of references that are returns; empty for none.
    package var returnPrefix = ""
    /// What a sale of a negative quantity is that is no return by its reference.
    package var negative: NegativeSale?
    /// The category of products without one.
    package var category = "Imported"
    /// The code of the location of rows that name none; `nil` for the default location.
    package var at: String?
    /// The path of a file that gets all rejected rows.
    package var rejects: String?
    /// Whether that file may be replaced if it exists.
    package var replacesRejects = false
    /// The most rejected rows that are listed if there is no such file.
    package var errorsMax = 100
    /// The most changed rows that a dry run lists.
    package var changesMax = 100
    /// Whether to report what would be done and write nothing.
    package var dryRun = false

    /// Creates the options of an import without flags.
    package init() {}

    private var listedMax: Int { self.rejects == nil ? self.errorsMax : .max }

    /// Returns an empty list of rejected rows.
    func problems() -> Problems {
        Problems(listedMax: self.listedMax)
    }

    /// Refuses to replace the file for rejected rows, unless that was asked for, before anything is imported; never is
    /// the imported file replaced.
    ///
    /// - Parameter input: The path of the file to import.
    /// - Throws: ``Failure`` if the file exists.
    package func checkRejects(of input: String) throws(Failure) {
        guard let rejects, let file = Self.file(at: rejects) else { return }
        if let imported = Self.file(at: input), imported == file {
            throw .usage("--rejects \(rejects) is the file to import; nothing was imported")
        }
        if self.replacesRejects { return }
        throw Failure(
            "file_exists",
            "\(rejects), for rejected rows, exists already; nothing was imported",
            hint: "Choose another name, or add --force to replace the file.",
            exit: Exit.conflict
        )
    }

    /// A file, whichever path leads to it.
    private struct FileIdentity: Equatable {
        var device: UInt64
        var node: UInt64
    }

    /// The file at a path; `nil` for nothing, a pipe or a device such as `/dev/stdout`.
    private static func file(at path: String) -> FileIdentity? {
        var status = stat()
        guard !path.hasPrefix("/dev/"), stat(path, &status) == 0,
            status.st_mode & S_IFMT == S_IFREG
        else { return nil }
        return FileIdentity(device: UInt64(status.st_dev), node: UInt64(status.st_ino))
    }

    /// Prints the rejected rows, or writes them to the file for them.
    ///
    /// - Throws: ``Exit/failed`` if the file cannot be written.
    func list(_ problems: Problems, _ messages: any TransferMessages) throws {
        let rejected = problems.list.rows
        guard let rejects else { return messages.list(rejected: rejected) }
        guard !rejected.lines.isEmpty else { return }
        let text = rejected.lines.map { "  " + $0 + "\n" }.joined()
        do {
            if Self.file(at: rejects) != nil || !FileManager.default.fileExists(atPath: rejects) {
                try text.write(toFile: rejects, atomically: true, encoding: .utf8)
            } else {
                // A pipe or a device is not replaced; standard output may be a file.
                let device = try FileHandle(forWritingTo: URL(fileURLWithPath: rejects))
                _ = try? device.seekToEnd()
                try device.write(contentsOf: Data(text.utf8))
            }
        } catch {
            messages.note("error: cannot write \(rejects): \(error.localizedDescription)")
            throw Exit.failed
        }
    }
}

/// What a sale of a negative quantity is.
package enum NegativeSale: String, CaseIterable, Sendable {
    /// Sold goods that came back.
    case `return`
    /// Goods that were removed without a sale.
    case writeOff = "write-off"
}
