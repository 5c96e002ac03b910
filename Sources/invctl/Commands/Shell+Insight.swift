internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

extension Shell {
    /// Shows an insight: a chart or a table on a terminal, plain rows when piped; its window, zone and LSN
    /// go to standard error.
    ///
    /// - Parameters:
    ///   - insight: The insight to query.
    ///   - picture: The chart for people; `none` for a table only.
    /// - Throws: ``Failure`` or an error of the client.
    func show(_ insight: Insight, picture: InsightPicture = .none) async throws {
        if self.isWatching {
            let selected = try await self.selecting(insight)
            try await InsightWatch(self, selected) { answer, shell in
                try shell.frame(answer, picture)
            }.run()
            return
        }
        let answer = try await self.client.insight(insight)
        if !self.options.isQuiet {
            let head = "\(InsightWatch.window(answer.window)), LSN \(answer.lsn)"
            let width = Terminal.isError ? Terminal.size.columns : .max
            for line in TextWidth.wrapped(head, to: width) { Terminal.note(line) }
            if let asOf = insight.asOf { Terminal.note(asOf.note(self.clock)) }
            if answer.table.hasMixedUnits {
                Terminal.note("quantities of different units are not added")
            }
        }
        guard self.format == .table else {
            try self.list(answer.table, self.style(of: answer))
            return
        }
        let frame = try self.frame(answer, picture)
        let lines = frame.head + frame.rows + frame.foot
        guard !lines.isEmpty else {
            if !self.options.isQuiet { Terminal.note("no rows") }
            return
        }
        let sink = self.sink()
        var bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        try sink.write(&bytes)
        sink.finish()
    }

    /// Returns the insight with `--where`, `--sort` and `--limit` applied by the server, before it limits
    /// the rows of a live query.
    private func selecting(_ insight: Insight) async throws -> Insight {
        let listing = self.listing
        guard !listing.conditions.isEmpty || listing.sort != nil || listing.limit != nil else {
            return insight
        }
        var selection = RowSelection(limit: UInt32(clamping: listing.limit ?? 0))
        if !listing.conditions.isEmpty || listing.sort != nil {
            // The columns are known from an answer with a single row.
            let one = try await self.client.insight(.rows(RowSelection(limit: 1), of: insight))
            let schema = one.table.schema
            let zone = self.style(of: one).zone
            selection.condition = try RowCondition(listing.conditions, schema, zone: zone)
            selection.order = try RowOrder.columns(listing.sort, schema).map {
                RowSelection.Order(schema[$0.column].name, descending: $0.isDescending)
            }
        }
        return .rows(selection, of: insight)
    }

    /// Returns an answer for people: with a chart above or beside its rows.
    func frame(_ answer: InsightAnswer, _ picture: InsightPicture) throws -> WatchFrame {
        if case .heatmap(let measure) = picture,
            let lines = Heatmap(
                answer.table,
                measure: measure,
                currencyDecimals: self.server.currencyDecimals
            )?.lines(width: self.style().width)
        {
            return WatchFrame(lines: lines)
        }
        var table = answer.table
        var above: [String] = []
        if case .bars(let measure) = picture, let bars = Bars(table, measure) {
            if let sparkline = bars.sparkline { above.append(sparkline) }
            table = bars.behind(table)
        }
        var output = RowOutput(self.style(of: answer), self.listing)
        _ = try output.take(table)
        output.finish()
        let lines = String(decoding: output.bytes, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        guard self.format == .table else { return WatchFrame(lines: above + lines) }
        let count = output.rowCount
        return WatchFrame(above + lines, above: above.count, rowCount: count, total: count)
    }
}

extension ResultTable {
    /// Whether a row has an empty quantity, as rows over several units have.
    fileprivate var hasMixedUnits: Bool {
        self.columns.indices.contains { column in
            self.columns[column].field.kind == .quantity
                && (0..<self.rowCount).contains { self.cell($0, column) == .none }
        }
    }
}
