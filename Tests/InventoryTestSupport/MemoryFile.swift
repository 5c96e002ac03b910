internal import Durability
internal import Glibc

/// An open file of a ``MemoryStorage``; it stays usable after its name is removed.
final class MemoryFile: StorageFile {
    let path: String
    private let storage: MemoryStorage
    private let node: Int
    private let isDirect: Bool

    init(storage: MemoryStorage, path: String, node: Int, isDirect: Bool) {
        self.storage = storage
        self.path = path
        self.node = node
        self.isDirect = isDirect
    }

    func read(
        at offset: UInt64,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(DurabilityError) -> Int {
        self.requireAlignment(offset, UnsafeRawBufferPointer(buffer))
        return try self.storage.with { (state) throws(DurabilityError) in
            try state.requirePower("read", self.path)
            try state.failIfWanted(.read, self.path)
            try self.requireReadable(offset, buffer.count, state)
            let bytes = state.content(of: self.node, direct: self.isDirect)
            let start = min(Int(offset), bytes.count)
            let count = min(buffer.count, bytes.count - start)
            bytes.withUnsafeBytes { bytes in
                buffer.copyMemory(from: .init(rebasing: bytes[start..<(start + count)]))
            }
            return count
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(DurabilityError) {
        self.requireAlignment(offset, bytes)
        try self.storage.with { (state) throws(DurabilityError) in
            var write = MemoryStorage.Write(offset: Int(offset), bytes: [UInt8](bytes))
            let crashed = state.isCrashed
            do throws(DurabilityError) {
                try state.begin(.write, self.path)
                try state.countBytes(of: write, self.path)
            } catch {
                // The power failed in the middle of this write.
                if !crashed, state.isCrashed, let torn = state.tornAt {
                    state.nodes[self.node]?.durable.overwrite(
                        write.bytes.prefix(torn),
                        at: write.offset
                    )
                }
                throw error
            }
            let growth = write.offset + bytes.count - (state.nodes[self.node]?.seen.count ?? 0)
            if growth > 0, state.used + growth > state.capacity {
                throw .memory("write", self.path, ENOSPC)
            }
            if !state.badPages.isEmpty {
                for page in Self.pages(write.offset, bytes.count) {
                    state.badPages.remove(.init(node: self.node, page: page))
                }
            }
            let target = state.target(of: write, to: self.node)
            write.offset = target.offset
            state.nodes[target.node]?.seen.overwrite(write.bytes[...], at: write.offset)
            state.nodes[target.node]?.pending.append(write)
        }
    }

    func sync() throws(DurabilityError) {
        try self.storage.with { (state) throws(DurabilityError) in
            let isPowered = !state.isCrashed
            do throws(DurabilityError) {
                try state.begin(.sync, self.path)
            } catch {
                if isPowered, !state.isCrashed { state.nodes[self.node]?.pending = [] }
                throw error
            }
            state.nodes[self.node]?.flush()
        }
    }

    func byteCount() throws(DurabilityError) -> UInt64 {
        try self.storage.with { (state) throws(DurabilityError) in
            try state.requirePower("stat", self.path)
            return UInt64(state.nodes[self.node]?.seen.count ?? 0)
        }
    }

    private static func pages(_ offset: Int, _ count: Int) -> Range<Int> {
        let page = StorageAlignment.byteCount
        return (offset / page)..<((offset + max(count, 1) - 1) / page + 1)
    }

    private func requireReadable(
        _ offset: UInt64,
        _ count: Int,
        _ state: MemoryStorage.State
    ) throws(DurabilityError) {
        guard !state.badPages.isEmpty else { return }
        for page in Self.pages(Int(offset), count)
        where state.badPages.contains(.init(node: self.node, page: page)) {
            throw .memory("read", self.path, EIO)
        }
    }

    /// Like a real disk, refuses direct transfers that are not whole pages.
    private func requireAlignment(_ offset: UInt64, _ bytes: UnsafeRawBufferPointer) {
        guard self.isDirect else { return }
        let page = StorageAlignment.byteCount
        let address = Int(bitPattern: bytes.baseAddress)
        precondition(
            Int(offset) % page == 0 && bytes.count % page == 0 && address % page == 0,
            "a direct transfer of \(bytes.count) bytes at \(offset) from \(address)"
        )
    }
}
