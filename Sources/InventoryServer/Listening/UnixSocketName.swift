internal import CPosix
internal import Glibc

/// The path of a Unix socket, locked so that no two servers listen under one name.
///
/// A socket's name outlives a server that was killed and must be removed before the next bind. A stale socket
/// is distinguished from one in use by a lock on a file beside it, `<path>.lock`, and by a connection
/// attempt: the lock detects other servers, the connection other programs.
final class UnixSocketName {
    let path: String
    private let lock: CInt
    /// The socket that was bound here; only that one is removed.
    private var own: FileID?

    private struct FileID: Equatable {
        var device: dev_t
        var inode: ino_t

        init(_ status: stat) {
            self.device = status.st_dev
            self.inode = status.st_ino
        }

        init?(_ path: String) {
            var status = stat()
            guard lstat(path, &status) == 0 else { return nil }
            self.init(status)
        }
    }

    var address: String { "unix:\(self.path)" }
    private var lockPath: String { self.path + ".lock" }

    /// Locks the name and removes a stale socket.
    init(_ path: String) throws(ListenError) {
        let address = "unix:\(path)"
        guard path.utf8.count <= ListenError.pathByteCountMax else {
            throw ListenError(address, .tooLong(byteCount: path.utf8.count))
        }
        self.path = path
        self.lock = try Self.lock(path + ".lock", address)
        do throws(ListenError) {
            try self.removeLeftover()
        } catch {
            // A process that waits for the lock finds that its file is gone, and creates another.
            unlink(self.lockPath)
            close(self.lock)
            throw error
        }
    }

    deinit { close(self.lock) }

    private static func lock(_ path: String, _ address: String) throws(ListenError) -> CInt {
        while true {
            let descriptor = invd_open(path, 1, 0)
            guard descriptor >= 0 else { throw ListenError(address, ListenError.problem(errno)) }
            guard invd_lock(descriptor) == 0 else {
                close(descriptor)
                throw ListenError(address, .inUse)
            }
            // A server that stopped meanwhile has removed the file that was opened.
            var status = stat()
            if fstat(descriptor, &status) == 0, FileID(status) == FileID(path) { return descriptor }
            close(descriptor)
        }
    }

    private func removeLeftover() throws(ListenError) {
        var status = stat()
        guard lstat(self.path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ListenError(self.address, .notASocket)
        }
        guard invd_unix_socket_is_live(self.path) == 0 else {
            throw ListenError(self.address, .inUse)
        }
        guard unlink(self.path) == 0 || errno == ENOENT else {
            throw ListenError(self.address, ListenError.problem(errno))
        }
    }

    /// Records that the socket was bound.
    func bound() { self.own = FileID(self.path) }

    /// Removes the socket, unless another has replaced it, and unlocks the name.
    func remove() {
        // A socket that cannot be removed is no worse than one that a killed server leaves.
        if let own, own == FileID(self.path) { unlink(self.path) }
        unlink(self.lockPath)
    }
}
