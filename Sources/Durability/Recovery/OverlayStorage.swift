internal import Bytes
internal import ColumnStore

/// A copy-on-write view of another storage.
///
/// Reads go through to the storage below, writes stay in memory. A start or a repair can thus be tried
/// on real data without changing it: a dry run.
///
/// Everything written is kept in memory, so only small writes are suitable: heads, seals, restored pages.
public final class OverlayStorage: Storage {
    private struct State {
        /// The file below for each name; the node of a file that exists only here has none.
        var names: [String: Node] = [:]
    }

    private let base: any Storage
    private let state: Guarded<State>

    /// Creates a view of the current files of a directory.
    ///
    /// - Parameter base: The directory, which must not change meanwhile.
    /// - Throws: ``DurabilityError`` if it cannot be listed.
    public init(over base: any Storage) throws(DurabilityError) {
        self.base = base
        var state = State()
        for name in try base.list() { state.names[name] = Node(below: name) }
        self.state = Guarded(state)
    }

    /// Returns the path in the storage below.
    public func path(_ name: String) -> String { self.base.path(name) }

    /// Returns the names of all files, including those that exist only here.
    public func list() throws(DurabilityError) -> [String] {
        self.state.withLock { Array($0.names.keys) }
    }

    /// Opens a file; a created one exists only here.
    public func open(
        _ name: String,
        create: Bool,
        direct: Bool
    ) throws(DurabilityError) -> any StorageFile {
        let known = self.state.withLock { $0.names[name] }
        if known == nil, !create {
            // The storage below reports the missing file.
            return try self.base.open(name, create: false, direct: direct)
        }
        let node = known ?? Node(below: nil)
        let below = try node.below.map { (below) throws(DurabilityError) in
            try self.base.open(below, create: false, direct: false)
        }
        try node.begin(below)
        if known == nil { self.state.withLock { $0.names[name] = node } }
        return OverlayFile(path: self.path(name), below: below, node: node)
    }

    /// Renames a file here only.
    public func rename(_ name: String, to newName: String) throws(DurabilityError) {
        self.state.withLock { $0.names[newName] = $0.names.removeValue(forKey: name) }
    }

    /// Removes a file here only.
    public func remove(_ name: String) throws(DurabilityError) {
        self.state.withLock { $0.names[name] = nil }
    }

    /// Does nothing.
    public func syncDirectory() throws(DurabilityError) {}

    /// Returns the free space of the storage below.
    public func freeByteCount() throws(DurabilityError) -> UInt64 {
        try self.base.freeByteCount()
    }

    /// The writes to one file, in order.
    fileprivate final class Node: Sendable {
        struct Written {
            var byteCount: UInt64?
            var patches: [(offset: UInt64, bytes: [UInt8])] = []
        }

        let below: String?
        let written = Guarded(Written())

        init(below: String?) { self.below = below }

        func begin(_ file: (any StorageFile)?) throws(DurabilityError) {
            let byteCount = try file?.byteCount() ?? 0
            self.written.withLock { $0.byteCount = $0.byteCount ?? byteCount }
        }
    }
}

private final class OverlayFile: StorageFile {
    let path: String
    private let below: (any StorageFile)?
    private let node: OverlayStorage.Node

    init(path: String, below: (any StorageFile)?, node: OverlayStorage.Node) {
        self.path = path
        self.below = below
        self.node = node
    }

    func byteCount() throws(DurabilityError) -> UInt64 {
        self.node.written.withLock { $0.byteCount ?? 0 }
    }

    func read(
        at offset: UInt64,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(DurabilityError) -> Int {
        let total = try self.byteCount()
        let count = Int(min(UInt64(buffer.count), total - min(offset, total)))
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count])
        // Holes and files that exist only here read as zeros.
        _ = target.initializeMemory(as: UInt8.self, repeating: 0)
        if let below { try self.read(below, at: offset, into: target) }
        self.node.written.withLock { written in
            for patch in written.patches {
                let start = max(patch.offset, offset)
                let end = min(patch.offset + UInt64(patch.bytes.count), offset + UInt64(count))
                guard start < end else { continue }
                let from = Int(start - patch.offset)
                let to = Int(start - offset)
                patch.bytes.withUnsafeBytes { bytes in
                    UnsafeMutableRawBufferPointer(rebasing: target[to...]).copyMemory(
                        from: UnsafeRawBufferPointer(
                            rebasing: bytes[from..<(from + Int(end - start))]
                        )
                    )
                }
            }
        }
        return count
    }

    /// Reads the file below, except unreadable pages that were completely overwritten here.
    private func read(
        _ below: any StorageFile,
        at offset: UInt64,
        into target: UnsafeMutableRawBufferPointer
    ) throws(DurabilityError) {
        do throws(DurabilityError) {
            _ = try below.read(at: offset, into: target)
        } catch {
            guard case .failed(operation: "read", _, _, _) = error else { throw error }
            var start = offset
            let end = offset + UInt64(target.count)
            let page = UInt64(StorageAlignment.byteCount)
            while start < end {
                let next = min(end, (start / page + 1) * page)
                let part = UnsafeMutableRawBufferPointer(
                    rebasing: target[Int(start - offset)..<Int(next - offset)]
                )
                if !self.isWritten(start..<next) { _ = try below.read(at: start, into: part) }
                start = next
            }
        }
    }

    private func isWritten(_ range: Range<UInt64>) -> Bool {
        self.node.written.withLock { written in
            written.patches.contains {
                $0.offset <= range.lowerBound
                    && $0.offset + UInt64($0.bytes.count) >= range.upperBound
            }
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(DurabilityError) {
        self.node.written.withLock { written in
            written.patches.append((offset, [UInt8](bytes)))
            written.byteCount = max(written.byteCount ?? 0, offset + UInt64(bytes.count))
        }
    }

    func sync() throws(DurabilityError) {}
}
