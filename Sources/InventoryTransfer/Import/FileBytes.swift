import Glibc

/// The bytes of a file in memory, at a stable address once the file is read.
///
/// Readers on several threads use ``bytes`` without reference counting: two threads that counted the same
/// reference spent more time on that than on reading. An owner of ``bytes`` must own this object too.
///
/// `@unchecked Sendable`: one thread fills it, and it is only read once it is shared.
package final class FileBytes: @unchecked Sendable {
    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private(set) var count = 0

    /// All bytes; valid as long as this object, until more are appended.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: self.base.map { UnsafeRawPointer($0) }, count: self.count)
    }

    init() {}

    convenience init(_ bytes: [UInt8]) {
        self.init()
        self.append(bytes)
    }

    deinit { free(self.base) }

    func append(_ bytes: [UInt8]) {
        self.reserve(bytes.count)
        bytes.withUnsafeBytes { bytes in
            guard let source = bytes.baseAddress else { return }
            _ = self.fill { space in
                space.copyMemory(from: UnsafeRawBufferPointer(start: source, count: bytes.count))
                return bytes.count
            }
        }
    }

    /// Reserves space for `count` more bytes: for the whole file if its size is known, since growing
    /// touches more memory than the file needs.
    func reserve(_ count: Int) {
        guard self.count + count > self.capacity else { return }
        let capacity = max(self.count + count, self.capacity * 2)
        guard let base = realloc(self.base, capacity) else {
            fatalError("no memory for a file of \(capacity) bytes")
        }
        self.base = base
        self.capacity = capacity
    }

    /// Appends bytes that `read` writes to the reserved space.
    ///
    /// - Parameter read: Returns the number of bytes written, below 0 for an error.
    /// - Returns: The result of `read`.
    func fill(_ read: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        let space = UnsafeMutableRawBufferPointer(
            start: self.base.map { $0 + self.count },
            count: self.capacity - self.count
        )
        let count = read(space)
        self.count += max(0, count)
        return count
    }
}
