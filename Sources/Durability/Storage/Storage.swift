/// The file system of this module: one directory of files, in a dozen calls.
///
/// Everything durable goes through it, so a test can substitute a faulty disk. Names are those of files
/// in the directory; there are no subdirectories.
public protocol Storage: Sendable {
    /// Returns the names of all files, in any order.
    func list() throws(DurabilityError) -> [String]

    /// Opens a file for reading and writing.
    ///
    /// With `create`, a missing file is created empty; otherwise it is an error. With `direct`, I/O bypasses
    /// the page cache if the file system supports it: offsets, counts and memory of every read and write must
    /// be multiples of ``StorageAlignment``. If it does not, the clean pages of the file are dropped from the
    /// page cache when it is opened.
    func open(
        _ name: String,
        create: Bool,
        direct: Bool
    ) throws(DurabilityError) -> any StorageFile

    /// Renames a file, replacing one of the new name; durable after ``syncDirectory()``.
    func rename(_ name: String, to newName: String) throws(DurabilityError)
    /// Removes a file; durable after ``syncDirectory()``.
    func remove(_ name: String) throws(DurabilityError)

    /// Makes all renames, creations and removals durable.
    func syncDirectory() throws(DurabilityError)

    /// Returns the number of bytes that can still be written.
    func freeByteCount() throws(DurabilityError) -> UInt64

    /// Returns the full path of a file, for messages.
    func path(_ name: String) -> String
}

/// An open file.
///
/// Used by one thread at a time.
public protocol StorageFile: AnyObject, Sendable {
    /// The full path, for messages.
    var path: String { get }

    /// Fills the buffer from `offset`.
    ///
    /// - Parameters:
    ///   - offset: The offset in the file, in bytes.
    ///   - buffer: The memory to fill.
    /// - Returns: The number of bytes read; fewer than requested only at the end of the file.
    /// - Throws: ``DurabilityError/failed(operation:path:errno:reason:)`` if the disk cannot read.
    func read(
        at offset: UInt64,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(DurabilityError) -> Int

    /// Writes all of `bytes` at `offset`; durable after ``sync()``.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(DurabilityError)

    /// Returns once all writes are durable.
    ///
    /// After a failure the file's content is unknown, and the process must stop.
    func sync() throws(DurabilityError)

    /// Returns the size of the file.
    func byteCount() throws(DurabilityError) -> UInt64
}

/// The alignment of direct I/O, and the assumed unit of disk damage: a page.
public enum StorageAlignment {
    /// The bytes of a page.
    public static let byteCount = 4_096

    /// Returns `count` rounded up to whole pages.
    public static func rounded(_ count: Int) -> Int {
        (count + Self.byteCount - 1) / Self.byteCount * Self.byteCount
    }
}

extension Storage {
    /// Gives a complete and synced file its final name, durably.
    ///
    /// The directory is synced before and after: an earlier file of the temporary name may have been
    /// removed, and a power cut that keeps this rename but not the removal must not give that file the
    /// final name.
    func publish(_ temporaryName: String, as name: String) throws(DurabilityError) {
        try self.syncDirectory()
        try self.rename(temporaryName, to: name)
        try self.syncDirectory()
    }
}

extension StorageFile {
    /// Returns the bytes from `offset`, fewer than `count` only at the end of the file.
    func bytes(at offset: UInt64, count: Int) throws(DurabilityError) -> [UInt8] {
        var failure: DurabilityError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(DurabilityError) {
                filled = try self.read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Reads a whole file that was opened for direct reads.
    func wholeFromDisk() throws(DurabilityError) -> [UInt8] {
        let byteCount = Int(try self.byteCount())
        let chunk = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(StorageAlignment.rounded(max(1, byteCount)), 1 << 20),
            alignment: StorageAlignment.byteCount
        )
        defer { chunk.deallocate() }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        while bytes.count < byteCount {
            let count = try self.read(at: UInt64(bytes.count), into: chunk)
            bytes.append(contentsOf: chunk[0..<count])
            if count < chunk.count { break }
        }
        return bytes
    }

    func write(_ bytes: [UInt8], at offset: UInt64) throws(DurabilityError) {
        try bytes.withBytes { (bytes) throws(DurabilityError) in
            try self.write(bytes, at: offset)
        }
    }
}

extension [UInt8] {
    /// Calls `body` with the bytes, like `withUnsafeBytes`, but with typed throws.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let result = self.withUnsafeBytes { bytes -> Swift.Result<Result, Failure> in
            do throws(Failure) {
                return .success(try body(bytes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
