internal import ColumnStore
internal import InventoryModel

/// The columns of described fields in an answer, and the cells of a row.
///
///     text, enumeration   a text                        id      its number and its name: categoryId, category
///     unit                its code and its decimals     price   minor units and basis: price, priceBasis
///
/// The name of a product is its SKU: productId, sku. Reservations and transfers have only a number.
struct FieldColumns: FieldVisitor {
    typealias Failure = Never
    /// Resolves the names of ids; `nil` if only the columns are needed.
    private let names: EntityNames?
    /// The place among the cells of each column, `nil` for one that is left out; if `nil`, cells are appended.
    private let places: [Int?]?
    private var visitedCount = 0
    private(set) var columns: [ResultField] = []
    var cells: [ResultCell] = []

    /// Collects cells.
    init(_ names: EntityNames, columnCount: Int) {
        self.names = names
        self.places = nil
        self.cells.reserveCapacity(columnCount)
    }

    /// Puts cells at the places of their columns, among `columnCount`.
    init(_ names: EntityNames, columnCount: Int, at places: [Int?]) {
        self.names = names
        self.places = places
        self.cells = Array(repeating: .none, count: columnCount)
    }

    /// Collects columns.
    init() {
        self.names = nil
        self.places = nil
    }

    /// The columns of the fields in `given`.
    static func columns<Entity: Described>(
        of type: Entity.Type,
        only given: FieldSet<Entity.FieldID>
    ) -> [ResultField] {
        var visitor = FieldColumns()
        var value = Entity()
        value.visit(&visitor, only: given)
        return visitor.columns
    }

    private mutating func add(
        _ name: @autoclosure () -> String,
        as kind: ResultKind,
        cell: @autoclosure () -> ResultCell
    ) {
        guard self.names != nil else {
            self.columns.append(ResultField(name(), kind))
            return
        }
        guard let places else {
            self.cells.append(cell())
            return
        }
        if let place = places[self.visitedCount] { self.cells[place] = cell() }
        self.visitedCount += 1
    }

    mutating func text(_ field: Field<String>, _ value: inout String) {
        let (text, mayBeEmpty) = (value, field.bounds.lowerBound == 0)
        self.add(field.name, as: .text, cell: mayBeEmpty ? .optional(text) : .text(text))
    }

    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) {
        let flag = value
        self.add(field.name, as: .boolean, cell: .boolean(flag))
    }

    mutating func integer<Value: FixedWidthInteger>(_ field: Field<Value>, _ value: inout Value) {
        let number = value
        self.add(field.name, as: .integer, cell: .number(number))
    }

    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {
        let quantity = value
        self.add(field.name, as: .quantity, cell: .number(quantity))
    }

    mutating func money(_ field: Field<Money>, _ value: inout Money) {
        let amount = value
        self.add(field.name, as: .money, cell: .number(amount))
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) {
        let price = value
        self.add(field.name, as: .money, cell: .integer(price.minorUnits))
        self.add(field.name + "Basis", as: .quantity, cell: .integer(price.basis))
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) {
        let unit = value
        self.add(field.name, as: .text, cell: .text(unit.code))
        self.add(field.name + "Decimals", as: .integer, cell: .number(unit.decimals))
    }

    mutating func choice<Value: FieldChoice>(_ field: Field<Value>, _ value: inout Value) {
        let choice = value
        self.add(field.name, as: .text, cell: .text("\(choice)"))
    }

    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        let (id, names) = (value, self.names)
        self.add(field.name + "Id", as: .integer, cell: .number(id.value))
        guard ID.self != ReservationID.self, ID.self != TransferID.self else { return }
        let name = ID.self == ProductID.self ? "sku" : field.name
        self.add(name, as: .text, cell: .text(names?.name(of: id) ?? ""))
    }

    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        let instant = value
        self.add(field.name, as: .instant, cell: .instant(instant))
    }
}

extension FieldColumns: ChangeVisitor {
    mutating func sharedReference(
        _ value: inout String,
        last: WritableKeyPath<EntryStrings, String>,
        of strings: inout EntryStrings
    ) {
        let text = value
        self.add("reference", as: .text, cell: .optional(text))
    }
}

extension FieldColumns: RowVisitor {
    func defaultMask() {}

    mutating func optionalMovement(_ name: String, _ value: inout MovementID?) {
        let id = value
        self.add(name + "Lsn", as: .integer, cell: id.map { .number($0.lsn) } ?? .none)
        self.add(name + "Line", as: .integer, cell: id.map { .number($0.line) } ?? .none)
    }

    mutating func optionalChoice<Value: FieldChoice>(_ name: String, _ value: inout Value?) {
        let choice = value
        self.add(name, as: .text, cell: choice.map { .text("\($0)") } ?? .none)
    }

    mutating func instant(_ name: String, _ value: inout Instant, since base: Instant) {
        let instant = value
        self.add(name, as: .instant, cell: .instant(instant))
    }
}

/// The names of the entities in an answer: a reference, because a copy of the tables for each row would cost
/// more than the row.
final class EntityNames: Sendable {
    private let tables: InventoryTables

    init(_ tables: InventoryTables) { self.tables = tables }

    /// The name that people use for an entity: the name of a category, the code of a location, the SKU of a
    /// product.
    fileprivate func name<ID: EntityID>(of id: ID) -> String {
        switch id {
        case let id as CategoryID: self.tables.categories.names[id.row]
        case let id as LocationID: self.tables.locations.codes[id.row]
        case let id as ProductID: self.tables.products.skus[id.row]
        default: preconditionFailure("\(ID.title) \(id.value) has no name")
        }
    }
}
