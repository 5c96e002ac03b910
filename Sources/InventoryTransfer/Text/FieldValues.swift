package import InventoryModel

/// One described field, for people and for programs.
package struct FieldValue {
    /// The field's name, as in JSON.
    package var name: String
    /// The field for people: money and quantities with their decimals, ids by their names.
    package var text: String
    /// The columns that the field has in answers: two for a price and for a unit.
    package var columns: [Column]
    /// The column with the number of what the field refers to, if it refers to something.
    package var id: Column?

    /// A column of the field.
    package struct Column {
        /// Its name and kind.
        package var field: ResultField
        /// Its value.
        package var cell: ResultCell
        /// The value as JSON: money, text and instants are strings, other values are numbers.
        package var json: String
    }
}

/// Formats described fields as the columns of answers are formatted.
///
///     price   2.10 per 1000     price "2.10", priceBasis 1000
///     unit    kg, 3 decimals    unit "kg", unitDecimals 3
///     id      Food              category "Food"
package struct FieldValues: FieldVisitor {
    /// Formatting never fails.
    package typealias Failure = Never
    /// Returns the name of the entity with an id.
    package typealias Naming = (any EntityID) -> String

    private let naming: Naming
    /// The decimals of the currency.
    private let money: UInt8
    /// The decimals of quantities, until a unit is visited.
    private var decimals: UInt8
    /// The fields visited so far.
    package private(set) var values: [FieldValue] = []

    private init(_ naming: @escaping Naming, money: UInt8, decimals: UInt8) {
        self.naming = naming
        self.money = money
        self.decimals = decimals
    }

    /// Returns the given fields of a product, in the order of the description.
    ///
    /// - Parameters:
    ///   - fields: The fields.
    ///   - given: Which of them.
    ///   - naming: Returns the name of what one refers to.
    ///   - money: The decimals of the currency.
    ///   - decimals: The decimals of the product's unit.
    /// - Returns: A value for each field.
    package static func of<Entity: Described>(
        _ fields: Entity,
        only given: FieldSet<Entity.FieldID> = .all,
        naming: @escaping Naming,
        money: UInt8,
        decimals: UInt8 = 0
    ) -> [FieldValue] {
        var visitor = FieldValues(naming, money: money, decimals: decimals)
        var fields = fields
        fields.visit(&visitor, only: given)
        return visitor.values
    }

    // MARK: - Kinds

    private mutating func add(_ name: String, _ text: String, columns: FieldValue.Column...) {
        self.values.append(FieldValue(name: name, text: text, columns: columns))
    }

    private mutating func add(_ name: String, text: String) {
        self.add(name, text, columns: .text(name, text))
    }

    /// Adds a text; an optional one that is empty is `none`.
    package mutating func text(_ field: Field<String>, _ value: inout String) {
        let isNone = value.isEmpty && field.bounds.lowerBound == 0
        guard isNone else { return self.add(field.name, text: value) }
        self.add(field.name, "none", columns: .none(field.name))
    }

    /// Adds `true` or `false`.
    package mutating func flag(_ field: Field<Bool>, _ value: inout Bool) {
        let column = FieldValue.Column(
            field.name,
            .boolean,
            value: value ? 1 : 0,
            json: "\(value)"
        )
        self.add(field.name, "\(value)", columns: column)
    }

    /// Adds a number.
    package mutating func integer<Value: FixedWidthInteger>(
        _ field: Field<Value>,
        _ value: inout Value
    ) {
        self.add(field.name, "\(value)", columns: .number(field.name, Int64(clamping: value)))
    }

    /// Adds a quantity with its decimals.
    package mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {
        let column = self.quantity(field.name, value.baseUnits)
        self.add(field.name, column.json, columns: column)
    }

    /// Adds an amount with the decimals of the currency.
    package mutating func money(_ field: Field<Money>, _ value: inout Money) {
        let column = self.amount(field.name, value.minorUnits)
        self.add(field.name, column.text, columns: column.column)
    }

    /// Adds a price, and what it is for if that is not one unit.
    package mutating func price(_ field: Field<Price>, _ value: inout Price) {
        let (column, text) = self.amount(field.name, value.minorUnits)
        let basis = self.quantity(field.name + "Basis", value.basis)
        let isPerUnit = DecimalText.parse("1", decimals: self.decimals) == value.basis
        let shown = isPerUnit ? text : "\(text) per \(basis.json)"
        self.add(field.name, shown, columns: column, basis)
    }

    /// Adds a unit, and its decimals.
    package mutating func unit(_ field: Field<Unit>, _ value: inout Unit) {
        self.decimals = value.decimals
        self.add(
            field.name,
            value.decimals == 0 ? value.code : "\(value.code), \(value.decimals) decimals",
            columns: .text(field.name, value.code),
            .number(field.name + "Decimals", Int64(value.decimals))
        )
    }

    /// Adds the name of a case.
    package mutating func choice<Value: FieldChoice>(_ field: Field<Value>, _ value: inout Value) {
        self.add(field.name, text: "\(value)")
    }

    /// Adds the name of an entity.
    package mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        self.add(field.name, text: self.naming(value))
        let number = Int64(clamping: value.value)
        self.values[self.values.count - 1].id = .number(field.name + "Id", number)
    }

    /// Adds a time in UTC.
    package mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        let text = TimeText.format(value.microseconds)
        let json = JSONObject.quoted(text)
        self.add(
            field.name,
            text,
            columns: FieldValue.Column(
                field.name,
                .instant,
                value: value.microseconds,
                json: json
            )
        )
    }

    private func quantity(_ name: String, _ value: Int64) -> FieldValue.Column {
        let text = DecimalText.format(value, decimals: self.decimals)
        return FieldValue.Column(name, .quantity, value: value, json: text)
    }

    private func amount(
        _ name: String,
        _ value: Int64
    ) -> (column: FieldValue.Column, text: String) {
        let text = DecimalText.format(value, decimals: self.money)
        return (FieldValue.Column(name, .money, value: value, json: JSONObject.quoted(text)), text)
    }
}

extension FieldValue.Column {
    /// Creates a column of a kind that is stored as an integer.
    package init(_ name: String, _ kind: ResultKind, value: Int64, json: String) {
        self.init(field: ResultField(name, kind), cell: .integer(value), json: json)
    }

    /// A number.
    package static func number(_ name: String, _ value: Int64) -> Self {
        Self(name, .integer, value: value, json: "\(value)")
    }

    /// A text.
    package static func text(_ name: String, _ text: String) -> Self {
        Self(
            field: ResultField(name, .text),
            cell: .text(text),
            json: JSONObject.quoted(text)
        )
    }

    /// A text column without a value.
    package static func none(_ name: String) -> Self {
        Self(field: ResultField(name, .text), cell: .none, json: "null")
    }
}
