package import InventoryModel

/// Formats fields for people: money and quantities with their decimals, ids by their names.
package struct FieldStrings: FieldVisitor {
    /// Formatting never fails.
    package typealias Failure = Never
    /// Returns the name of the entity with an id.
    package typealias Naming = (any EntityID) -> String

    private let name: Naming
    /// The decimals of the currency.
    private let money: UInt8
    /// The decimals of quantities.
    private let decimals: UInt8
    /// The names of the visited fields and their values, in order.
    package private(set) var strings: [(name: String, text: String)] = []

    /// Creates a formatter.
    ///
    /// - Parameters:
    ///   - money: The decimals of the currency.
    ///   - decimals: The decimals of quantities.
    ///   - name: Returns the name of the entity with an id.
    package init(money: UInt8, decimals: UInt8, name: @escaping Naming) {
        self.name = name
        self.money = money
        self.decimals = decimals
    }

    private mutating func add<Value>(_ field: Field<Value>, _ text: String) {
        self.strings.append((field.name, text))
    }

    /// Adds a text as it is.
    package mutating func text(_ field: Field<String>, _ value: inout String) {
        self.add(field, value)
    }

    /// Adds `true` or `false`.
    package mutating func flag(_ field: Field<Bool>, _ value: inout Bool) {
        self.add(field, "\(value)")
    }

    /// Adds a number.
    package mutating func integer<Value: FixedWidthInteger>(
        _ field: Field<Value>,
        _ value: inout Value
    ) { self.add(field, "\(value)") }

    /// Adds a quantity with its decimals.
    package mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {
        self.add(field, DecimalText.format(value, decimals: self.decimals))
    }

    /// Adds an amount with the currency's decimals.
    package mutating func money(_ field: Field<Money>, _ value: inout Money) {
        self.add(field, DecimalText.format(value.minorUnits, decimals: self.money))
    }

    /// Adds a price, without the quantity that it is for.
    package mutating func price(_ field: Field<Price>, _ value: inout Price) {
        self.add(field, DecimalText.format(value.minorUnits, decimals: self.money))
    }

    /// Adds the code of a unit.
    package mutating func unit(_ field: Field<Unit>, _ value: inout Unit) {
        self.add(field, value.code)
    }

    /// Adds the name of a case.
    package mutating func choice<Value: FieldChoice>(
        _ field: Field<Value>,
        _ value: inout Value
    ) { self.add(field, "\(value)") }

    /// Adds the name of an entity.
    package mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        self.add(field, self.name(value))
    }

    /// Adds a time in UTC.
    package mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        self.add(field, TimeText.format(value.microseconds))
    }
}
