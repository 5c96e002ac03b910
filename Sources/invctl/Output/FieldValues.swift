internal import InventoryModel
import InventoryTransfer

/// One described field, for people and for programs.
struct FieldValue {
    /// The field's name, as in JSON.
    var name: String
    /// The field for people: money and quantities with their decimals, ids by their names.
    var text: String
    /// The columns that the field has in answers: two for a price and for a unit.
    var columns: [Column]
    /// The column with the number of what the field refers to, if it refers to something.
    var id: Column?

    /// A column of the field.
    struct Column {
        var field: ResultField
        var cell: ResultCell
        /// The value as JSON: money, text and instants are strings, other values are numbers.
        var json: String
    }
}

/// Formats described fields as the columns of answers are formatted.
///
///     price   2.10 per 1000     price "2.10", priceBasis 1000
///     unit    kg, 3 decimals    unit "kg", unitDecimals 3
///     id      Food              category "Food"
struct FieldValues: FieldVisitor {
    typealias Failure = Never

    private let names: Names
    /// The decimals of the currency.
    private let money: UInt8
    /// The decimals of quantities, until a unit is visited.
    private var decimals: UInt8
    private(set) var values: [FieldValue] = []

    private init(_ names: Names, money: UInt8, decimals: UInt8) {
        self.names = names
        self.money = money
        self.decimals = decimals
    }

    /// Returns the given fields of a product, in the order of the description.
    ///
    /// - Parameters:
    ///   - fields: The fields.
    ///   - given: Which of them.
    ///   - names: The names of what they refer to.
    ///   - money: The decimals of the currency.
    ///   - decimals: The decimals of the product's unit.
    /// - Returns: A value for each field.
    static func of<Entity: Described>(
        _ fields: Entity,
        only given: FieldSet<Entity.FieldID> = .all,
        names: Names,
        money: UInt8,
        decimals: UInt8 = 0
    ) -> [FieldValue] {
        var visitor = FieldValues(names, money: money, decimals: decimals)
        var fields = fields
        fields.visit(&visitor, only: given)
        return visitor.values
    }

    // MARK: - Kinds

    private mutating func add(_ name: String, _ text: String, _ columns: FieldValue.Column...) {
        self.values.append(FieldValue(name: name, text: text, columns: columns))
    }

    private mutating func add(_ name: String, text: String) {
        self.add(name, text, .text(name, text))
    }

    mutating func text(_ field: Field<String>, _ value: inout String) {
        let isNone = value.isEmpty && field.bounds.lowerBound == 0
        guard isNone else { return self.add(field.name, text: value) }
        self.add(field.name, "none", .none(field.name))
    }

    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) {
        let column = FieldValue.Column(field.name, .boolean, value ? 1 : 0, "\(value)")
        self.add(field.name, "\(value)", column)
    }

    mutating func integer<Value: FixedWidthInteger>(_ field: Field<Value>, _ value: inout Value) {
        self.add(field.name, "\(value)", .number(field.name, Int64(clamping: value)))
    }

    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {
        let column = self.quantity(field.name, value.baseUnits)
        self.add(field.name, column.json, column)
    }

    mutating func money(_ field: Field<Money>, _ value: inout Money) {
        let column = self.amount(field.name, value.minorUnits)
        self.add(field.name, column.text, column.column)
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) {
        let (column, text) = self.amount(field.name, value.minorUnits)
        let basis = self.quantity(field.name + "Basis", value.basis)
        let isPerUnit = DecimalText.parse(DecimalText.one, decimals: self.decimals) == value.basis
        self.add(field.name, isPerUnit ? text : "\(text) per \(basis.json)", column, basis)
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) {
        self.decimals = value.decimals
        self.add(
            field.name,
            value.decimals == 0 ? value.code : "\(value.code), \(value.decimals) decimals",
            .text(field.name, value.code),
            .number(field.name + "Decimals", Int64(value.decimals))
        )
    }

    mutating func choice<Value: FieldChoice>(_ field: Field<Value>, _ value: inout Value) {
        self.add(field.name, text: "\(value)")
    }

    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        self.add(field.name, text: self.names.text(of: value))
        let number = Int64(clamping: value.value)
        self.values[self.values.count - 1].id = .number(field.name + "Id", number)
    }

    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        let text = TimeText.format(value.microseconds)
        let json = JSONObject.quoted(text)
        self.add(
            field.name,
            text,
            FieldValue.Column(field.name, .instant, value.microseconds, json)
        )
    }

    private func quantity(_ name: String, _ value: Int64) -> FieldValue.Column {
        let text = DecimalText.format(value, decimals: self.decimals)
        return FieldValue.Column(name, .quantity, value, text)
    }

    private func amount(
        _ name: String,
        _ value: Int64
    ) -> (column: FieldValue.Column, text: String) {
        let text = DecimalText.format(value, decimals: self.money)
        return (FieldValue.Column(name, .money, value, JSONObject.quoted(text)), text)
    }
}

extension FieldValue.Column {
    init(_ name: String, _ kind: ResultKind, _ value: Int64, _ json: String) {
        self.init(field: ResultField(name, kind), cell: .integer(value), json: json)
    }

    static func number(_ name: String, _ value: Int64) -> Self {
        Self(name, .integer, value, "\(value)")
    }

    static func text(_ name: String, _ text: String) -> Self {
        Self(
            field: ResultField(name, .text),
            cell: .text(text),
            json: JSONObject.quoted(text)
        )
    }

    /// A text column without a value.
    static func none(_ name: String) -> Self {
        Self(field: ResultField(name, .text), cell: .none, json: "null")
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
