import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// Prints a product as the answer to a command.
extension Shell {
    /// Prints the result of a command: a line for people, an object for programs.
    func say(_ line: String, id: UInt64, lsn: LSN) {
        var object = JSONObject()
        object.add("id", raw: String(id))
        object.add("lsn", raw: String(lsn.value))
        self.say(line, object)
    }

    func say(_ line: String, _ object: JSONObject) {
        if self.format.isJSON {
            self.print(object)
        } else if !self.options.isQuiet {
            Terminal.say(line)
        }
    }

    /// Prints a product as the answer to a command.
    ///
    /// - Parameters:
    ///   - id: The product.
    ///   - values: Fields that a dry run would set, in place of those of the product.
    ///   - isUnchanged: Whether the command left it as it was.
    /// - Throws: ``Failure`` or an error of the client.
    func show(
        _ id: ProductID,
        applying values: [FieldValue] = [],
        isUnchanged: Bool = false
    ) async throws {
        let table = try await self.client.query(.product(.id(id), asOf: nil)).table
        try self.list(
            self.answer(table.replacing(values), isUnchanged: isUnchanged),
            self.style(isSingle: true)
        )
    }

    /// Returns the columns of an answer followed by its flags, of which each is there only if it is true.
    private func answer(_ table: ResultTable, isUnchanged: Bool) -> ResultTable {
        var columns = table.columns
        let flags = [
            ("unchanged", isUnchanged), ("replayed", self.isReplayed), ("dryRun", self.isDryRun),
        ]
        for (name, isSet) in flags where isSet {
            var column = ResultColumn(ResultField(name, .boolean))
            for _ in 0..<table.rowCount { column.append(.integer(1)) }
            columns.append(column)
        }
        return ResultTable(columns: columns, rowCount: table.rowCount)
    }

    /// Prints that a product was changed or is unchanged; programs get the product.
    func show(
        changed product: ProductInfo,
        _ change: FieldChange<ProductFields>,
        _ done: Outcome.Done
    ) async throws {
        let names = await Names(self, for: change, of: product.id)
        func revision() async throws -> LSN? {
            try await self.client.product(.id(product.id), asOf: nil)?.revision
        }
        guard self.format.isJSON else {
            return try await self.say(
                done,
                change,
                about: ("changed \(product.sku)", product.sku),
                names: names,
                decimals: product.unitDecimals,
                revision: revision
            )
        }
        let values = FieldValues.of(
            change.after,
            only: self.isDryRun ? change.fields : FieldSet(),
            names: names,
            money: self.server.currencyDecimals,
            decimals: product.unitDecimals
        )
        let now = try await revision() ?? done.lsn
        let isUnchanged = self.isUnchanged(done, change, revision: now)
        try await self.show(product.id, applying: values, isUnchanged: isUnchanged)
    }

    /// Prints the product that a dry run would create: its fields and its stock.
    func show(creating draft: ProductDraft, _ done: Outcome.Done) async throws {
        var names = Names(self)
        await names.learn(.productCreated(Product(id: ProductID(0), draft.fields)))
        var columns = [FieldValue.Column.number("id", Int64(clamping: done.id))]
        let money = self.server.currencyDecimals
        for value in FieldValues.of(draft.fields, names: names, money: money) {
            columns += [value.id].compactMap { $0 } + value.columns
        }
        let opening = draft.opening?.quantity.baseUnits ?? 0
        for name in ["onHand", "available"] {
            columns.append(FieldValue.Column(name, .quantity, value: opening, json: ""))
        }
        let table = ResultTable(columns: columns.map { $0.single }, rowCount: 1)
        try self.list(self.answer(table, isUnchanged: false), self.style(isSingle: true))
    }
}

extension FieldValue.Column {
    /// The column with this value alone.
    fileprivate var single: ResultColumn {
        var column = ResultColumn(self.field)
        column.append(self.cell)
        return column
    }
}

extension ResultTable {
    /// Returns the table of one row with other values in the columns that `values` have.
    fileprivate func replacing(_ values: [FieldValue]) -> ResultTable {
        guard self.rowCount == 1 else { return self }
        let given = values.flatMap { [$0.id].compactMap { $0 } + $0.columns }
        let columns = self.columns.map { column in
            given.first { $0.field == column.field }?.single ?? column
        }
        return ResultTable(columns: columns, rowCount: self.rowCount)
    }
}
