import Glibc

/// All bytes of a file, in memory of their own that does not move once it is read.
///
/// Readers on several threads look at it through ``bytes`` without counting references at each look:
/// two threads that count the same reference took more time over that than over reading. Whoever
/// keeps ``bytes`` keeps this too.
///
/// `@unchecked Sendable`: it is filled by one thread, and only read once it is handed on.
package final class FileBytes: @unchecked Sendable {
    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private(set) var count = 0

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
            _ = self.fill { room in
                room.copyMemory(from: UnsafeRawBufferPointer(start: source, count: bytes.count))
                return bytes.count
            }
        }
    }

    /// Makes room for `count` bytes more: the whole of a file if its size is known, since growing on the
    /// way touches more memory than it has.
    func reserve(_ count: Int) {
        guard self.count + count > self.capacity else { return }
        let capacity = max(self.count + count, self.capacity * 2)
        guard let base = realloc(self.base, capacity) else {
            fatalError("no memory for a file of \(capacity) bytes")
        }
        self.base = base
        self.capacity = capacity
    }

    /// Has `read` put bytes into the room there is, and say how many; below 0 for an error.
    ///
    /// - Returns: What `read` said.
    func fill(_ read: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        let room = UnsafeMutableRawBufferPointer(
            start: self.base.map { $0 + self.count },
            count: self.capacity - self.count
        )
        let count = read(room)
        self.count += max(0, count)
        return count
    }
}
