internal import Bytes
import Foundation
import Glibc
internal import InventoryModel
import InventoryTransfer

/// The blocks of an answer that is newest first, returned oldest first.
///
///     answer ─▶ block 1, 2, 3 ─▶ temporary file ─▶ block 3, 2, 1, each with its rows reversed
///
/// An answer may be larger than memory, so the blocks are in a file. It has no name once it is open, so nothing
/// of it remains, however the process ends.
final class ReversedBlocks {
    private let file: Int32
    private var schema: [ResultField] = []
    /// The offset of the first byte of each block, and behind them that of the next one.
    private var offsets = [0]

    /// Creates the temporary file.
    ///
    /// - Throws: ``Failure`` if it cannot be created.
    init() throws(Failure) {
        var path = Array("\(Self.directory)/invctl-XXXXXX".utf8CString)
        self.file = mkstemp(&path)
        guard self.file >= 0 else { throw Self.failure(errno) }
        unlink(path)
        guard fcntl(self.file, F_SETFD, FD_CLOEXEC) == 0 else { throw Self.failure(errno) }
    }

    deinit { close(self.file) }

    private static var directory: String { FileManager.default.temporaryDirectory.path }

    private static func failure(_ code: Int32) -> Failure {
        Failure(
            "cannot_write",
            "a temporary file in \(self.directory): \(String(cString: strerror(code)))",
            hint: "Set TMPDIR to a directory with space for the rows.",
            exit: Exit.failed
        )
    }

    /// Appends a block of at most ``ResultTable/blockRowsMax`` rows; all have the same columns.
    ///
    /// - Throws: ``Failure`` if the file cannot be written.
    func append(_ table: ResultTable) throws(Failure) {
        self.schema = table.schema
        var writer = ByteWriter()
        table.encodeBlock(into: &writer)
        let bytes = writer.array()
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(self.file, $0.baseAddress.map { $0 + done }, bytes.count - done)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure(errno)
            }
            done += count
        }
        self.offsets.append((self.offsets.last ?? 0) + bytes.count)
    }

    /// Removes the last block and returns its rows in reversed order; `nil` if there is none.
    ///
    /// - Throws: ``Failure`` if the file cannot be read; its block is checked as one of an answer is.
    func popLast() throws -> ResultTable? {
        guard self.offsets.count > 1 else { return nil }
        let end = self.offsets.removeLast()
        let bytes = try self.read((self.offsets.last ?? 0)..<end)
        guard ftruncate(self.file, off_t(end - bytes.count)) == 0 else {
            throw Self.failure(errno)
        }
        let table = try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return try ResultTable(blockFrom: &reader, schema: self.schema)
        }
        return table.rows((0..<table.rowCount).reversed())
    }

    private func read(_ range: Range<Int>) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var done = 0
        while done < bytes.count {
            let (rest, offset) = (bytes.count - done, off_t(range.lowerBound + done))
            let count = bytes.withUnsafeMutableBytes {
                pread(self.file, $0.baseAddress.map { $0 + done }, rest, offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(count < 0 ? errno : EIO) }
            done += count
        }
        return bytes
    }
}
