import ArgumentParser
internal import Bytes
import Durability
import Glibc
internal import InventoryModel
import InventoryServer

/// `invd restore`: creates a data directory from a backup.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restores a backup of invctl backup into a new data directory.",
        discussion: """
            The whole backup is verified, and its state compared with the checksum at its end. The \
            directory appears once it is complete and on disk; until then it is DIR.restoring, which no \
            server opens. It is a new database with its own id: clients that follow the original start \
            over.

            --until restores an earlier step or time, from the image in the backup on: invctl backup and \
            this command print which.

            Exit: 0 restored, 1 failed, or the directory exists, 2 wrong usage, 3 the backup is damaged or \
            incomplete, 4 another restore into that directory is running.
            """
    )

    @Argument(help: "The data directory, which must not exist.") var directory: String
    @Argument(help: "The backup; - for standard input.") var file: String
    @Option(
        help: ArgumentHelp(
            "The last step to restore: an LSN, or a time such as 2026-03-01T12:30:00Z.",
            valueName: "lsn|time"
        )
    )
    var until: String?

    func run() throws {
        let until = try self.until.map { try Self.parse($0) }
        do {
            let file = try BackupFile(self.file)
            var reader = try BackupReader(path: file.path) { (buffer) throws(DurabilityError) in
                try file.read(buffer)
            }
            let restored = try BackupRestore(into: self.directory, until: until).run(&reader)
            print(
                """
                restored  LSN \(restored.lsn) of \(restored.time.rfc3339), state checksum \
                \(restored.checksum)
                backup    LSN \(restored.backup.earliest) to LSN \(restored.backup.last)
                """
            )
        } catch {
            let line = Array("error: \(error)\n".utf8)
            _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            throw ExitCode(Self.exitCode(error))
        }
    }

    private static func exitCode(_ error: any Error) -> Int32 {
        switch error {
        case RestoreError.data(let error): Invd.exitCode(error)
        case let error as DurabilityError: Invd.exitCode(error)
        default: 1
        }
    }

    private static func parse(_ text: String) throws -> BackupRestore.Until {
        if let lsn = UInt64(text), lsn > 0 { return .lsn(LSN(lsn)) }
        guard let time = Instant(rfc3339: text) else {
            throw ValidationError(
                "--until is '\(text)', neither an LSN nor a time such as 2026-03-01T12:30:00Z"
            )
        }
        return .time(time)
    }
}

/// A backup that is read once from its start, also from a pipe.
private final class BackupFile {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws(DurabilityError) {
        self.path = path == "-" ? "standard input" : path
        self.descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard self.descriptor >= 0 else { throw self.failure("open", errno) }
    }

    deinit { if self.descriptor > STDIN_FILENO { close(self.descriptor) } }

    /// Fills the buffer; with fewer bytes only at the end.
    func read(_ buffer: UnsafeMutableRawBufferPointer) throws(DurabilityError) -> Int {
        var done = 0
        while done < buffer.count {
            let count = Glibc.read(
                self.descriptor,
                buffer.baseAddress.map { $0 + done },
                buffer.count - done
            )
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw self.failure("read", errno)
            }
            done += count
        }
        return done
    }

    private func failure(_ operation: String, _ code: Int32) -> DurabilityError {
        .failed(
            operation: operation,
            path: self.path,
            errno: code,
            reason: String(cString: strerror(code))
        )
    }
}
