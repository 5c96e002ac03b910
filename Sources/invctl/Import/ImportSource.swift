import Foundation
import Glibc

/// The bytes of a file or of standard input, unpacked where they are packed.
///
/// What packs them is told by how they begin, not by a name: gzip, xz and LZ4 are unpacked by their own
/// programs, which have to be there.
enum ImportSource {
    private static let packings: [(magic: [UInt8], program: String)] = [
        ([0x1F, 0x8B], "gzip"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"),
        ([0x04, 0x22, 0x4D, 0x18], "lz4"),
    ]

    /// Everything in the file, or of standard input for `-`.
    static func read(_ path: String) throws(Failure) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Failure(
                "cannot_read",
                "\(path): \(String(cString: strerror(errno)))",
                exit: Exit.failed
            )
        }
        defer { if path != "-" { close(descriptor) } }
        let bytes = try self.readAll(descriptor, path)
        guard let packing = self.packings.first(where: { bytes.starts(with: $0.magic) }) else {
            return bytes
        }
        return try self.unpack(bytes, packing.program, path)
    }

    private static func readAll(_ descriptor: Int32, _ path: String) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        let chunk = 1 << 20
        while true {
            let start = bytes.count
            let count = withUnsafeTemporaryAllocation(byteCount: chunk, alignment: 16) { buffer in
                let count = Glibc.read(descriptor, buffer.baseAddress, chunk)
                if count > 0 { bytes.append(contentsOf: buffer[..<count]) }
                return count
            }
            if count == 0 { return bytes }
            guard count < 0 else {
                precondition(bytes.count == start + count, "read \(count) bytes, kept others")
                continue
            }
            if errno == EINTR { continue }
            throw Failure(
                "cannot_read",
                "\(path): \(String(cString: strerror(errno)))",
                exit: Exit.failed
            )
        }
    }

    /// Has the program unpack what was read: written by a thread, read here.
    private static func unpack(
        _ packed: [UInt8],
        _ program: String,
        _ path: String
    ) throws(Failure) -> [UInt8] {
        guard let process = Subprocess(filter: [program, "-dc"]) else {
            throw Failure(
                "cannot_read",
                "\(path) is packed by \(program), which is not here",
                wayOut: "Install \(program), or unpack the file first.",
                exit: Exit.failed
            )
        }
        let writer = Thread {
            _ = process.write(packed)
            process.closeInput()
        }
        writer.start()
        let bytes = try self.readAll(process.output, path)
        close(process.output)
        let code = process.wait()
        guard code == 0 else {
            throw Failure(
                "malformed_file",
                "\(path): \(program) could not unpack it (exit \(code))",
                exit: Exit.failed
            )
        }
        return bytes
    }
}
