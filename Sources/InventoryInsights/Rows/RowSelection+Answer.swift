internal import InventoryEngine
internal import InventoryModel

extension RowSelection {
    /// Returns the selected rows of a table.
    ///
    /// - Throws: `invalid_field` for an unknown column, `out_of_range` beyond a limit, or the reason for
    ///   ending the query early.
    /// - Complexity: O(rows · tests + selected · log selected)
    func rows(of table: ResultTable, _ view: ReadView) throws(Refusal) -> ResultTable {
        guard self.limit <= UInt32(Limits.queryRowsMax) else {
            throw Refusal(
                .outOfRange,
                .range(
                    "limit",
                    value: Int64(self.limit),
                    lowest: 0,
                    highest: Int64(Limits.queryRowsMax)
                )
            )
        }
        let schema = table.schema
        var rows = Array(0..<table.rowCount)
        if let condition = self.condition {
            let decimals = view.currency?.decimals ?? 0
            let bound = try BoundCondition(condition, schema, currencyDecimals: decimals)
            rows.removeAll()
            for row in 0..<table.rowCount {
                try view.checkpoint(at: row << 6)
                if bound.holds(table, row) { rows.append(row) }
            }
        }
        if !self.order.isEmpty {
            var keys: [RowComparison.Key] = []
            for order in self.order {
                guard let column = schema.firstIndex(where: { $0.name == order.column }) else {
                    throw .noColumn(order.column, of: "order")
                }
                keys.append(
                    RowComparison.Key(column: column, isDescending: order.isDescending)
                )
            }
            let comparison = RowComparison(keys, of: table)
            try view.sort(&rows, by: comparison.isBefore)
        }
        if self.limit > 0 { rows = Array(rows.prefix(Int(self.limit))) }
        return try table.picking(rows, view)
    }
}

extension ResultTable {
    /// Returns those rows, in that order.
    fileprivate func picking(_ rows: [Int], _ view: ReadView) throws(Refusal) -> ResultTable {
        guard rows.count < self.rowCount || rows != Array(0..<self.rowCount) else { return self }
        var picked = ResultTable(self.schema)
        for (number, row) in rows.enumerated() {
            try view.checkpoint(at: number)
            picked.append(self.columns.indices.map { self.cell(row, $0) })
        }
        return picked
    }
}
