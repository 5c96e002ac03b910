import Glibc
import Synchronization

/// Where an export goes: a file, packed as its name says, or standard output.
///
/// A file has its name only once it is whole and on disk. Until then there is `NAME.PID.part`, which goes
/// again if anything fails or somebody presses Ctrl-C. What is no file (a pipe, a device) is written as
/// it is.
package final class ExportSink {
    /// Endings and what packs them.
    package static let packings = ["gz": "gzip", "xz": "xz", "lz4": "lz4", "zst": "zstd"]

    /// `nil` where the bytes are dropped.
    private let host: (any TransferHost)?
    private let path: String
    /// Where the file is made; empty where there is none to make.
    private var part = ""
    private var packer: (any FilterProcess)?
    private var file: Int32 = -1
    /// Bytes that are not written yet.
    private var held: [UInt8] = []
    private static let heldByteCount = 1 << 18

    /// Takes the bytes and drops them.
    package init() {
        self.host = nil
        self.path = ""
    }

    /// `path`: `-` is standard output.
    package init(_ path: String, _ host: any TransferHost) throws(Failure) {
        self.host = host
        self.path = path
        if path == "-" {
            self.file = STDOUT_FILENO
            return
        }
        var status = stat()
        let isFile = stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
        if isFile { self.part = "\(path).\(getpid()).part" }
        let flags = O_WRONLY | O_CLOEXEC | (isFile ? O_CREAT | O_TRUNC : 0)
        self.file = open(isFile ? self.part : path, flags, 0o644)
        guard self.file >= 0 else { throw self.failure(errno) }
        self.cleanUpWhenInterrupted()
        try self.startPacker()
    }

    private func startPacker() throws(Failure) {
        guard let ending = Self.ending(of: self.path), let program = Self.packings[ending] else {
            return
        }
        let arguments = program == "zstd" || program == "lz4" ? ["-q", "-c"] : ["-c"]
        self.packer = self.host?.startFilter([program] + arguments, self.file)
        guard self.packer != nil else {
            self.abandon()
            throw Failure(
                "cannot_write",
                "\(self.path) is to be packed by \(program), which is not here",
                wayOut: "Install \(program), or choose a name without .\(ending).",
                exit: Exit.failed
            )
        }
    }

    /// What stands behind the last point of a name.
    package static func ending(of path: String) -> String? {
        let name = path.split(separator: "/").last ?? ""
        guard let point = name.lastIndex(of: "."), point != name.startIndex else { return nil }
        return String(name[name.index(after: point)...])
    }

    private func cleanUpWhenInterrupted() {
        let part = self.part
        guard !part.isEmpty else { return }
        self.host?.whenInterrupted { unlink(part) }
        self.host?.say(ifInterrupted: "the export is not there: it was not whole")
    }

    private func failure(_ code: Int32) -> Failure {
        Failure(
            "cannot_write",
            "\(self.path == "-" ? "standard output" : self.path): \(String(cString: strerror(code)))",
            wayOut: code == ENOSPC ? "The disk is full. Make room, or write somewhere else." : "",
            exit: Exit.failed
        )
    }

    // MARK: - Writing

    package func write(_ bytes: [UInt8]) throws(Failure) {
        guard self.file >= 0 else { return }
        self.held += bytes
        if self.held.count >= Self.heldByteCount { try self.flush() }
    }

    private func flush() throws(Failure) {
        defer { self.held.removeAll(keepingCapacity: true) }
        let isWritten =
            self.packer?.write(self.held) ?? Self.write(self.held, to: self.file)
        if isWritten { return }
        let code = errno
        // Nobody reads on: `invctl export - | head` has all it wants.
        if self.file == STDOUT_FILENO, code == EPIPE { exit(0) }
        // What packs went away; it has said why.
        if self.packer != nil { try self.endPacker() }
        throw self.failure(code)
    }

    /// - Returns: Whether all was written; `errno` says why not.
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

    private func endPacker() throws(Failure) {
        guard let packer = self.packer else { return }
        self.packer = nil
        packer.closeInput()
        let code = packer.wait()
        guard code != 0 else { return }
        throw Failure(
            "cannot_write",
            "\(self.path): the program that packs it ended with \(code)",
            exit: Exit.failed
        )
    }

    /// Makes the file whole, on disk and under its name.
    package func finish() throws(Failure) {
        guard self.file >= 0 else { return }
        try self.flush()
        try self.endPacker()
        guard self.file != STDOUT_FILENO else { return }
        if !self.part.isEmpty {
            guard fsync(self.file) == 0, rename(self.part, self.path) == 0 else {
                throw self.failure(errno)
            }
        }
        guard close(self.file) == 0 else { throw self.failure(errno) }
        self.file = -1
        self.host?.say(ifInterrupted: nil)
    }

    /// Leaves nothing behind; nothing is done after ``finish()``.
    package func abandon() {
        guard self.file > STDOUT_FILENO else { return }
        self.packer?.closeInput()
        self.packer?.wait()
        self.packer = nil
        close(self.file)
        self.file = -1
        if !self.part.isEmpty { unlink(self.part) }
    }
}
