import Bytes
import InventoryModel
import Testing

@testable import InventoryEngine

/// The same commands on three states: decided by the slow path, by the fast path if it accepts them, and as
/// entries folded as in a restart.
///
///     command ──┬─ slow path ──▶ outcome, entry ──replay──▶ third state
///               └─ fast path ──▶ outcome, entry       all bytes equal, and all three states
struct BothPaths: ~Copyable {
    /// The path that decided a command on the fast side.
    enum Path { case fast, slow }

    private(set) var slow = InventoryState()
    private(set) var fast = InventoryState()
    private var folded = InventoryState()
    private var replay = Replay()

    init() throws {
        let currency = try #require(Currency(code: "EUR"))
        try self.put(InventoryState.bootstrap(currency: currency), by: "")
    }

    /// When the next step is recorded.
    var time: Instant { Instant(microseconds: Int64(self.slow.lsn.next.value) * 1_000) }

    /// Applies changes to all three states.
    mutating func put(_ changes: [Change], by actor: String) throws {
        let entry = Entry(lsn: self.slow.lsn.next, time: self.time, actor: actor, changes: changes)
        self.slow.evolve(entry)
        self.fast.evolve(entry)
        try self.fold(BothPaths.bytes { entry.encode(into: &$0) })
    }

    private mutating func fold(_ entry: [UInt8]) throws {
        try entry.withUnsafeBytes { try self.folded.evolve($0, with: &self.replay) }
    }

    static func bytes(_ encode: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        encode(&writer)
        return writer.array()
    }

    private struct Step: Equatable {
        var outcome: [UInt8]
        /// Empty if nothing changed.
        var entry: [UInt8]
    }

    /// Decides and applies a command on both sides, and compares.
    @discardableResult
    mutating func run(_ command: Command, by actor: String = "till") throws -> Path {
        let time = self.time
        let expected = Self.decide(command, at: time, by: actor, &self.slow)
        var path = Path.fast
        var found = self.decideFast(command, at: time, by: actor)
        if found == nil {
            path = .slow
            found = Self.decide(command, at: time, by: actor, &self.fast)
        }
        try #require(found == expected, "\(path) path, LSN \(self.slow.lsn): \(command)")
        if !expected.entry.isEmpty { try self.fold(expected.entry) }
        // Compares everything only now and then: it reads every row.
        if self.slow.lsn.value % 64 == 0 { self.checkInvariants() }
        return path
    }

    private func checkInvariants() {
        self.slow.checkInvariants()
        self.fast.checkInvariants()
        self.folded.checkInvariants()
    }

    /// Checks that all three states are equal, and that what can be recomputed is right.
    func checkEqual() {
        self.checkInvariants()
        self.checkSameTables()
        #expect(self.slow.readView().violations() == [])
    }

    /// Checks that a row of the ledger is the same in all three states.
    func checkSameRow(_ row: Int) {
        let movement = self.slow.tables.movement(row)
        #expect(self.fast.tables.movement(row) == movement)
        #expect(self.folded.tables.movement(row) == movement)
    }

    /// Checks that all tables are equal; for entries that no rule decided.
    func checkSameTables() {
        let checksum = self.slow.checksum()
        #expect(self.fast.checksum() == checksum)
        #expect(self.folded.checksum() == checksum)
    }

    // MARK: - The paths

    private static func decide(
        _ command: Command,
        at time: Instant,
        by actor: String,
        _ state: inout InventoryState
    ) -> Step {
        let decision = state.decide(command, at: time)
        let outcome = Self.bytes { decision.outcome.encode(into: &$0) }
        guard !decision.changes.isEmpty else { return Step(outcome: outcome, entry: []) }
        let lsn = state.lsn.next
        let entry = Entry(lsn: lsn, time: time, actor: actor, changes: decision.changes)
        state.evolve(entry)
        return Step(outcome: outcome, entry: Self.bytes { entry.encode(into: &$0) })
    }

    private mutating func decideFast(
        _ command: Command,
        at time: Instant,
        by actor: String
    ) -> Step? {
        if case .recordPastSale = command {
            return self.record(command, at: time, by: actor)
        }
        let sale = Self.bytes { command.encode(into: &$0) }.withUnsafeBytes { PlainSale($0) }
        if let sale { return self.sell(sale, at: time, by: actor) }
        let batch = Self.bytes { Command.batch([command], .independent).encode(into: &$0) }
        return batch.withUnsafeBytes { bytes in
            guard let batch = PlainProduct.Batch.reading(bytes) else { return nil }
            return self.create(batch, at: time, by: actor)
        }
    }

    private mutating func sell(_ sale: PlainSale, at time: Instant, by actor: String) -> Step? {
        var step = PlainSale.Step()
        guard self.fast.decide(sale, at: time, into: &step) else { return nil }
        var outcome = ByteWriter()
        var entry = ByteWriter()
        let balances = step.encodeOutcome(into: &outcome)
        outcome.withBytes { bytes in
            step.encodeEntry(
                by: actor,
                leaving: UnsafeRawBufferPointer(rebasing: bytes[balances]),
                remembering: nil,
                into: &entry
            )
        }
        var gathered = GatheredMovements(of: .sale)
        self.fast.evolve(step, by: actor, remembering: nil, gathering: &gathered)
        self.fast.settle(&gathered)
        return Step(outcome: outcome.array(), entry: entry.array())
    }

    private mutating func record(_ command: Command, at time: Instant, by actor: String) -> Step? {
        var batch = PlainReceipt.Batch()
        let isRead = Self.bytes { Command.batch([command], .independent).encode(into: &$0) }
            .withUnsafeBytes { batch.read($0) }
        var step = PlainReceipt.Step()
        guard isRead, self.fast.decide(batch, 0, at: time, into: &step) else { return nil }
        let outcome = Self.bytes { step.outcome.encode(into: &$0) }
        var entry = ByteWriter()
        step.encodeEntry(by: actor, remembering: nil, into: &entry)
        var gathered = GatheredReceipts()
        self.fast.evolve(step, by: actor, remembering: nil, gathering: &gathered)
        gathered.checkInvariants()
        self.fast.settle(&gathered)
        return Step(outcome: outcome, entry: entry.array())
    }

    private mutating func create(
        _ batch: borrowing PlainProduct.Batch,
        at time: Instant,
        by actor: String
    ) -> Step? {
        var step = PlainProduct.Step()
        var gathered = GatheredProducts()
        self.fast.prefetch(batch)
        switch self.fast.decide(batch, 0, at: time, behind: gathered, into: &step) {
        case .slowPath: return nil
        case .refused(let refusal):
            let outcome = Self.bytes { Outcome.refused(refusal).encode(into: &$0) }
            return Step(outcome: outcome, entry: [])
        case .created: break
        }
        var outcome = ByteWriter()
        var entry = ByteWriter()
        step.encodeOutcome(into: &outcome)
        self.fast.encodeEntry(batch, at: 0, step: step, by: actor, remembering: nil, into: &entry)
        self.fast.evolve(
            batch,
            at: 0,
            step: &step,
            by: actor,
            remembering: nil,
            gathering: &gathered
        )
        self.fast.settle(&gathered)
        return Step(outcome: outcome.array(), entry: entry.array())
    }
}
