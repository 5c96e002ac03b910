import Glibc
import Synchronization

/// The destination of an export: a file, compressed according to its name, or standard output.
///
/// A file gets its name only when it is complete and synced. Until then it is `NAME.PID.part`, which is
/// removed if anything fails or the user presses Ctrl-C. A file that has the name already is kept, and the
/// export refused, unless it may be replaced. A path that is not a regular file (a pipe, a device) is written
/// directly.
package final class ExportSink {
    /// The compression program for each file name extension.
    package static let compressionPrograms = [
        "gz": "gzip", "xz": "xz", "lz4": "lz4", "zst": "zstd",
    ]

    private let host: any TransferHost
    private let path: String
    /// The temporary path of the file; empty if the path is not a regular file.
    private var part = ""
    private var compressor: (any FilterProcess)?
    private var file: Int32 = -1
    /// Bytes that were not written yet.
    private var buffer: [UInt8] = []
    private static let bufferByteCount = 1 << 18
    /// What the bytes are.
    private let kind: Kind
    /// Whether a file that has the name already may be replaced.
    private let replaces: Bool

    /// What the bytes are, which decides what a reader that stops reading them means.
    package enum Kind: String {
        /// Rows: compressed according to the file's name; a reader may have read enough.
        case export
        /// A backup: it is compressed already, and a part of it is worth nothing.
        case backup

        /// The permissions of a new file: a backup has all the data, so only its owner may read it.
        var mode: mode_t { self == .backup ? 0o600 : 0o644 }
    }

    /// Opens a file for writing; the path `-` is standard output.
    ///
    /// - Parameters:
    ///   - path: The file's path.
    ///   - host: What starts the compression program and removes the unfinished file on Ctrl-C.
    ///   - kind: What the bytes are.
    ///   - replaces: Whether a file that has the name already may be replaced.
    /// - Throws: ``Failure`` if it exists, cannot be opened or its compression program is not installed.
    package init(
        _ path: String,
        _ host: any TransferHost,
        kind: Kind = .export,
        replaces: Bool
    ) throws(Failure) {
        self.host = host
        self.path = path
        self.kind = kind
        self.replaces = replaces
        if path == "-" {
            self.file = STDOUT_FILENO
            return
        }
        var status = stat()
        let isFile = stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
        if isFile {
            try self.checkIsFree()
            self.part = "\(path).\(getpid()).part"
        }
        let flags = O_WRONLY | O_CLOEXEC | (isFile ? O_CREAT | O_TRUNC : 0)
        self.file = open(isFile ? self.part : path, flags, kind.mode)
        guard self.file >= 0 else { throw self.failure(errno) }
        self.cleanUpOnInterruption()
        try self.startCompressor()
    }

    /// Refuses to replace a file, unless that was asked for.
    private func checkIsFree() throws(Failure) {
        var status = stat()
        guard !self.replaces, lstat(self.path, &status) == 0 else { return }
        throw Failure(
            "file_exists",
            "\(self.path) exists already; nothing was written to it",
            hint: "Choose another name, or add --force to replace the file.",
            exit: Exit.conflict
        )
    }

    private func startCompressor() throws(Failure) {
        guard self.kind == .export, let ending = Self.ending(of: self.path),
            let program = Self.compressionPrograms[ending]
        else {
            return
        }
        let arguments = program == "zstd" || program == "lz4" ? ["-q", "-c"] : ["-c"]
        self.compressor = self.host.startFilter([program] + arguments, self.file)
        guard self.compressor != nil else {
            self.abandon()
            throw Failure(
                "cannot_write",
                "cannot compress \(self.path): \(program) is not installed",
                hint: "Install \(program), or choose a name without .\(ending).",
                exit: Exit.failed
            )
        }
    }

    /// Returns the extension of a file name, without its period; `nil` if there is none.
    package static func ending(of path: String) -> String? {
        let name = path.split(separator: "/").last ?? ""
        guard let point = name.lastIndex(of: "."), point != name.startIndex else { return nil }
        return String(name[name.index(after: point)...])
    }

    private func cleanUpOnInterruption() {
        let part = self.part
        guard !part.isEmpty else { return }
        self.host.onInterruption { unlink(part) }
        self.host.setInterruptionMessage("the \(self.kind) was incomplete and is removed")
    }

    private func failure(_ code: Int32) -> Failure {
        Failure(
            "cannot_write",
            "\(self.path == "-" ? "standard output" : self.path): \(String(cString: strerror(code)))",
            hint: code == ENOSPC
                ? "The disk is full. Free some space or write to another disk." : "",
            exit: Exit.failed
        )
    }

    // MARK: - Writing

    /// Writes bytes, through a buffer of 256 KiB.
    ///
    /// - Throws: ``Failure`` if the file cannot be written.
    package func write(_ bytes: [UInt8]) throws(Failure) {
        guard self.file >= 0 else { return }
        self.buffer += bytes
        if self.buffer.count >= Self.bufferByteCount { try self.flush() }
    }

    private func flush() throws(Failure) {
        defer { self.buffer.removeAll(keepingCapacity: true) }
        let isWritten =
            self.compressor?.write(self.buffer) ?? Self.write(self.buffer, to: self.file)
        if isWritten { return }
        let code = errno
        // The reader closed the pipe, as `invctl export - | head` does.
        if self.kind == .export, self.file == STDOUT_FILENO, code == EPIPE { exit(0) }
        // The compression program has ended and has reported why.
        if self.compressor != nil { try self.endCompressor() }
        throw self.failure(code)
    }

    /// - Returns: Whether all bytes were written; otherwise `errno` is set.
    private static func write(_ bytes: [UInt8], to file: Int32) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(
                    file,
                    bytes.baseAddress.map { $0 + done },
                    bytes.count - done
                )
                if count < 0 {
                    if errno == EINTR { continue }
                    return false
                }
                done += count
            }
            return true
        }
    }

    private func endCompressor() throws(Failure) {
        guard let compressor = self.compressor else { return }
        self.compressor = nil
        compressor.closeInput()
        let code = compressor.wait()
        guard code != 0 else { return }
        throw Failure(
            "cannot_write",
            "\(self.path): the compression program exited with \(code)",
            exit: Exit.failed
        )
    }

    /// Flushes and syncs the file, then gives it its name.
    ///
    /// - Throws: ``Failure`` if the file cannot be written or renamed.
    package func finish() throws(Failure) {
        guard self.file >= 0 else { return }
        try self.flush()
        try self.endCompressor()
        guard self.file != STDOUT_FILENO else { return }
        if !self.part.isEmpty {
            // Another program may have made the file meanwhile.
            try self.checkIsFree()
            guard fsync(self.file) == 0, rename(self.part, self.path) == 0,
                self.syncDirectory()
            else { throw self.failure(errno) }
        }
        guard close(self.file) == 0 else { throw self.failure(errno) }
        self.file = -1
        self.host.setInterruptionMessage(nil)
    }

    /// Makes the file's name durable.
    ///
    /// - Returns: Whether it is; otherwise `errno` is set.
    private func syncDirectory() -> Bool {
        let end = self.path.lastIndex(of: "/")
        let directory = end.map { $0 == self.path.startIndex ? "/" : self.path[..<$0] } ?? "."
        let descriptor = open(String(directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // A file system without this call has no names to lose.
        return fsync(descriptor) == 0 || errno == EINVAL
    }

    /// Removes the unfinished file; does nothing after ``finish()``.
    package func abandon() {
        guard self.file > STDOUT_FILENO else { return }
        self.compressor?.closeInput()
        self.compressor?.wait()
        self.compressor = nil
        close(self.file)
        self.file = -1
        if !self.part.isEmpty { unlink(self.part) }
    }
}
