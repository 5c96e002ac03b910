internal import InventoryModel
import InventoryTransfer

/// Formats fields for people: money and quantities with their decimals, ids by their names.
struct FieldStrings: FieldVisitor {
    typealias Failure = Never

    private let names: Names
    /// The decimals of the currency.
    private let money: UInt8
    /// The decimals of quantities.
    private let decimals: UInt8
    private(set) var strings: [(name: String, text: String)] = []

    init(_ names: Names, money: UInt8, decimals: UInt8) {
        self.names = names
        self.money = money
        self.decimals = decimals
    }

    private mutating func add<Value>(_ field: Field<Value>, _ text: String) {
        self.strings.append((field.name, text))
    }

    mutating func text(_ field: Field<String>, _ value: inout String) { self.add(field, value) }

    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) { self.add(field, "\(value)") }

    mutating func integer<Value: FixedWidthInteger>(_ field: Field<Value>, _ value: inout Value) {
        self.add(field, "\(value)")
    }

    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {
        self.add(field, DecimalText.format(value, decimals: self.decimals))
    }

    mutating func money(_ field: Field<Money>, _ value: inout Money) {
        self.add(field, DecimalText.format(value.minorUnits, decimals: self.money))
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) {
        self.add(field, DecimalText.format(value.minorUnits, decimals: self.money))
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) { self.add(field, value.code) }

    mutating func choice<Value: FieldChoice>(_ field: Field<Value>, _ value: inout Value) {
        self.add(field, "\(value)")
    }

    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        self.add(field, self.names.text(of: value))
    }

    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        self.add(field, TimeText.format(value.microseconds))
    }
}

extension Names {
    fileprivate func text<ID: EntityID>(of id: ID) -> String {
        switch id {
        case let id as ProductID: self.sku(id)
        case let id as CategoryID: self.name(id)
        case let id as LocationID: self.code(id)
        default: "\(ID.title) \(id.value)"
        }
    }
}
