import Foundation
import Glibc

/// The bytes of a file or of standard input as they come, unpacked on the way.
///
///     file ─▶ gzip -dc ─▶ chunks          what packs it is told by how it begins, not by a name
///
/// How it begins can be looked at before it is read. Nothing but a chunk is kept.
package final class ByteStream {
    private static let packings: [(magic: [UInt8], program: String)] = [
        ([0x1F, 0x8B], "gzip"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"),
        ([0x04, 0x22, 0x4D, 0x18], "lz4"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
    ]
    /// Bytes that can be looked at before they are read.
    static let headByteCount = 1 << 16
    private static let chunkByteCount = 1 << 18

    private let path: String
    private let file: Int32
    /// What unpacks it, and the program's name.
    private var unpacker: (process: any FilterProcess, program: String)?
    /// How it begins, unpacked.
    package private(set) var head: [UInt8] = []
    private var isHeadRead = false

    /// Opens a file and reads how it begins.
    ///
    /// `path`: `-` is standard input. `startFilter`: Starts what unpacks it.
    package init(_ path: String, _ startFilter: FilterStart) throws(Failure) {
        self.path = path == "-" ? "standard input" : path
        self.file = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard self.file >= 0 else { throw self.failure(errno) }
        let packed = try self.fill(Self.headByteCount, from: self.file)
        guard let packing = Self.packings.first(where: { packed.starts(with: $0.magic) }) else {
            self.head = packed
            return
        }
        try self.unpack(packed, program: packing.program, startFilter: startFilter)
        self.head = try self.fill(Self.headByteCount, from: self.unpacker?.process.output ?? -1)
    }

    deinit {
        if let process = self.unpacker?.process {
            close(process.output)
            process.wait()
        }
        if self.file > STDIN_FILENO { close(self.file) }
    }

    /// Has a program unpack the file: a thread gives it what was read already, then the rest.
    private func unpack(
        _ begun: [UInt8],
        program: String,
        startFilter: FilterStart
    ) throws(Failure) {
        guard let process = startFilter([program, "-dc"], nil) else {
            throw Failure(
                "cannot_read",
                "\(self.path) is packed by \(program), which is not here",
                wayOut: "Install \(program), or unpack it first.",
                exit: Exit.failed
            )
        }
        self.unpacker = (process, program)
        let file = self.file
        let thread = Thread {
            var bytes = begun
            while !bytes.isEmpty, process.write(bytes) {
                // What can't be read any more is a file that ends early: the program says so.
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

    /// The next bytes; none at the end.
    ///
    /// - Throws: Also if what packs the file could not unpack it to its end.
    func next() throws(Failure) -> [UInt8] {
        if !self.isHeadRead {
            self.isHeadRead = true
            if !self.head.isEmpty { return self.head }
        }
        guard let (process, program) = self.unpacker else {
            return try self.chunk(Self.chunkByteCount, from: self.file)
        }
        let bytes = try self.chunk(Self.chunkByteCount, from: process.output)
        if bytes.isEmpty { try self.finish(process, program) }
        return bytes
    }

    private func finish(_ process: any FilterProcess, _ program: String) throws(Failure) {
        self.unpacker = nil
        close(process.output)
        let code = process.wait()
        guard code == 0 else {
            throw Failure(
                "malformed_file",
                "\(self.path): \(program) could not unpack it (exit \(code))",
                exit: Exit.failed
            )
        }
    }

    /// All that was not read yet.
    ///
    /// - Throws: As ``next()``.
    package func rest() throws(Failure) -> FileBytes {
        let all = FileBytes()
        var status = stat()
        if self.unpacker == nil, fstat(self.file, &status) == 0, status.st_size > 0 {
            all.reserve(Int(status.st_size) + 1)
        }
        if !self.isHeadRead { all.append(try self.next()) }
        let source = self.unpacker?.process.output ?? self.file
        var count = 0
        repeat {
            all.reserve(1)
            count = all.fill { room in
                var count = 0
                repeat {
                    count = Glibc.read(source, room.baseAddress, room.count)
                } while count < 0 && errno == EINTR
                return count
            }
            guard count >= 0 else { throw self.failure(errno) }
        } while count > 0
        if let (process, program) = self.unpacker { try self.finish(process, program) }
        return all
    }

    /// So many bytes, fewer only at the end.
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

    /// Up to so many bytes; nothing for an error, which `errno` tells.
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
