public import Bytes
public import InventoryModel

/// The conflated changes of several steps: only the latest of each level, and everything else
/// unchanged.
///
///     steps   41 A=9  42 B=4  43 A=8 ▲low  44 C=1  45 A=7
///     window          42 B=4  43     ▲low  44 C=1  45 A=7        in the order of their LSNs
///
/// A movement becomes the level that it left. Other changes, such as an edge of an alert or an update of a
/// product, stay in their place. After the whole window the levels are those of its last step; within it
/// some are older.
public struct ConflationWindow {
    private struct Row {
        var step: Int32
        var isMoved: Bool
        var isLevel: Bool
        var isAlive: Bool
        var offset: Int
        var byteCount: Int
    }

    private struct Step {
        var lsn: LSN
        var time: Instant
        var actor: String
    }

    private var steps: [Step] = []
    private var rows: [Row] = []
    /// The encoded changes.
    private var bytes: [UInt8] = []
    /// The row of each level's latest change.
    private var latest = LevelSlots()
    private var aliveCount = 0

    /// Creates an empty window.
    public init() {}

    /// The number of levels and other changes in the window.
    public var count: Int { self.aliveCount }
    /// Whether the window has no changes.
    public var isEmpty: Bool { self.aliveCount == 0 }

    /// Adds the changes of a step that a subscription selects.
    ///
    /// - Returns: ``SubscriptionMatcher/Selection/enters`` if the step brings a product under the filter:
    ///   then none of it was added, since that needs the product's rows.
    public mutating func take(
        _ entry: EntryView,
        _ matcher: SubscriptionMatcher,
        in keys: SelectionKeys
    ) throws(ByteReaderError) -> SubscriptionMatcher.Selection {
        if matcher.selectsAllLevels {
            var selected = false
            try entry.forEachChange { (bytes) throws(ByteReaderError) in
                guard matcher.selects(bytes) else { return }
                try self.take(bytes, of: entry, isFirst: !selected)
                selected = true
            }
            self.compactIfWorthIt()
            return selected ? .written : .none
        }
        var writer = ByteWriter()
        let selection = try matcher.select(entry, in: keys, into: &writer)
        guard selection == .written else { return selection }
        try writer.withBytes { (bytes) throws(ByteReaderError) in try self.take(selected: bytes) }
        return .written
    }

    /// Adds entries that were selected already.
    public mutating func take(selected bytes: UnsafeRawBufferPointer) throws(ByteReaderError) {
        var reader = ByteReader(bytes)
        while reader.remaining > 0 {
            let entry = try EntryView(from: &reader)
            var isFirst = true
            try entry.forEachChange { (bytes) throws(ByteReaderError) in
                try self.take(bytes, of: entry, isFirst: isFirst)
                isFirst = false
            }
        }
        self.compactIfWorthIt()
    }

    private mutating func take(
        _ change: UnsafeRawBufferPointer,
        of entry: EntryView,
        isFirst: Bool
    ) throws(ByteReaderError) {
        if isFirst {
            self.steps.append(Step(lsn: entry.lsn, time: entry.time, actor: entry.actor))
        }
        let isMoved = change.first == ChangeTag.moved.rawValue
        let isLevel = isMoved || change.first == ChangeTag.level.rawValue
        let row = self.rows.count
        if isLevel, let old = self.latest.update(try Self.key(change, isMoved), row) {
            self.rows[old].isAlive = false
            self.aliveCount -= 1
        }
        self.rows.append(
            Row(
                step: Int32(self.steps.count - 1),
                isMoved: isMoved,
                isLevel: isLevel,
                isAlive: true,
                offset: self.bytes.count,
                byteCount: change.count
            )
        )
        self.bytes.append(contentsOf: change)
        self.aliveCount += 1
    }

    /// The key of a level: it starts with its product and location, a movement with its kind and then those.
    private static func key(
        _ change: UnsafeRawBufferPointer,
        _ isMoved: Bool
    ) throws(ByteReaderError) -> UInt64 {
        var reader = ByteReader(change)
        _ = try reader.readUInt8()
        if isMoved { _ = try reader.readUInt8() }
        return LevelSlots.key(
            try reader.readVarint(as: UInt32.self, "product"),
            try reader.readVarint(as: UInt16.self, "location")
        )
    }

    /// Drops replaced changes, once they are the larger part.
    private mutating func compactIfWorthIt() {
        guard self.rows.count > 4_096, self.rows.count > 4 * self.aliveCount else { return }
        var compacted = ConflationWindow()
        var step: Int32 = -1
        self.bytes.withUnsafeBytes { bytes in
            for row in self.rows where row.isAlive {
                if row.step != step {
                    step = row.step
                    compacted.steps.append(self.steps[Int(step)])
                }
                var moved = row
                moved.step = Int32(compacted.steps.count - 1)
                moved.offset = compacted.bytes.count
                let change = bytes[row.offset..<(row.offset + row.byteCount)]
                compacted.bytes.append(contentsOf: change)
                compacted.rows.append(moved)
            }
        }
        compacted.aliveCount = compacted.rows.count
        for (index, row) in compacted.rows.enumerated() where row.isLevel {
            compacted.bytes.withUnsafeBytes { bytes in
                let change = UnsafeRawBufferPointer(
                    rebasing: bytes[row.offset..<(row.offset + row.byteCount)]
                )
                do throws(ByteReaderError) {
                    _ = compacted.latest.update(try Self.key(change, row.isMoved), index)
                } catch {
                    preconditionFailure("a level that was read before is unreadable: \(error)")
                }
            }
        }
        self = compacted
    }

    /// Visits the remaining changes as entries, in order, in pieces of about `byteCountMax` bytes.
    ///
    /// - Parameters:
    ///   - byteCountMax: The approximate size of a piece.
    ///   - visit: Receives the entries of a piece, and the LSN of its last one.
    /// - Throws: `ByteReaderError` if a retained change cannot be read.
    public func forEachPiece(
        byteCountMax: Int,
        _ visit: (borrowing ByteWriter, LSN) -> Void
    ) throws(ByteReaderError) {
        var writer = ByteWriter(capacity: 4_096)
        var target: EntryWriter?
        var step: Int32 = -1
        for row in self.rows where row.isAlive {
            if row.step != step {
                target?.finish(into: &writer)
                if step >= 0, writer.count >= byteCountMax {
                    visit(writer, self.steps[Int(step)].lsn)
                    writer.removeAll()
                }
                step = row.step
                let begun = self.steps[Int(step)]
                target = EntryWriter(
                    lsn: begun.lsn,
                    time: begun.time,
                    actor: begun.actor,
                    into: &writer
                )
            }
            try self.append(row, to: &target, &writer)
        }
        target?.finish(into: &writer)
        if step >= 0 { visit(writer, self.steps[Int(step)].lsn) }
    }

    private func append(
        _ row: Row,
        to target: inout EntryWriter?,
        _ writer: inout ByteWriter
    ) throws(ByteReaderError) {
        let step = self.steps[Int(row.step)]
        let result = self.bytes.withUnsafeBytes { bytes -> Result<Void, ByteReaderError> in
            let change = UnsafeRawBufferPointer(
                rebasing: bytes[row.offset..<(row.offset + row.byteCount)]
            )
            guard row.isMoved else {
                target?.append(encoded: change, into: &writer)
                return .success(())
            }
            do throws(ByteReaderError) {
                var reader = ByteReader(change)
                var strings = EntryStrings.skipped
                let moved = try Change(from: &reader, lsn: step.lsn, time: step.time, &strings)
                if case .moved(_, let level) = moved {
                    target?.append(.level(level), into: &writer)
                }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}

extension ConflationWindow {
    /// Stops the process unless exactly the latest change of each level is alive, and the changes are in order.
    ///
    /// - Throws: `ByteReaderError` if a retained change cannot be read.
    /// - Complexity: O(changes)
    package func checkInvariants() throws(ByteReaderError) {
        self.latest.checkInvariants()
        var (aliveCount, end) = (0, 0)
        for (index, row) in self.rows.enumerated() {
            precondition(row.offset == end, "change \(index) begins at \(row.offset), not \(end)")
            precondition(self.steps.indices.contains(Int(row.step)), "change \(index)")
            precondition(index == 0 || self.rows[index - 1].step <= row.step, "change \(index)")
            end += row.byteCount
            if row.isAlive { aliveCount += 1 }
            guard row.isLevel else {
                precondition(row.isAlive, "change \(index) was replaced, and is of no level")
                continue
            }
            let bytes = Array(self.bytes[row.offset..<(row.offset + row.byteCount)])
            let found = bytes.withUnsafeBytes { bytes in
                Result { () throws(ByteReaderError) in try Self.key(bytes, row.isMoved) }
            }
            let key = try found.get()
            let isLatest = self.latest.row(key) == index
            precondition(isLatest == row.isAlive, "change \(index) is latest: \(isLatest)")
        }
        precondition(end == self.bytes.count, "\(self.bytes.count) bytes, \(end) of changes")
        precondition(aliveCount == self.aliveCount, "\(aliveCount) of \(self.aliveCount) changes")
        for index in self.steps.indices.dropFirst() {
            precondition(self.steps[index - 1].lsn < self.steps[index].lsn, "step \(index)")
        }
    }
}

extension SubscriptionMatcher {
    /// Whether it selects changes by their topic only.
    var selectsAllLevels: Bool { self.filter.isEmpty && self.topics.contains(.stock) }

    /// Whether a change matches the subscription, if ``selectsAllLevels`` is true.
    func selects(_ change: UnsafeRawBufferPointer) -> Bool {
        guard let tag = change.first.flatMap({ ChangeTag(rawValue: $0) }) else { return false }
        return !self.topics.isDisjoint(with: Self.topics(of: tag))
    }
}
