public import Bytes
public import ColumnStore
public import InventoryModel

/// The columns of a snapshot: how the tables are written to one and read back.
///
/// Each column has a number whose meaning never changes; a text column has two. A column that a
/// later version adds gets a new number; one that it removes leaves a gap.
extension InventoryTables {
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try self.categories.visit(&visitor)
        try self.locations.visit(&visitor)
        try self.products.visit(&visitor)
        try self.levels.visit(&visitor)
        try self.ledger.visit(&visitor)
        try self.refusals.visit(&visitor)
        try self.strings.visitParts(700, &visitor)
        try self.reservations.visit(&visitor)
        try self.transfers.visit(&visitor)
        try self.importRuns.visit(&visitor)
        try self.receipts.visit(&visitor)
        try self.importParts.visit(&visitor)
        try self.inferredProducts.visit(&visitor)
    }

    /// Whether a column was added since state checksums were first stored, in backups: empty ones are not part
    /// of a checksum.
    static func isLater(part: UInt32) -> Bool {
        part == LevelTable.reorderPointPart || part >= ReceiptTable.parts.lowerBound
    }

    /// Tables without their reserved rows, to be filled from a snapshot.
    static func blank() -> InventoryTables {
        var tables = InventoryTables()
        tables.categories = CategoryTable(blank: ())
        tables.locations = LocationTable(blank: ())
        tables.products = ProductTable(blank: ())
        tables.strings = TextColumn()
        tables.reservations = ReservationTable(blank: ())
        tables.transfers = TransferTable(blank: ())
        return tables
    }
}

/// A state frozen for a snapshot: the columns to write, and their epoch.
public struct StateImage: Sendable {
    /// The version of the state.
    public let lsn: LSN
    /// When the step at ``lsn`` was recorded.
    public let time: Instant
    /// The epoch of the columns when the image was taken.
    public let epoch: UInt64
    private let view: ReadView
    private let outcomes: RememberedOutcomes

    init(of state: InventoryState, epoch: UInt64) {
        self.lsn = state.lsn
        self.time = state.time
        self.epoch = epoch
        self.view = state.readView()
        self.outcomes = state.outcomes
    }

    /// The state checksum.
    ///
    /// - Complexity: O(rows), without those of sealed segments that were summed before
    public var checksum: StateChecksum { self.view.checksum(with: self.outcomes) }

    /// All columns, each with its number.
    ///
    /// Encodes the sessions, so do not call it on the engine's thread.
    public func parts() -> [(number: UInt32, column: any ColumnImaging)] {
        var collector = Collector()
        var tables = self.view.tables
        tables.visit(&collector)
        var writer = ByteWriter(capacity: 4_096)
        writer.write(self.lsn)
        writer.write(self.time)
        writer.writeText(self.view.currency?.code ?? "")
        self.outcomes.sessions.encode(into: &writer)
        self.outcomes.keys.encodeHead(into: &writer)
        writer.write(InventoryState.hasBackorders)
        collector.parts.append((InventoryState.keysPart, self.outcomes.keys))
        collector.parts.append((InventoryState.headPart, BlobImage(writer.array(), self.epoch)))
        return collector.parts
    }

    private struct Collector: ImageVisitor {
        typealias Failure = Never
        var parts: [(number: UInt32, column: any ColumnImaging)] = []

        mutating func visit(_ number: UInt32, _ column: inout some ColumnImaging) {
            self.parts.append((number, column))
        }
    }
}

extension InventoryState {
    /// LSN, time, currency, sessions, and what the chunks of the keys do not contain: small, and different
    /// in every snapshot.
    static let headPart: UInt32 = 1
    /// Marks the end of the head if the snapshot has the ledger's columns of backorders.
    static let hasBackorders: UInt8 = 1
    /// The chunks of the idempotency keys.
    static let keysPart: UInt32 = 2

    /// Freezes the state for a snapshot, and starts a new epoch for later changes.
    ///
    /// - Complexity: O(columns)
    public mutating func takeImage() -> StateImage {
        let image = StateImage(of: self, epoch: self.epoch)
        self.epoch += 1
        var beginner = EpochBeginner(epoch: self.epoch)
        self.tables.visit(&beginner)
        self.keys.beginEpoch(self.epoch)
        return image
    }

    private struct EpochBeginner: ImageVisitor {
        typealias Failure = Never
        let epoch: UInt64

        mutating func visit(_ number: UInt32, _ column: inout some ColumnImaging) {
            column.beginEpoch(self.epoch)
        }
    }

    /// Why a snapshot whose blocks are all intact is still not a valid state.
    public struct ImageError: Error, CustomStringConvertible, Sendable {
        /// A message for the operator, which says what is wrong and where.
        public let description: String
    }

    /// Reads a state from the snapshot that `source` visits, and builds the derived indexes.
    ///
    /// - Parameter source: Fills each column that it visits from the snapshot.
    /// - Returns: The state at the snapshot's LSN.
    /// - Throws: ``ImageError`` if the columns are not a state, and the errors of `source`.
    /// - Complexity: O(rows)
    public static func load<Source: ImageVisitor>(
        from source: inout Source
    ) throws -> InventoryState {
        var state = InventoryState()
        state.tables = .blank()
        try state.tables.visit(&source)
        var head = BlobImage([], 0)
        try source.visit(Self.headPart, &head)
        var keys = KeyLog()
        try source.visit(Self.keysPart, &keys)
        let hasBackorders: Bool
        do throws(ByteReaderError) {
            hasBackorders = try state.readHead(head.bytes, keys)
        } catch {
            throw ImageError(description: "the head of the snapshot: \(error)")
        }
        state.tables.products.completeLoading()
        state.tables.reservations.completeLoading()
        state.tables.transfers.completeLoading()
        state.tables.ledger.completeLoading()
        if !hasBackorders { state.tables.ledger.deriveBackorders() }
        state.tables.levels.rebuildRows()
        state.buildIndexes {}
        state.bindImportRuns()
        return state
    }

    /// Creates a state that continues from a view, independent of the state that the view is of: for a dry run.
    ///
    /// It shares the view's segments until it changes them. Of a whole view it has the sessions and the
    /// idempotency keys too; else it has none.
    ///
    /// - Parameter view: The view of the tables; its token may end the work, or let other work run in between.
    /// - Throws: The refusals of the view's token.
    /// - Complexity: O(rows + keys)
    public init(from view: ReadView) throws(Refusal) {
        self.init()
        self.lsn = view.lsn
        self.time = view.time
        self.currency = view.currency
        self.tables = view.tables
        if let outcomes = view.outcomes {
            self.sessions = outcomes.sessions
            self.keys = try KeyTable(outcomes.keys) { () throws(Refusal) in try view.checkpoint() }
        }
        try self.buildIndexes { () throws(Refusal) in try view.checkpoint() }
    }

    /// Rows that are indexed between two checkpoints.
    private static let rowsBetweenCheckpoints = 1_024

    /// Builds what is derived from the tables, with a checkpoint every thousand rows.
    ///
    /// - Throws: The errors of `checkpoint`.
    /// - Complexity: O(rows)
    private mutating func buildIndexes<Failure: Error>(
        _ checkpoint: () throws(Failure) -> Void
    ) throws(Failure) {
        let tables = self.tables
        self.indexes = CatalogIndexes()
        try Self.parts(of: 1..<max(tables.strings.count, 1), checkpoint) {
            self.indexes.insert(codes: $0, of: tables.strings)
        }
        try Self.parts(of: 1..<max(tables.products.rowCount, 1), checkpoint) {
            self.indexes.insert(rows: $0, of: tables.products)
        }
        try Self.parts(of: 1..<max(tables.categories.rowCount, 1), checkpoint) {
            self.indexes.insert(rows: $0, of: tables.categories)
        }
        try Self.parts(of: 1..<max(tables.locations.rowCount, 1), checkpoint) {
            self.indexes.insert(rows: $0, of: tables.locations)
        }
        self.links = MovementLinks()
        self.expectedGoods = ExpectedGoods()
        try Self.parts(of: 0..<tables.ledger.rowCount, checkpoint) {
            self.links.insert(rows: $0, of: tables.ledger)
            self.expectedGoods.insert(rows: $0, of: tables.ledger)
        }
        self.deadlines = ReservationDeadlines()
        try Self.parts(of: 1..<max(tables.reservations.rowCount, 1), checkpoint) {
            self.deadlines.insert(rows: $0, of: tables.reservations)
        }
        self.openTransfers = OpenTransfers()
        try Self.parts(of: 1..<max(tables.transfers.rowCount, 1), checkpoint) {
            self.openTransfers.insert(rows: $0, of: tables.transfers)
        }
        self.importRuns = ImportRunIndex()
        try Self.parts(of: 0..<tables.importRuns.rowCount, checkpoint) {
            for row in $0 { self.importRuns.insert(row, in: tables.importRuns) }
        }
        self.inferredProducts = ShardedMap()
        try Self.parts(of: 0..<tables.inferredProducts.rowCount, checkpoint) {
            for row in $0 {
                guard let times = tables.inferredProducts.times(row) else { continue }
                self.inferredProducts[times.product] = row
            }
        }
        self.receipts = ReceiptIndex()
        try Self.parts(of: 0..<tables.receipts.rowCount, checkpoint) {
            for part in $0 { self.receipts.insert(part, in: tables.receipts) }
        }
    }

    /// Calls `body` with the parts of `rows`, one after the other, each after a checkpoint.
    private static func parts<Failure: Error>(
        of rows: Range<Int>,
        _ checkpoint: () throws(Failure) -> Void,
        _ body: (Range<Int>) -> Void
    ) throws(Failure) {
        var rest = rows
        while !rest.isEmpty {
            try checkpoint()
            let part = rest.prefix(Self.rowsBetweenCheckpoints)
            body(part)
            rest = rest.dropFirst(part.count)
        }
    }

    /// - Returns: Whether the snapshot has the ledger's columns of backorders.
    private mutating func readHead(
        _ bytes: [UInt8],
        _ keys: KeyLog
    ) throws(ByteReaderError) -> Bool {
        let result = bytes.withUnsafeBytes { bytes -> Result<Bool, ByteReaderError> in
            do throws(ByteReaderError) {
                var reader = ByteReader(bytes)
                self.lsn = try reader.readLSN()
                self.time = try reader.readInstant()
                self.currency = Currency(code: try reader.readText())
                self.sessions = try SessionTable(from: &reader)
                // A snapshot of version 0.1.0 has no keys, and no columns of backorders.
                guard reader.remaining > 0 else { return .success(false) }
                self.keys = try KeyTable(keys, head: &reader)
                guard reader.remaining > 0 else { return .success(false) }
                let offset = reader.offset
                let mark = try reader.readUInt8()
                guard mark == Self.hasBackorders else {
                    throw .unknownCode(offset: offset, code: UInt64(mark), what: "mark of the head")
                }
                try reader.finish()
                return .success(true)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

/// Bytes that every snapshot writes in full, in segments of at most 1 MiB.
struct BlobImage: ColumnImaging {
    private static let segmentByteCount = 1 << 20
    private(set) var bytes: [UInt8]
    private let epoch: UInt64

    init(_ bytes: [UInt8], _ epoch: UInt64) {
        self.bytes = bytes
        self.epoch = epoch
    }

    var imageRowCount: Int? { nil }

    var imageSegmentCount: Int {
        (self.bytes.count + Self.segmentByteCount - 1) / Self.segmentByteCount
    }

    func imageSegmentStride(_ segment: Int) -> Int { 1 }
    func imageSegmentEpoch(_ segment: Int) -> UInt64 { self.epoch }

    func writeImageSegment(_ segment: Int, into writer: inout ByteWriter) {
        let start = segment * Self.segmentByteCount
        let end = min(start + Self.segmentByteCount, self.bytes.count)
        writer.write(bytes: Array(self.bytes[start..<end]))
    }

    mutating func appendImageSegment(_ reader: inout ByteReader) throws(ByteReaderError) {
        self.bytes += try reader.readBytes(reader.remaining)
    }

    func checksum(ofPart part: UInt32) -> UInt64 {
        self.bytes.withUnsafeBytes {
            StateChecksum.cell(ofPart: part, row: 0, value: Hash64.hash($0))
        }
    }

    mutating func beginEpoch(_ epoch: UInt64) {}
}

extension SessionTable.Session {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(self.number)
        self.id.encode(into: &writer)
        writer.write(self.usedAt)
        writer.writeVarint(self.sequence)
        let outcomes = self.outcomes
        writer.writeVarint(outcomes.oldest)
        for sequence in outcomes.oldest..<(outcomes.sequence + 1) {
            let outcome = outcomes.outcome(sequence)
            writer.write(outcomes.digest(sequence))
            writer.writeVarint(UInt64(outcome.count))
            outcome.withUnsafeBytes { writer.write(bytes: $0) }
        }
    }
}

extension SessionTable {
    func encode(into writer: inout ByteWriter) {
        writer.write(self.nextNumber)
        writer.writeVarint(UInt64(self.sessions.count))
        for session in self.sessions.sorted(by: { $0.number < $1.number }) {
            session.encode(into: &writer)
        }
    }

    /// The sum of the sessions in a state checksum: a row is a session's encoding.
    func checksum(ofPart part: UInt32) -> UInt64 {
        var sum = StateChecksum.count(Int(self.nextNumber), ofPart: part)
        var writer = ByteWriter(capacity: 4_096)
        for session in self.sessions {
            writer.removeAll()
            session.encode(into: &writer)
            sum &+= StateChecksum.cell(
                ofPart: part,
                row: Int(session.number),
                value: writer.withBytes { Hash64.hash($0) }
            )
        }
        return sum
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init()
        let nextNumber = try reader.readUInt32()
        let count = try reader.readCount(limit: Limits.sessionsMax)
        for _ in 0..<count {
            let number = try reader.readUInt32()
            let id = try SessionID(from: &reader)
            let usedAt = try reader.readInstant()
            let sequence = try reader.readVarint()
            let oldest = try reader.readVarint()
            guard oldest >= 1, oldest <= sequence &+ 1,
                sequence &+ 1 - oldest <= UInt64(Limits.sessionWindow)
            else {
                throw .tooLong(
                    offset: reader.offset,
                    length: sequence,
                    limit: Limits.sessionWindow
                )
            }
            var session = Session(
                id: id,
                number: number,
                usedAt: usedAt,
                beginningAfter: oldest - 1
            )
            for next in oldest..<(sequence + 1) {
                let digest = try reader.readUInt64()
                let outcome = try reader.readBytes(try reader.readCount(limit: .max))
                session.outcomes.remember(next, digest: digest, outcome)
            }
            self.restore(session)
        }
        self.restore(nextNumber: nextNumber)
    }
}
