internal import ColumnStore
internal import InventoryModel

extension ReadView {
    private static let importRunLayout = AnswerLayout(
        of: ImportRun.self,
        [
            "run", "kind", .joined("state", .text), "begunAt", .joined("endedAt", .instant),
            "accepted", "refused", "passed", .joined("actor", .text), "content", "layout",
            .joined("session", .text), "requests", "refusedCommands", "revision",
        ],
        without: ["number", "sessionHigh", "sessionLow", "finished", "endedAt"]
    )

    /// The runs of imports that a query asks for, in its order.
    func importRuns(_ query: ImportRunQuery) throws(Refusal) -> Answer {
        try self.check(limit: query.limit)
        let table = self.tables.importRuns
        let rows = RowRange(
            count: table.rowCount,
            isNewestFirst: query.isNewestFirst
        )
        let names = EntityNames(self.tables)
        let tables = self.tables
        return Answer(
            Self.importRunLayout.schema,
            limit: query.limit,
            token: self.token,
            over: rows
        ) { row in
            if !query.run.isEmpty, table.names[row] != query.run { return nil }
            if !query.content.isEmpty, table.contents[row] != query.content { return nil }
            let run = table.run(row)
            let joined: [ResultCell] = [
                .text(run.isFinished ? "finished" : "begun"),
                run.isFinished ? .instant(run.endedAt) : .none,
                tables.actorCell(table.actors[row]), .text(run.session.hexadecimal),
            ]
            return Self.importRunLayout.cells(of: run, joined: joined, names)
        }
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
