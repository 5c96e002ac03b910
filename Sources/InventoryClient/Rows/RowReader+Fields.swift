internal import InventoryModel

extension RowReader {
    /// Reads the fields of an entity that has a description, each from the column of the same name.
    mutating func read<Entity: Described>(_ entity: inout Entity) throws(ClientError) {
        var cells = DescribedCells(row: self)
        try entity.visit(&cells, only: .all)
        self = cells.row
    }
}

/// The visitor that reads described fields from the cells of a row.
///
/// It is the counterpart of the engine's `FieldColumns`, which creates the columns.
private struct DescribedCells: FieldVisitor {
    typealias Failure = ClientError
    var row: RowReader

    mutating func text(_ field: Field<String>, _ value: inout String) throws(ClientError) {
        value = try self.row.text(field.name)
    }

    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) throws(ClientError) {
        value = try self.row.flag(field.name)
    }

    mutating func integer<Value: FixedWidthInteger & UnsignedInteger & Sendable>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(ClientError) { value = try self.row.integer(field.name) }

    mutating func quantity(
        _ field: Field<DefaultQuantity>,
        _ value: inout Quantity
    ) throws(ClientError) { value = try self.row.quantity(field.name) }

    mutating func money(_ field: Field<Money>, _ value: inout Money) throws(ClientError) {
        value = try self.row.money(field.name)
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) throws(ClientError) {
        value = try self.row.price(field.name)
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) throws(ClientError) {
        value = try self.row.unit(field.name)
    }

    mutating func choice<Value: FieldChoice>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(ClientError) { value = try self.row.choice(field.name) }

    mutating func id<ID: EntityID>(
        _ field: Field<ID>,
        _ value: inout ID
    ) throws(ClientError) { value = try self.row.id(field.name + "Id") }

    mutating func instant(
        _ field: Field<Instant>,
        _ value: inout Instant
    ) throws(ClientError) { value = try self.row.instant(field.name) }
}
