internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// What the requests of imports did: which steps they made and how many rows they recorded, in their order.
///
///     part   run │ steps 812 … 1,060 │ booked 240, already there 8, refused 2, without cost 12
///
/// A part that continues the last one, which is that of an import that no other client interrupts, is added to
/// it, so an import that runs alone has one row. Rows are never removed. See ``ImportPart``.
struct ImportPartTable: Sendable {
    private(set) var runs = Column<UInt32>()
    private(set) var files = TextColumn()
    private(set) var firsts = Column<UInt64>()
    private(set) var lasts = Column<UInt64>()
    private(set) var booked = Column<UInt64>()
    private(set) var alreadyThere = Column<UInt64>()
    private(set) var refused = Column<UInt64>()
    private(set) var withoutCost = Column<UInt64>()

    var rowCount: Int { self.runs.count }

    /// Adds the part whose last step is the one at `last`.
    mutating func add(_ part: ImportPart, last: LSN) {
        precondition(
            part.number > 0 && part.first <= last,
            "a part of run \(part.number) from \(part.first) to \(last)"
        )
        let row = self.rowCount - 1
        if row >= 0, self.runs[row] == part.number, part.file.isEmpty,
            self.lasts[row] + 1 >= part.first.value
        {
            self.lasts[row] = last.value
            self.booked[row] += part.booked
            self.alreadyThere[row] += part.alreadyThere
            self.refused[row] += part.refused
            self.withoutCost[row] += part.withoutCost
            return
        }
        self.runs.append(part.number)
        self.files.append(part.file)
        self.firsts.append(part.first.value)
        self.lasts.append(last.value)
        self.booked.append(part.booked)
        self.alreadyThere.append(part.alreadyThere)
        self.refused.append(part.refused)
        self.withoutCost.append(part.withoutCost)
    }

    /// The sums of the parts of one run.
    struct Sum {
        var file = ""
        var booked: UInt64 = 0
        var alreadyThere: UInt64 = 0
        var refused: UInt64 = 0
        var withoutCost: UInt64 = 0

        fileprivate mutating func add(_ row: Int, of table: ImportPartTable) {
            if self.file.isEmpty { self.file = table.files[row] }
            self.booked += table.booked[row]
            self.alreadyThere += table.alreadyThere[row]
            self.refused += table.refused[row]
            self.withoutCost += table.withoutCost[row]
        }
    }

    /// Returns the sums of all runs that have parts, by the runs' numbers, with a checkpoint at each row.
    ///
    /// - Throws: The errors of `checkpoint`.
    /// - Complexity: O(parts)
    func sums<Failure: Error>(
        _ checkpoint: (Int) throws(Failure) -> Void
    ) throws(Failure) -> [UInt32: Sum] {
        var sums: [UInt32: Sum] = [:]
        for row in 0..<self.rowCount {
            try checkpoint(row)
            sums[self.runs[row], default: Sum()].add(row, of: self)
        }
        return sums
    }

    /// Whether a step was made by the run with that number.
    ///
    /// - Complexity: O(log parts)
    func contains(_ lsn: LSN, ofRun number: UInt32) -> Bool { self.run(of: lsn) == number }

    /// The number of the run that made a step; `nil` if none did.
    ///
    /// - Complexity: O(log parts)
    func run(of lsn: LSN) -> UInt32? {
        var (low, high) = (0, self.rowCount)
        while low < high {
            let middle = (low + high) / 2
            if self.lasts[middle] < lsn.value { low = middle + 1 } else { high = middle }
        }
        guard low < self.rowCount, self.firsts[low] <= lsn.value else { return nil }
        return self.runs[low]
    }

    /// The steps of a part.
    func steps(_ row: Int) -> ClosedRange<LSN> {
        LSN(self.firsts[row])...LSN(self.lasts[row])
    }

    /// Visits every column with its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.visit(1_200, &self.runs)
        try self.files.visitParts(1_201, &visitor)
        try visitor.visit(1_203, &self.firsts)
        try visitor.visit(1_204, &self.lasts)
        try visitor.visit(1_205, &self.booked)
        try visitor.visit(1_206, &self.alreadyThere)
        try visitor.visit(1_207, &self.refused)
        try visitor.visit(1_208, &self.withoutCost)
    }
}

extension ImportPartTable: StoredTable {}
