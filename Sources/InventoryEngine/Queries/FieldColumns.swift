internal import ColumnStore
internal import InventoryModel

/// The columns of described fields in an answer, and the cells of a row.
///
///     text, enumeration   a text                        id      its number and its name: categoryId, category
///     unit                its code and its decimals     price   minor units and basis: price, priceBasis
struct FieldColumns: FieldVisitor {
    typealias Failure = Never
    /// Resolves the names of ids; `nil` if only the columns are needed.
    private let tables: InventoryTables?
    private var columns: [ResultField] = []
    var cells: [ResultCell] = []

    /// Collects cells.
    init(_ tables: InventoryTables, columnCount: Int) {
        self.tables = tables
        self.cells.reserveCapacity(columnCount)
    }

    private init() { self.tables = nil }

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

    private mutating func add(_ name: String, as kind: ResultKind, cell: ResultCell) {
        if self.tables == nil {
            self.columns.append(ResultField(name, kind))
        } else {
            self.cells.append(cell)
        }
    }

    mutating func text(_ field: Field<String>, _ value: inout String) {
        let mayBeEmpty = field.bounds.lowerBound == 0
        self.add(field.name, as: .text, cell: mayBeEmpty ? .optional(value) : .text(value))
    }

    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) {
        self.add(field.name, as: .boolean, cell: .integer(value ? 1 : 0))
    }

    mutating func integer<Value: FixedWidthInteger>(_ field: Field<Value>, _ value: inout Value) {
        self.add(field.name, as: .integer, cell: .number(value))
    }

    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {
        self.add(field.name, as: .quantity, cell: .integer(value.baseUnits))
    }

    mutating func money(_ field: Field<Money>, _ value: inout Money) {
        self.add(field.name, as: .money, cell: .integer(value.minorUnits))
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) {
        self.add(field.name, as: .money, cell: .integer(value.minorUnits))
        self.add(field.name + "Basis", as: .quantity, cell: .integer(value.basis))
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) {
        self.add(field.name, as: .text, cell: .text(value.code))
        self.add(field.name + "Decimals", as: .integer, cell: .number(value.decimals))
    }

    mutating func choice<Value: FieldChoice>(_ field: Field<Value>, _ value: inout Value) {
        self.add(field.name, as: .text, cell: .text("\(value)"))
    }

    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        self.add(field.name + "Id", as: .integer, cell: .number(value.value))
        self.add(field.name, as: .text, cell: .text(self.tables?.name(of: value) ?? ""))
    }

    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        self.add(field.name, as: .instant, cell: .instant(value))
    }
}

extension InventoryTables {
    /// The name that people use for an entity: the name of a category, the code of a location, the SKU of a
    /// product.
    fileprivate func name<ID: EntityID>(of id: ID) -> String {
        switch id {
        case let id as CategoryID: self.categories.category(id).name
        case let id as LocationID: self.locations.location(id).code
        case let id as ProductID: self.products.skus[id.row]
        default: preconditionFailure("\(ID.title) \(id.value) has no name")
        }
    }
}
