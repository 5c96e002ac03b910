internal import InventoryModel

/// Reads described fields from a line of an export: see ``ExportLine``.
struct RecordedFields: FieldVisitor {
    typealias Failure = InventoryTransfer.Failure

    private let record: ExportRecord
    /// The decimals of the currency.
    private let money: UInt8
    /// The decimals of quantities.
    private var decimals: UInt8 = 0

    init(_ record: ExportRecord, money: UInt8) {
        self.record = record
        self.money = money
    }

    func text(_ field: Field<String>, _ value: inout String) {
        let isPresent = self.record.has(field.name)
        value = isPresent ? self.record.text(field.name) : field.standard ?? ""
    }

    func flag(_ field: Field<Bool>, _ value: inout Bool) {
        value = self.record.text(field.name) == "true"
    }

    func integer<Value: FixedWidthInteger>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure) {
        value = Value(clamping: try self.record.optionalNumber(field.name) ?? 0)
    }

    func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) throws(Failure) {
        value = try Quantity(self.record.units(field.name, self.decimals))
    }

    func money(_ field: Field<Money>, _ value: inout Money) throws(Failure) {
        value = Money(try self.record.units(field.name, self.money))
    }

    func price(_ field: Field<Price>, _ value: inout Price) throws(Failure) {
        let minorUnits = try self.record.units(field.name, self.money)
        value = Price(minorUnits, per: Int64(try self.record.number("basis")))
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) throws(Failure) {
        self.decimals = UInt8(clamping: try self.record.number("decimals"))
        value = Unit(code: self.record.text(field.name), decimals: self.decimals)
    }

    func choice<Value: FieldChoice>(_ field: Field<Value>, _ value: inout Value) throws(Failure) {
        if !self.record.has(field.name), let standard = field.standard {
            value = standard
        } else {
            value = try self.record.named(field.name, Value.self)
        }
    }

    func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) throws(Failure) {
        value = ID(ID.Value(clamping: try self.record.number(field.name)))
    }

    func instant(_ field: Field<Instant>, _ value: inout Instant) throws(Failure) {
        value = try self.record.instant(field.name)
    }
}
