/// The file system as this module sees it: one directory of files, in a dozen calls.
///
/// Everything durable goes through here, so a test can put a disk that lies in its place. Names are
/// those of files in the directory; there are no folders.
public protocol Storage: Sendable {
    /// The names of all files, in any order.
    func list() throws(DurabilityError) -> [String]

    /// Opens a file for reading and writing.
    ///
    /// With `create` an empty file is made if there is none; else a missing one is an error. With
    /// `direct` it is read and written past the page cache where the file system can: offsets, counts
    /// and memory of every read and write are then multiples of ``StorageAlignment``. Where it cannot,
    /// what the page cache has of it is dropped as it is opened, but for what waits to be written.
    func open(
        _ name: String,
        create: Bool,
        direct: Bool
    ) throws(DurabilityError) -> any StorageFile

    /// Gives a file another name, replacing what had it.
    func rename(_ name: String, to newName: String) throws(DurabilityError)
    func remove(_ name: String) throws(DurabilityError)

    /// Makes the names that files have now outlive a power cut.
    func syncDirectory() throws(DurabilityError)

    /// Bytes that can still be written.
    func freeByteCount() throws(DurabilityError) -> UInt64

    /// What a person calls the file: its whole path.
    func path(_ name: String) -> String
}

/// An open file.
///
/// Used by one thread at a time.
public protocol StorageFile: AnyObject, Sendable {
    var path: String { get }

    /// Fills the buffer from `offset` on.
    ///
    /// - Returns: The bytes read; fewer than asked for only at the end of the file.
    func read(
        at offset: UInt64,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(DurabilityError) -> Int

    /// Writes all of `bytes`.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(DurabilityError)

    /// Returns once everything written outlives a power cut. After it failed the file's content is
    /// unknown, and the process must stop.
    func sync() throws(DurabilityError)

    func byteCount() throws(DurabilityError) -> UInt64
}

/// What direct writes are multiples of, and the unit in which a disk is taken to fail: a page.
public enum StorageAlignment {
    public static let byteCount = 4_096

    /// `count` rounded up to whole pages.
    public static func rounded(_ count: Int) -> Int {
        (count + Self.byteCount - 1) / Self.byteCount * Self.byteCount
    }
}

extension Storage {
    /// Gives a file that is whole and synced the name it is known by, durably.
    ///
    /// The directory is synced after, and before: there may have been an earlier file of the
    /// temporary name, removed since, and a power cut that keeps this renaming but not the removal
    /// must not give that one the name.
    func publish(_ temporaryName: String, as name: String) throws(DurabilityError) {
        try self.syncDirectory()
        try self.rename(temporaryName, to: name)
        try self.syncDirectory()
    }
}

extension StorageFile {
    /// The bytes from `offset` on, fewer than `count` only at the end of the file.
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

    /// All of a file that was opened for direct reads.
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
    /// Lends the bytes, as `withUnsafeBytes` does, and keeps the type of what is thrown.
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
