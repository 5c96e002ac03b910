import Foundation
import Glibc

/// A stream of the bytes of a file or of standard input, decompressed if needed.
///
///     file ─▶ gzip -dc ─▶ chunks          the magic bytes, not the name, say how it is compressed
///
/// Only a chunk is in memory, and the head of the file, which can be read ahead.
package final class ByteStream {
    private static let compressions: [(magic: [UInt8], program: String)] = [
        ([0x1F, 0x8B], "gzip"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"),
        ([0x04, 0x22, 0x4D, 0x18], "lz4"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
    ]
    /// The size of the head that can be read ahead.
    static let headByteCount = 1 << 16
    private static let chunkByteCount = 1 << 18

    private let path: String
    private let file: Int32
    /// The process that decompresses the file, and its program's name.
    private var decompressor: (process: any FilterProcess, program: String)?
    /// The first 64 KiB, decompressed; fewer only if the file is shorter.
    package private(set) var head: [UInt8] = []
    private var isHeadRead = false

    /// Opens a file and reads its head; the path `-` is standard input.
    ///
    /// - Throws: ``Failure`` if the file cannot be read or decompressed.
    package init(_ path: String, _ startFilter: FilterStart) throws(Failure) {
        self.path = path == "-" ? "standard input" : path
        self.file = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard self.file >= 0 else { throw self.failure(errno) }
        let head = try self.fill(Self.headByteCount, from: self.file)
        guard let compression = Self.compressions.first(where: { head.starts(with: $0.magic) })
        else {
            self.head = head
            return
        }
        try self.decompress(head, program: compression.program, startFilter: startFilter)
        self.head = try self.fill(Self.headByteCount, from: self.decompressor?.process.output ?? -1)
    }

    deinit {
        if let process = self.decompressor?.process {
            close(process.output)
            process.wait()
        }
        if self.file > STDIN_FILENO { close(self.file) }
    }

    /// Starts the decompression: a thread writes the head that was read already, then the rest.
    private func decompress(
        _ head: [UInt8],
        program: String,
        startFilter: FilterStart
    ) throws(Failure) {
        guard let process = startFilter([program, "-dc"], nil) else {
            throw Failure(
                "cannot_read",
                "\(self.path) is compressed by \(program), which is not installed",
                hint: "Install \(program) or decompress the file first.",
                exit: Exit.failed
            )
        }
        self.decompressor = (process, program)
        let file = self.file
        let thread = Thread {
            var bytes = head
            while !bytes.isEmpty, process.write(bytes) {
                // A read error ends the input early, which the program reports.
                bytes = Self.read(Self.chunkByteCount, from: file) ?? []
            }
            process.closeInput()
        }
        thread.start()
    }

    private func failure(_ code: Int32) -> Failure {
        Failure(
            "cannot_read",
            "\(self.path): \(String(cString: strerror(code)))",
            exit: Exit.failed
        )
    }

    // MARK: - Reading

    /// Returns the next bytes; none at the end.
    ///
    /// - Throws: ``Failure`` if the file cannot be read or decompressed to its end.
    func next() throws(Failure) -> [UInt8] {
        if !self.isHeadRead {
            self.isHeadRead = true
            if !self.head.isEmpty { return self.head }
        }
        guard let (process, program) = self.decompressor else {
            return try self.chunk(Self.chunkByteCount, from: self.file)
        }
        let bytes = try self.chunk(Self.chunkByteCount, from: process.output)
        if bytes.isEmpty { try self.finish(process, program) }
        return bytes
    }

    private func finish(_ process: any FilterProcess, _ program: String) throws(Failure) {
        self.decompressor = nil
        close(process.output)
        let code = process.wait()
        guard code == 0 else {
            throw Failure(
                "malformed_file",
                "\(self.path): \(program) could not decompress it (exit \(code))",
                exit: Exit.failed
            )
        }
    }

    /// Reads the rest of the stream into memory.
    ///
    /// - Throws: As ``next()``.
    package func rest() throws(Failure) -> FileBytes {
        let all = FileBytes()
        var status = stat()
        if self.decompressor == nil, fstat(self.file, &status) == 0, status.st_size > 0 {
            all.reserve(Int(status.st_size) + 1)
        }
        if !self.isHeadRead { all.append(try self.next()) }
        let source = self.decompressor?.process.output ?? self.file
        var count = 0
        repeat {
            all.reserve(1)
            count = all.fill { space in
                var count = 0
                repeat {
                    count = Glibc.read(source, space.baseAddress, space.count)
                } while count < 0 && errno == EINTR
                return count
            }
            guard count >= 0 else { throw self.failure(errno) }
        } while count > 0
        if let (process, program) = self.decompressor { try self.finish(process, program) }
        return all
    }

    /// Reads `byteCount` bytes, fewer only at the end.
    private func fill(_ byteCount: Int, from file: Int32) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < byteCount {
            let more = try self.chunk(byteCount - bytes.count, from: file)
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }

    private func chunk(_ byteCount: Int, from file: Int32) throws(Failure) -> [UInt8] {
        guard let bytes = Self.read(byteCount, from: file) else { throw self.failure(errno) }
        return bytes
    }

    /// Reads up to `byteCount` bytes; `nil` for an error, which is in `errno`.
    private static func read(_ byteCount: Int, from file: Int32) -> [UInt8]? {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initialized in
            repeat {
                count = Glibc.read(file, buffer.baseAddress, byteCount)
            } while count < 0 && errno == EINTR
            initialized = max(0, count)
        }
        return count < 0 ? nil : bytes
    }
}
