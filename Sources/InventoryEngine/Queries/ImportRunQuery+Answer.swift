internal import Bytes
internal import ColumnStore
internal import InventoryModel

extension ReadView {
    private static let importRunLayout = AnswerLayout(
        of: ImportRun.self,
        [
            "run", .joined("file", .text), "kind", .joined("state", .text), "begunAt",
            .joined("endedAt", .instant), .joined("booked", .integer),
            .joined("alreadyThere", .integer), "refused", "passed", "accepted",
            .joined("withoutCost", .integer), .joined("actor", .text), "content", "layout",
            .joined("session", .text), "requests", "refusedCommands", "revision",
        ],
        without: ["number", "sessionHigh", "sessionLow", "finished", "endedAt"]
    )

    /// The runs of imports that a query asks for, in its order.
    ///
    /// - Complexity: O(runs + parts · log movements + reversals · log parts)
    func importRuns(_ query: ImportRunQuery) throws(Refusal) -> Answer {
        try self.check(limit: query.limit)
        let table = self.tables.importRuns
        let rows = RowRange(
            count: table.rowCount,
            isNewestFirst: query.isNewestFirst
        )
        let names = EntityNames(self.tables)
        let tables = self.tables
        let sums = try tables.importParts.sums { (row) throws(Refusal) in
            try self.checkpoint(at: row)
        }
        let undone = try self.undoneImportRuns()
        return Answer(
            Self.importRunLayout.schema,
            limit: query.limit,
            token: self.token,
            over: rows
        ) { row in
            if !query.run.isEmpty, table.names[row] != query.run { return nil }
            if !query.content.isEmpty, table.contents[row] != query.content { return nil }
            var run = table.run(row)
            let sum = sums[run.number]
            let booked = run.settle(by: sum)
            let joined: [ResultCell] = [
                .text(sum?.file ?? ""),
                .text(
                    run.isFinished ? undone.contains(run.number) ? "undone" : "finished" : "begun"
                ),
                run.isFinished ? .instant(run.endedAt) : .none,
                .integer(Int64(clamping: booked)),
                .integer(Int64(clamping: run.counts.accepted - booked)),
                .integer(Int64(clamping: sum?.withoutCost ?? 0)),
                tables.actorCell(table.actors[row]), .text(run.session.hexadecimal),
            ]
            return Self.importRunLayout.cells(of: run, joined: joined, names)
        }
    }
}

extension ReadView {
    private static let importStepSchema = [
        ResultField("lsn", .integer), ResultField("recordedAt", .instant),
        ResultField("kind", .text), ResultField("sku", .text), ResultField("reference", .text),
        ResultField("movements", .integer),
    ]

    /// The steps with movements that a run of an import made, newest first; kind, SKU and reference are those of
    /// the last movement.
    ///
    /// - Throws: `invalid_field` if no run has that name, `cancelled` or `deadline_exceeded`.
    /// - Complexity: O(runs + parts + movements of the run)
    func importSteps(_ query: ImportStepQuery) throws(Refusal) -> Answer {
        try self.check(limit: query.limit)
        let tables = self.tables
        guard let number = try self.importRun(named: query.run) else {
            throw Refusal(.invalidField, .field("run", problem: "is no import on record"))
        }
        var steps: [Range<Int>] = []
        for part in (0..<tables.importParts.rowCount).reversed() {
            try self.checkpoint(at: part)
            guard tables.importParts.runs[part] == number else { continue }
            let lsns = tables.importParts.steps(part)
            let first = tables.ledger.firstRow(after: lsns.lowerBound.previous)
            var end = tables.ledger.firstRow(after: lsns.upperBound)
            while end > first {
                try self.checkpoint(at: end)
                let step = tables.ledger.rows(of: LSN(tables.ledger.lsns[end - 1]))
                steps.append(step)
                end = step.lowerBound
            }
        }
        return Answer(
            Self.importStepSchema,
            limit: query.limit,
            token: self.token,
            over: steps
        ) { step in
            let row = step.upperBound - 1
            let ledger = tables.ledger
            return [
                .integer(Int64(ledger.lsns[row])),
                .instant(Instant(microseconds: ledger.recordedAt[row])),
                .text("\(ledger.kind(row))"),
                .text(tables.products.skus[ProductID(ledger.products[row]).row]),
                .text(tables.strings[Int(ledger.references[row])]), .number(step.count),
            ]
        }
    }

    /// The number of the run with that name; `nil` if there is none.
    private func importRun(named name: String) throws(Refusal) -> UInt32? {
        for row in (0..<self.tables.importRuns.rowCount).reversed() {
            try self.checkpoint(at: row)
            if self.tables.importRuns.names[row] == name { return UInt32(row + 1) }
        }
        return nil
    }
}

extension ImportRun {
    /// Completes the counts of a run by what its parts add up to; `nil` for a run of a version that recorded none.
    ///
    /// A run that is not finished has no other counts. Of a finished one, the client counted all rows, but only
    /// the server knows which lines of receipts an earlier process of the same run had recorded.
    ///
    /// - Returns: The rows that were recorded; the other accepted ones were already in the database.
    fileprivate mutating func settle(by sum: ImportPartTable.Sum?) -> UInt64 {
        guard let sum else { return self.counts.accepted }
        guard self.isFinished else {
            self.counts.accepted = sum.booked &+ sum.alreadyThere
            self.counts.refused = sum.refused
            return sum.booked
        }
        return self.kind == .sales
            ? min(sum.booked, self.counts.accepted)
            : self.counts.accepted - min(sum.alreadyThere, self.counts.accepted)
    }
}

/// The rows of a table in the order of their numbers, or reversed.
private struct RowRange: Sequence, IteratorProtocol {
    private var rest: Range<Int>
    private let isNewestFirst: Bool

    init(count: Int, isNewestFirst: Bool) {
        self.rest = 0..<count
        self.isNewestFirst = isNewestFirst
    }

    mutating func next() -> Int? { self.isNewestFirst ? self.rest.popLast() : self.rest.popFirst() }
}
