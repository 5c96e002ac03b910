internal import CPosix
internal import Glibc

/// The path of a Unix socket, held so that no two servers listen under one name.
///
/// A socket's name outlives a server that was killed, and whoever binds next has to remove it first.
/// What distinguishes a socket that was left behind from one that is listened on is a lock on a file beside it,
/// `<path>.lock`, and a connection that is tried: the lock for other servers, the connection for other
/// programs.
final class UnixSocketName {
    let path: String
    private let lock: CInt
    /// The socket that was bound here: only that is removed.
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

    /// Takes the name, and removes a socket that was left there.
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
            // Whoever waits for the lock finds that its file is gone, and makes another.
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

    /// The socket was bound.
    func bound() { self.own = FileID(self.path) }

    /// Removes the socket, unless another has taken its place, and gives the name up.
    func remove() {
        // What cannot be removed is no worse than what a killed server leaves.
        if let own, own == FileID(self.path) { unlink(self.path) }
        unlink(self.lockPath)
    }
}
