/// Single rows of a table: selected, compared and hashed without creating cells.
extension ResultTable {
    /// Returns the rows at the given indices, in that order.
    ///
    /// - Complexity: O(indices · columns)
    public func rows(_ indices: some Collection<Int>) -> ResultTable {
        ResultTable(columns: self.columns.map { $0.values(indices) }, rowCount: indices.count)
    }

    /// Returns whether a row equals a row of another table with the same columns.
    ///
    /// - Complexity: O(columns)
    public func hasRow(_ row: Int, equalTo other: Int, of table: ResultTable) -> Bool {
        for index in self.columns.indices
        where !self.columns[index].hasValue(row, equalTo: other, of: table.columns[index]) {
            return false
        }
        return true
    }

    /// Returns a hash of a row: equal for equal rows of tables with the same columns, within one process.
    public func hash(ofRow row: Int) -> Int {
        var hasher = Hasher()
        for column in self.columns { column.hash(row, into: &hasher) }
        return hasher.finalize()
    }
}

extension ResultColumn {
    fileprivate func values(_ indices: some Collection<Int>) -> ResultColumn {
        var column = ResultColumn(self.field)
        for index in indices { column.append(self.cell(index)) }
        return column
    }

    fileprivate func hasValue(_ row: Int, equalTo other: Int, of column: ResultColumn) -> Bool {
        // A missing value is stored as 0 or as an empty text.
        if self.field.kind == .text {
            guard self.strings[row] == column.strings[other] else { return false }
        } else {
            guard self.integers[row] == column.integers[other] else { return false }
        }
        if self.missing.isEmpty, column.missing.isEmpty { return true }
        return (self.cell(row) == .none) == (column.cell(other) == .none)
    }

    fileprivate func hash(_ row: Int, into hasher: inout Hasher) {
        if self.field.kind == .text {
            hasher.combine(self.strings[row])
        } else {
            hasher.combine(self.integers[row])
        }
    }
}
