internal import Durability
internal import Glibc

/// Counting and failing of calls, and the effects of a power cut.
extension MemoryStorage.State {
    /// The unit that a disk writes atomically.
    private static let sectorByteCount = 512

    var used: Int { self.names.values.reduce(0) { $0 + (self.nodes[$1]?.seen.count ?? 0) } }

    func requirePower(_ operation: String, _ path: String) throws(DurabilityError) {
        if self.isCrashed { throw .memory(operation, path, EIO) }
    }

    /// Counts a changing call, and fails it if a test requested that.
    mutating func begin(_ call: MemoryStorage.Call, _ path: String) throws(DurabilityError) {
        try self.requirePower("\(call)", path)
        self.callCount += 1
        if self.callCount == self.crashAt {
            self.isCrashed = true
            throw .memory("\(call)", path, EIO)
        }
        try self.failIfWanted(call, path)
    }

    mutating func failIfWanted(
        _ call: MemoryStorage.Call,
        _ path: String
    ) throws(DurabilityError) {
        for index in self.failures.indices where self.failures[index].call == call {
            self.failures[index].countdown -= 1
            if self.failures[index].countdown == 0 {
                throw .memory("\(call)", path, self.failures.remove(at: index).errno)
            }
        }
    }

    /// Cuts the power in the middle of a write, if a test requested that.
    mutating func countBytes(
        of write: MemoryStorage.Write,
        _ path: String
    ) throws(DurabilityError) {
        self.writeCount += 1
        let start = self.writtenByteCount
        self.writtenByteCount += write.bytes.count
        guard let limit = self.crashAtByte, self.writtenByteCount > limit else { return }
        self.isCrashed = true
        self.tornAt = limit - start
        throw .memory("write", path, EIO)
    }

    /// Returns the content seen by reads: with direct I/O only what is on disk or being written.
    func content(of node: Int, direct: Bool) -> [UInt8] {
        guard var node = self.nodes[node] else { return [] }
        guard direct else { return node.seen }
        node.flush()
        return node.durable
    }

    /// Returns the actual target of a write: another page, if a test requested that.
    mutating func target(of write: MemoryStorage.Write, to node: Int) -> (node: Int, offset: Int) {
        for index in self.misdirections.indices {
            self.misdirections[index].countdown -= 1
            guard self.misdirections[index].countdown == 0 else { continue }
            var random = SplitMix64(seed: self.misdirections.remove(at: index).seed)
            let page = StorageAlignment.byteCount
            var places: [(node: Int, offset: Int)] = []
            for number in Set(self.names.values).sorted() {
                let count = self.nodes[number]?.seen.count ?? 0
                for offset in stride(from: 0, to: count, by: page)
                where (number, offset) != (node, write.offset) {
                    places.append((number, offset))
                }
            }
            return places.randomElement(using: &random) ?? (node, write.offset)
        }
        return (node, write.offset)
    }

    func afterPowerCut(_ survivors: MemoryStorage.Survivors) -> MemoryStorage.State {
        var after = MemoryStorage.State()
        after.nextNode = self.nextNode
        switch survivors {
        case .nothing:
            after.nodes = self.nodes.mapValues { .init(durable: $0.durable, seen: $0.durable) }
            after.names = self.durableNames
        case .everything:
            after.nodes = self.nodes.mapValues { .init(durable: $0.seen, seen: $0.seen) }
            after.names = self.names
        case .pageCache:
            after.nodes = self.nodes
            after.names = self.names
            after.durableNames = self.durableNames
            after.pendingNames = self.pendingNames
            return after
        case .random(let seed):
            var random = SplitMix64(seed: seed)
            for (number, node) in self.nodes.sorted(by: { $0.key < $1.key }) {
                var bytes = node.durable
                for write in node.pending where Bool.random(using: &random) {
                    Self.applySectors(write, to: &bytes, &random)
                }
                after.nodes[number] = .init(durable: bytes, seen: bytes)
            }
            after.names = self.durableNames
            for change in self.pendingNames where Bool.random(using: &random) {
                change.apply(to: &after.names)
            }
        }
        after.durableNames = after.names
        after.nodes = after.nodes.filter { after.names.values.contains($0.key) }
        return after
    }

    /// The order of two writes does not matter: for one sector either may be the last that succeeds, and that
    /// is one of the subsets.
    private static func applySectors(
        _ write: MemoryStorage.Write,
        to bytes: inout [UInt8],
        _ random: inout SplitMix64
    ) {
        // All of it, a part that ends at any byte, or any of its sectors.
        let fate = Int.random(in: 0..<5, using: &random)
        if fate == 0 {
            let count = Int.random(in: 0...write.bytes.count, using: &random)
            bytes.overwrite(write.bytes.prefix(count), at: write.offset)
            return
        }
        let keepsAll = fate < 3
        var start = 0
        while start < write.bytes.count {
            let end = min(start + self.sectorByteCount, write.bytes.count)
            if keepsAll || Bool.random(using: &random) {
                bytes.overwrite(write.bytes[start..<end], at: write.offset + start)
            }
            start = end
        }
    }
}

extension MemoryStorage.Node {
    /// Syncs: everything written since the last sync is durable.
    mutating func flush() {
        for write in self.pending { self.durable.overwrite(write.bytes[...], at: write.offset) }
        self.pending = []
    }
}

extension MemoryStorage.NameChange {
    func apply(to names: inout [String: Int]) {
        switch self {
        case .link(let name, let node):
            names[name] = node
        case .rename(let name, let newName):
            if let node = names.removeValue(forKey: name) { names[newName] = node }
        case .unlink(let name):
            names[name] = nil
        }
    }
}

extension [UInt8] {
    /// Writes `bytes` at `offset`, with zeros before it if the file is shorter.
    mutating func overwrite(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        if self.count < offset { self += [UInt8](repeating: 0, count: offset - self.count) }
        let overlap = Swift.min(self.count - offset, bytes.count)
        self.replaceSubrange(offset..<(offset + overlap), with: bytes.prefix(overlap))
        self += bytes.dropFirst(overlap)
    }
}
