import Glibc
import Synchronization
import TerminalKit

/// Where an export goes: a file, packed as its name says, or standard output.
///
/// A file has its name only once it is whole and on disk. Until then there is `NAME.PID.part`, which goes
/// again if anything fails or somebody presses Ctrl-C. What is no file (a pipe, a device) is written as
/// it is.
final class ExportSink {
    /// Endings and what packs them.
    static let packings = ["gz": "gzip", "xz": "xz", "lz4": "lz4", "zst": "zstd"]

    private let path: String
    /// Where the file is made; empty where there is none to make.
    private var part = ""
    private var packer: Subprocess?
    private var file: Int32 = -1
    /// Bytes that are not written yet.
    private var held: [UInt8] = []
    private static let heldByteCount = 1 << 18

    /// `path`: `-` is standard output; nothing takes the bytes and drops them.
    init(_ path: String?) throws(Failure) {
        self.path = path ?? ""
        guard let path else { return }
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
        self.packer = Subprocess(filter: [program] + arguments, into: self.file)
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
    static func ending(of path: String) -> String? {
        let name = path.split(separator: "/").last ?? ""
        guard let point = name.lastIndex(of: "."), point != name.startIndex else { return nil }
        return String(name[name.index(after: point)...])
    }

    private func cleanUpWhenInterrupted() {
        let part = self.part
        guard !part.isEmpty else { return }
        Interruption.state.withLock { state in
            let before = state.restore
            state.restore = {
                before?()
                unlink(part)
            }
        }
        Interruption.say("the export is not there: it was not whole")
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

    func write(_ bytes: [UInt8]) throws(Failure) {
        guard self.file >= 0 else { return }
        self.held += bytes
        if self.held.count >= Self.heldByteCount { try self.flush() }
    }

    private func flush() throws(Failure) {
        defer { self.held.removeAll(keepingCapacity: true) }
        let isWritten =
            self.packer?.write(self.held) ?? Terminal.tryWrite(self.held, to: self.file)
        if isWritten { return }
        let code = errno
        // Nobody reads on: `invctl export - | head` has all it wants.
        if self.file == STDOUT_FILENO, code == EPIPE { exit(0) }
        // What packs went away; it has said why.
        if self.packer != nil { try self.endPacker() }
        throw self.failure(code)
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
    func finish() throws(Failure) {
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
        Interruption.say(nil)
    }

    /// Leaves nothing behind; nothing is done after ``finish()``.
    func abandon() {
        guard self.file > STDOUT_FILENO else { return }
        self.packer?.closeInput()
        self.packer?.wait()
        self.packer = nil
        close(self.file)
        self.file = -1
        if !self.part.isEmpty { unlink(self.part) }
    }
}
