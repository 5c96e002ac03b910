import Bytes
internal import ColumnStore
package import Durability
internal import Glibc

/// A disk in memory with all permitted faults of a disk.
///
/// It keeps two states: what the process sees, and what survives a power cut. A write reaches the second
/// with a sync of its file; a new, renamed or removed name with a sync of the directory.
///
///     process ──write──▶ seen ──sync──▶ durable ──restart──▶ the next process
///                          └──── a power cut keeps any part of this ────▲
///
/// Changing calls are numbered from 1, so that a test can crash at each in turn. A handle opened for
/// direct writes requires whole pages from aligned memory.
package final class MemoryStorage: Storage {
    /// The unsynced writes and renames that survive a power cut.
    package enum Survivors: Sendable {
        case nothing
        case everything
        /// The process was killed but the machine continues: everything is visible, and nothing more became
        /// durable.
        case pageCache
        /// Any sectors of each write, any changes of names: chosen by the seed.
        case random(seed: UInt64)
    }

    /// A kind of call that a test may fail.
    package enum Call: Sendable {
        case open, read, write, sync, rename, remove, syncDirectory
    }

    struct Write {
        var offset: Int
        var bytes: [UInt8]
    }

    struct Node {
        var durable: [UInt8] = []
        var seen: [UInt8] = []
        /// The writes of `seen` that are not in `durable` yet, in order.
        ///
        /// A failed sync drops them, as a page cache does: from then on `seen` shows content that will never
        /// be on disk.
        var pending: [Write] = []
    }

    enum NameChange {
        case link(String, Int)
        case rename(String, String)
        case unlink(String)
    }

    struct Misdirection {
        var countdown: Int
        var seed: UInt64
    }

    struct Failure {
        var call: Call
        var countdown: Int
        var errno: Int32
    }

    struct State {
        var nodes: [Int: Node] = [:]
        var names: [String: Int] = [:]
        var durableNames: [String: Int] = [:]
        var pendingNames: [NameChange] = []
        var nextNode = 0
        var callCount = 0
        var crashAt: Int?
        var tornAt: Int?
        /// Writes so far, their bytes, and the write at which the power fails.
        var writeCount = 0
        var writtenByteCount = 0
        var crashAtByte: Int?
        var misdirections: [Misdirection] = []
        var isCrashed = false
        var failures: [Failure] = []
        var capacity = Int.max
        /// Pages that cannot be read until they are written.
        var badPages: Set<BadPage> = []
    }

    struct BadPage: Hashable {
        var node: Int
        var page: Int
    }

    private let state: Guarded<State>

    package init() { self.state = Guarded(State()) }

    private init(_ state: State) { self.state = Guarded(state) }

    // MARK: - Storage

    package func path(_ name: String) -> String { "memory/" + name }

    package func list() throws(DurabilityError) -> [String] {
        try self.with { (state) throws(DurabilityError) in
            try state.requirePower("list", self.path(""))
            return Array(state.names.keys)
        }
    }

    package func open(
        _ name: String,
        create: Bool,
        direct: Bool
    ) throws(DurabilityError) -> any StorageFile {
        let path = self.path(name)
        let node = try self.with { (state) throws(DurabilityError) -> Int in
            try state.requirePower("open", path)
            if let node = state.names[name] { return node }
            guard create else { throw .memory("open", path, ENOENT) }
            try state.begin(.open, path)
            state.nextNode += 1
            state.nodes[state.nextNode] = Node()
            state.names[name] = state.nextNode
            state.pendingNames.append(.link(name, state.nextNode))
            return state.nextNode
        }
        return MemoryFile(storage: self, path: path, node: node, isDirect: direct)
    }

    package func rename(_ name: String, to newName: String) throws(DurabilityError) {
        let path = self.path(name)
        try self.with { (state) throws(DurabilityError) in
            try state.begin(.rename, path)
            guard let node = state.names.removeValue(forKey: name) else {
                throw .memory("rename", path, ENOENT)
            }
            state.names[newName] = node
            state.pendingNames.append(.rename(name, newName))
        }
    }

    package func remove(_ name: String) throws(DurabilityError) {
        let path = self.path(name)
        try self.with { (state) throws(DurabilityError) in
            try state.begin(.remove, path)
            guard state.names.removeValue(forKey: name) != nil else {
                throw .memory("remove", path, ENOENT)
            }
            state.pendingNames.append(.unlink(name))
        }
    }

    package func syncDirectory() throws(DurabilityError) {
        try self.with { (state) throws(DurabilityError) in
            try state.begin(.syncDirectory, self.path(""))
            state.durableNames = state.names
            state.pendingNames = []
        }
    }

    package func freeByteCount() throws(DurabilityError) -> UInt64 {
        self.state.withLock { UInt64(max(0, $0.capacity - $0.used)) }
    }

    // MARK: - Test controls

    /// Changing calls so far.
    package var callCount: Int { self.state.withLock { $0.callCount } }

    /// Fails the power at the `call`-th changing call; it and all later ones throw.
    ///
    /// - Parameters:
    ///   - call: Its number.
    ///   - tornAt: If that call is a write, the number of its bytes that still reach the disk.
    package func crash(at call: Int, tornAt: Int? = nil) {
        self.state.withLock {
            $0.crashAt = call
            $0.tornAt = tornAt
        }
    }

    /// Fails the power after this many more written bytes: in the middle of a write, whose bytes before
    /// that point reach the disk.
    package func crash(afterBytes count: Int) {
        self.state.withLock { $0.crashAtByte = $0.writtenByteCount + count }
    }

    /// Cancels a crash that has not happened yet.
    package func disarm() {
        self.state.withLock {
            guard !$0.isCrashed else { return }
            $0.crashAt = nil
            $0.crashAtByte = nil
        }
    }

    /// Redirects the `number`-th write from now on to another page of some file, chosen by the seed, and
    /// reports success.
    package func misdirect(write number: Int = 1, seed: UInt64) {
        self.state.withLock {
            $0.misdirections.append(Misdirection(countdown: number, seed: seed))
        }
    }

    /// Whether the power has failed.
    package var isCrashed: Bool { self.state.withLock { $0.isCrashed } }

    /// Writes so far, and their bytes.
    package var writeCount: Int { self.state.withLock { $0.writeCount } }
    package var writtenByteCount: Int { self.state.withLock { $0.writtenByteCount } }

    /// Whether a requested failure has not happened yet.
    package var hasFailuresLeft: Bool { self.state.withLock { !$0.failures.isEmpty } }

    /// The bytes of all files.
    package var usedByteCount: Int { self.state.withLock { $0.used } }

    /// Fails the `number`-th call of this kind from now on, once.
    package func fail(_ call: Call, number: Int = 1, errno: Int32) {
        self.state.withLock {
            $0.failures.append(Failure(call: call, countdown: number, errno: errno))
        }
    }

    /// Cancels every failure and misdirection that has not happened yet.
    package func clearFailures() {
        self.state.withLock {
            $0.failures = []
            $0.misdirections = []
        }
    }

    /// The maximum bytes of all files together; a write beyond it is refused.
    package func setCapacity(_ byteCount: Int) {
        self.state.withLock { $0.capacity = byteCount }
    }

    /// Returns the disk that the next process finds after a power cut now.
    package func restarted(keeping survivors: Survivors = .nothing) -> MemoryStorage {
        MemoryStorage(self.state.withLock { $0.afterPowerCut(survivors) })
    }

    /// Returns a separate disk with the same files, durable or not.
    package func copy() -> MemoryStorage { self.restarted(keeping: .everything) }

    package func bytes(_ name: String) -> [UInt8] {
        self.state.withLock { state in
            state.names[name].flatMap { state.nodes[$0]?.seen } ?? []
        }
    }

    /// Sets the content of a file durably, creating it if necessary.
    package func setBytes(_ name: String, _ bytes: [UInt8]) {
        self.state.withLock { state in
            if state.names[name] == nil {
                state.nextNode += 1
                state.names[name] = state.nextNode
            }
            state.durableNames[name] = state.names[name]
            if let node = state.names[name] {
                state.nodes[node] = Node(durable: bytes, seen: bytes)
            }
        }
    }

    /// Makes a page unreadable until it is written.
    package func loseSector(_ name: String, page: Int) {
        self.state.withLock { state in
            guard let node = state.names[name] else { return }
            state.badPages.insert(BadPage(node: node, page: page))
        }
    }

    /// Flips bit `bit` of the file, counted from the lowest of the first byte.
    package func flip(_ name: String, bit: Int) {
        self.state.withLock { state in
            guard let node = state.names[name] else { return }
            state.nodes[node]?.seen[bit / 8] ^= 1 << UInt8(bit % 8)
            if let count = state.nodes[node]?.durable.count, bit / 8 < count {
                state.nodes[node]?.durable[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
    }

    func with<Result>(
        _ body: (inout State) throws(DurabilityError) -> Result
    ) throws(DurabilityError) -> Result {
        try self.state.withLock { (state) throws(DurabilityError) in try body(&state) }
    }
}

extension DurabilityError {
    static func memory(_ operation: String, _ path: String, _ code: Int32) -> DurabilityError {
        if code == ENOSPC { return .full(operation: operation, path: path) }
        return .failed(
            operation: operation,
            path: path,
            errno: code,
            reason: String(cString: strerror(code))
        )
    }
}
