internal import ColumnStore
internal import InventoryModel

/// The parts of receipts of the past: which rows of the ledger are which lines of which receipt.
///
///     part   location, reference, day │ lines 0, 1, 2 │ rows 812, 813, 814
///
/// Append only; a part is what one command recorded, so its lines and its rows are consecutive. What a line
/// says is not repeated here: the ledger has it.
package struct ReceiptTable: Sendable {
    private(set) var locations = LedgerColumn<UInt16>()
    /// Codes of ``InventoryTables/strings``, never 0.
    private(set) var references = LedgerColumn<UInt32>()
    /// See `CalendarDay.ordinal`.
    private(set) var days = LedgerColumn<UInt32>()
    /// The number of a part's first line in the receipt.
    private(set) var firstLines = LedgerColumn<UInt32>()
    /// The number of lines.
    private(set) var counts = LedgerColumn<UInt16>()
    /// The ledger's row of the first line.
    private(set) var rows = LedgerColumn<UInt64>()

    /// The number of parts.
    package var rowCount: Int { self.rows.count }

    /// What identifies a receipt.
    struct Key: Hashable {
        var location: UInt16
        var reference: UInt32
        var day: UInt32

        init(_ location: LocationID, reference: UInt32, day: CalendarDay) {
            self.location = location.value
            self.reference = reference
            self.day = day.ordinal
        }

        fileprivate init(_ part: Int, _ table: ReceiptTable) {
            self.location = table.locations[part]
            self.reference = table.references[part]
            self.day = table.days[part]
        }
    }

    func key(_ part: Int) -> Key { Key(part, self) }

    func holds(_ key: Key, at part: Int) -> Bool {
        self.references[part] == key.reference && self.days[part] == key.day
            && self.locations[part] == key.location
    }

    /// The numbers of a part's lines in its receipt.
    func lines(_ part: Int) -> Range<Int> {
        let first = Int(self.firstLines[part])
        return first..<(first + Int(self.counts[part]))
    }

    /// The ledger's row of a line of the part.
    func ledgerRow(ofLine line: Int, in part: Int) -> Int {
        Int(self.rows[part]) + line - Int(self.firstLines[part])
    }

    mutating func append(_ key: Key, firstLine: UInt32, count: UInt16, row: Int) {
        self.locations.append(key.location)
        self.references.append(key.reference)
        self.days.append(key.day)
        self.firstLines.append(firstLine)
        self.counts.append(count)
        self.rows.append(UInt64(row))
    }

    /// Visits every column with its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.visit(1_000, &self.locations)
        try visitor.visit(1_001, &self.references)
        try visitor.visit(1_002, &self.days)
        try visitor.visit(1_003, &self.firstLines)
        try visitor.visit(1_004, &self.counts)
        try visitor.visit(1_005, &self.rows)
    }

    /// The columns of this table, which older versions do not have.
    static let parts: ClosedRange<UInt32> = 1_000...1_005
}

extension ReceiptTable: StoredTable {}
