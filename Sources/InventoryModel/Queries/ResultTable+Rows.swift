/// Rows of a table one by one: picked, compared and hashed, without making cells of them.
extension ResultTable {
    /// The rows at those places, in that order.
    ///
    /// - Complexity: O(places · columns)
    public func rows(_ places: some Collection<Int>) -> ResultTable {
        ResultTable(columns: self.columns.map { $0.values(places) }, rowCount: places.count)
    }

    /// Whether a row equals that of another table with the same columns.
    ///
    /// - Complexity: O(columns)
    public func hasRow(_ row: Int, equalTo other: Int, of table: ResultTable) -> Bool {
        for index in self.columns.indices
        where !self.columns[index].hasValue(row, equalTo: other, of: table.columns[index]) {
            return false
        }
        return true
    }

    /// A hash of a row: equal for equal rows of tables with the same columns, within one process.
    public func hash(ofRow row: Int) -> Int {
        var hasher = Hasher()
        for column in self.columns { column.hash(row, into: &hasher) }
        return hasher.finalize()
    }
}

extension ResultColumn {
    fileprivate func values(_ places: some Collection<Int>) -> ResultColumn {
        var column = ResultColumn(self.field)
        for place in places { column.append(self.cell(place)) }
        return column
    }

    fileprivate func hasValue(_ row: Int, equalTo other: Int, of column: ResultColumn) -> Bool {
        // Where there is no value there is a zero or an empty text.
        if self.field.kind == .text {
            guard self.texts[row] == column.texts[other] else { return false }
        } else {
            guard self.integers[row] == column.integers[other] else { return false }
        }
        if self.missing.isEmpty, column.missing.isEmpty { return true }
        return (self.cell(row) == .none) == (column.cell(other) == .none)
    }

    fileprivate func hash(_ row: Int, into hasher: inout Hasher) {
        if self.field.kind == .text {
            hasher.combine(self.texts[row])
        } else {
            hasher.combine(self.integers[row])
        }
    }
}
