import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// Prints lists: how rows are written, and the answers to queries.
extension Shell {
    /// Returns how to write rows.
    func style(isSingle: Bool = false, omitting: Set<String> = []) -> RowStyle {
        // One thing is read from top to bottom.
        let isUpright = isSingle && self.settings[.output].isEmpty && self.format == .table
        return RowStyle(
            format: isUpright ? .vertical : self.format,
            currencyDecimals: self.server.currencyDecimals,
            fields: self.options.fieldNames,
            omitted: omitting,
            isSingle: isSingle,
            width: Terminal.isOutput ? Terminal.size.columns : nil,
            hasColor: self.settings.color.isColored(Terminal.isOutput),
            isForTerminal: Terminal.isOutput,
            clock: self.clock,
            zone: self.settings.zone
        )
    }

    /// Prints the answer to a query as it arrives, with all list options: `--where`, `--sort`,
    /// `--limit`, `--fields`, every format, the pager, `--watch`.
    ///
    /// - Parameters:
    ///   - query: The query to send.
    ///   - isSingle: Whether to write one object instead of an array with one.
    ///   - omitting: Columns to hide from people because they are the same in every row.
    /// - Throws: ``Failure`` or an error of the client.
    func list(
        _ query: Query,
        isSingle: Bool = false,
        omitting: Set<String> = []
    ) async throws {
        if self.isWatching {
            try await self.watch(query, omitting: omitting)
            return
        }
        var output = RowOutput(self.style(isSingle: isSingle, omitting: omitting), self.listing)
        let sink = self.sink()
        // Printed once there is an answer.
        var note = self.options.isQuiet ? nil : query.asOf?.note(self.clock)
        for try await part in self.client.rows(of: query) {
            note.take().map { Terminal.note($0) }
            let wantsMore = try output.take(part.table)
            try sink.write(&output.bytes)
            if !wantsMore { break }
        }
        output.finish()
        try sink.write(&output.bytes)
        sink.finish()
        self.noteIfEmpty(output, query.rowNoun)
    }

    /// Prints the answers to queries of one kind as one list, in their order.
    ///
    /// Each answer is of its own version. They are gathered first, so that the columns fit the rows of all.
    func list(all queries: [Query]) async throws {
        var rows: ResultTable?
        for query in queries {
            let table = try await self.client.query(query).table
            if rows == nil { rows = table } else { rows?.append(contentsOf: table) }
        }
        if let asOf = queries.first?.asOf, !self.options.isQuiet {
            Terminal.note(asOf.note(self.clock))
        }
        if let rows { try self.list(rows, self.style()) }
    }

    /// Notes for people that a list is empty, instead of showing nothing.
    private func noteIfEmpty(_ output: RowOutput, _ noun: String) {
        guard output.rowCount == 0, self.format.isForPeople, !self.options.isQuiet else { return }
        Terminal.note(self.listing.conditions.isEmpty ? "no \(noun)" : "no \(noun) match --where")
    }

    /// Prints rows that are here already with the same options.
    func list(_ table: ResultTable, _ style: RowStyle) throws {
        var output = RowOutput(style, self.listing)
        let sink = self.sink()
        _ = try output.take(table)
        output.finish()
        try sink.write(&output.bytes)
        sink.finish()
        self.noteIfEmpty(output, "rows")
    }

    func sink() -> RowSink {
        RowSink(pager: self.format.isForPeople ? self.settings.pagerCommand : nil)
    }

    /// Returns how to write the rows of an insight, whose spans of time are those of its zone.
    func style(of answer: InsightAnswer) -> RowStyle {
        var style = self.style()
        style.buckets = BucketText(answer.window.zone)
        style.zone = TimeZone(identifier: answer.window.zone) ?? TimeText.utc
        return style
    }
}
