internal import Bytes
internal import CPosix
internal import ColumnStore
internal import Glibc

/// A directory of a real file system, used by one process at a time.
///
/// The lock is on the directory itself: a file in it could be removed, and a second process would create
/// and lock another.
///
/// Interrupted system calls are repeated, short writes are completed. A descriptor is closed when the last
/// user of its file is gone.
public final class DirectoryStorage: Storage {
    private let directory: String
    /// Holds the lock during the lifetime of this object.
    private let lock: Descriptor
    private let spares = SpareDescriptors()

    /// Opens a directory, creating it if necessary, and locks it.
    ///
    /// - Throws: ``DurabilityError/locked(path:)`` if another process holds the lock.
    public init(directory: String) throws(DurabilityError) {
        self.directory = directory
        if mkdir(directory, 0o700) == 0 {
            // If a power cut undoes the creation of a directory, all files in it are lost.
            try Self.syncParent(of: directory)
        } else if errno != EEXIST {
            throw .last("create", directory)
        }
        let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last("open", directory) }
        self.lock = Descriptor(descriptor)
        // A holder that was just killed, or its child before exec, may hold it a moment longer.
        var attempts = 0
        while invd_lock(descriptor) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw .last("lock", directory) }
            guard attempts < Self.lockAttemptsMax else { throw .locked(path: directory) }
            attempts += 1
            usleep(Self.lockPauseMicroseconds)
        }
    }

    /// A fifth of a second in total.
    private static let lockAttemptsMax = 20
    private static let lockPauseMicroseconds: UInt32 = 10_000

    /// Returns the directory's path and the name.
    public func path(_ name: String) -> String { self.directory + "/" + name }

    /// Returns the names of all files, in any order.
    public func list() throws(DurabilityError) -> [String] {
        guard let handle = opendir(self.directory) else { throw .last("list", self.directory) }
        defer { closedir(handle) }
        var names: [String] = []
        while true {
            // The end and a failure differ only by errno, and files missing from a truncated list would seem
            // lost.
            errno = 0
            guard let entry = readdir(handle) else {
                if errno != 0 { throw .last("list", self.directory) }
                break
            }
            let name = Self.name(of: entry)
            // Version 0.1.0 left a file named lock, which has no meaning any more.
            if name != ".", name != "..", name != "lock" { names.append(name) }
        }
        return names
    }

    /// Returns the name of an entry, read in place: the record ends with it, so copying the full size of the
    /// type could read beyond the allocated memory.
    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
        guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else {
            preconditionFailure("a dirent without a name")
        }
        let name = UnsafeRawPointer(entry) + offset
        return String(cString: name.assumingMemoryBound(to: CChar.self))
    }

    /// Opens a file; at the limit of descriptors it uses a spare one.
    public func open(
        _ name: String,
        create: Bool,
        direct: Bool
    ) throws(DurabilityError) -> any StorageFile {
        let path = self.path(name)
        var descriptor = invd_open(path, create ? 1 : 0, direct ? 1 : 0)
        if descriptor < 0, errno == EMFILE || errno == ENFILE, create || direct {
            // The log and snapshots must continue even if all other descriptors are in use.
            self.spares.release()
            descriptor = invd_open(path, create ? 1 : 0, direct ? 1 : 0)
        } else if descriptor >= 0 {
            self.spares.refill()
        }
        // Not every file system supports direct I/O; fall back to the page cache.
        if descriptor < 0, direct, errno == EINVAL {
            descriptor = invd_open(path, create ? 1 : 0, 0)
            // Pages whose write failed are marked clean, and would be read as if they were on disk. If the
            // advice is ignored, nothing changes.
            if descriptor >= 0 { _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) }
        }
        guard descriptor >= 0 else { throw .last("open", path) }
        return DirectoryFile(path: path, descriptor: Descriptor(descriptor), isDirect: direct)
    }

    /// Renames a file, replacing one of the new name; durable after ``syncDirectory()``.
    public func rename(_ name: String, to newName: String) throws(DurabilityError) {
        guard Glibc.rename(self.path(name), self.path(newName)) == 0 else {
            throw .last("rename", self.path(name))
        }
    }

    /// Removes a file; durable after ``syncDirectory()``.
    public func remove(_ name: String) throws(DurabilityError) {
        guard unlink(self.path(name)) == 0 else { throw .last("remove", self.path(name)) }
    }

    /// Syncs the directory, which makes renames and removals durable.
    public func syncDirectory() throws(DurabilityError) {
        try Self.syncDirectory(self.directory)
    }

    /// Syncs the parent of a directory, which makes the creation or a rename of the directory durable.
    public static func syncParent(of directory: String) throws(DurabilityError) {
        try Self.syncDirectory(directory + "/..")
    }

    private static func syncDirectory(_ path: String) throws(DurabilityError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last("open", path) }
        let held = Descriptor(descriptor)
        while fsync(held.number) != 0 {
            if errno != EINTR { throw .last("sync", path) }
        }
    }

    /// Returns the bytes available to unprivileged processes.
    public func freeByteCount() throws(DurabilityError) -> UInt64 {
        var status = statvfs()
        guard statvfs(self.directory, &status) == 0 else {
            throw .last("stat", self.directory)
        }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }
}

/// Descriptors held in reserve, to be closed when the log or a snapshot needs one and none is left.
private final class SpareDescriptors: Sendable {
    static let count = 4

    private let held: Guarded<[Descriptor]>

    init() { self.held = Guarded(Self.fill([])) }

    /// Closes one, if any is left.
    func release() { self.held.withLock { _ = $0.popLast() } }

    /// Reopens the released ones, as far as descriptors are available.
    func refill() {
        self.held.withLock { held in
            if held.count < Self.count { held = Self.fill(held) }
        }
    }

    private static func fill(_ held: [Descriptor]) -> [Descriptor] {
        var held = held
        while held.count < self.count {
            let descriptor = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { break }
            held.append(Descriptor(descriptor))
        }
        return held
    }
}

/// Owns a descriptor and closes it once.
private final class Descriptor: Sendable {
    let number: Int32
    init(_ number: Int32) { self.number = number }
    deinit { close(self.number) }
}

private final class DirectoryFile: StorageFile {
    let path: String
    private let descriptor: Descriptor
    private let isDirect: Bool

    init(path: String, descriptor: Descriptor, isDirect: Bool) {
        self.path = path
        self.descriptor = descriptor
        self.isDirect = isDirect
    }

    func read(
        at offset: UInt64,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(DurabilityError) -> Int {
        var done = 0
        while done < buffer.count {
            let count = pread(
                self.descriptor.number,
                buffer.baseAddress.map { $0 + done },
                buffer.count - done,
                off_t(offset) + off_t(done)
            )
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw .last("read", self.path)
            }
            done += count
            // Only the end of the file is unaligned, and a direct read there would fail.
            if self.isDirect, done % StorageAlignment.byteCount != 0 { break }
        }
        return done
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(DurabilityError) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                self.descriptor.number,
                bytes.baseAddress.map { $0 + done },
                bytes.count - done,
                off_t(offset) + off_t(done)
            )
            if count <= 0 {
                if count < 0, errno == EINTR { continue }
                throw .last("write", self.path)
            }
            done += count
        }
    }

    func sync() throws(DurabilityError) {
        while fdatasync(self.descriptor.number) != 0 {
            if errno != EINTR { throw .last("sync", self.path) }
        }
    }

    func byteCount() throws(DurabilityError) -> UInt64 {
        var status = stat()
        guard fstat(self.descriptor.number, &status) == 0 else { throw .last("stat", self.path) }
        return UInt64(status.st_size)
    }
}

extension DurabilityError {
    /// A full disk as an ordinary failure, if it came too late to be harmless.
    var asFailure: DurabilityError {
        guard case .full(let operation, let path) = self else { return self }
        return .failed(
            operation: operation,
            path: path,
            errno: ENOSPC,
            reason: "the disk became full during the write"
        )
    }

    /// Creates the error for the current `errno`.
    fileprivate static func last(_ operation: String, _ path: String) -> DurabilityError {
        let code = errno
        if code == ENOSPC || code == EDQUOT { return .full(operation: operation, path: path) }
        return .failed(
            operation: operation,
            path: path,
            errno: code,
            reason: String(cString: strerror(code))
        )
    }
}
