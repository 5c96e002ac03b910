internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The columns of an answer about described rows, in its order: those of the description, and those that the
/// query joins from other tables.
///
///     description   reservationId, productId, sku, locationId, location, quantity, …, originLsn, originLine, …
///                        │            │       │                 │         │              │
///     answer             id,      productId, sku,  name,     location, quantity, …,     lsn, …
///                                                   joined
///
/// Kinds and cells come from the description. A field that is added to it must get a place in the answer, or
/// be left out by name.
struct AnswerLayout {
    enum Column {
        /// A column of the description.
        case described(String)
        /// A column of the description that has another name in the answer.
        case renamed(String, from: String)
        /// A column whose cells the query makes.
        case joined(String, ResultKind)
    }

    let schema: [ResultField]
    /// The place in the answer of each column of the description; `nil` for one that is left out.
    private let places: [Int?]
    private let joinedPlaces: [Int]

    /// Joins `described`, the columns of a description, with the others; stops the process if they do not fit.
    private init(_ described: [ResultField], _ columns: [Column], without omitted: Set<String>) {
        var schema: [ResultField] = []
        var places: [String: Int] = [:]
        var joinedPlaces: [Int] = []
        for (place, column) in columns.enumerated() {
            switch column {
            case .described(let name): places[name] = place
            case .renamed(_, let name): places[name] = place
            case .joined: joinedPlaces.append(place)
            }
            schema.append(column.field(in: described))
        }
        for field in described where (places[field.name] == nil) != omitted.contains(field.name) {
            preconditionFailure("\(field.name) is neither in the answer nor left out, or both")
        }
        self.schema = schema
        self.places = described.map { places[$0.name] }
        self.joinedPlaces = joinedPlaces
    }

    /// The layout of an answer about rows of the ledger, or levels.
    init(row: some DescribedRow, _ columns: [Column], without omitted: Set<String> = []) {
        var (row, visitor) = (row, FieldColumns())
        row.visit(&visitor)
        self.init(visitor.columns, columns, without: omitted)
    }

    /// The layout of an answer about items that changes have.
    init<Item: DescribedChange>(
        of type: Item.Type,
        _ columns: [Column],
        without omitted: Set<String> = []
    ) {
        var (item, visitor, strings) = (Item(), FieldColumns(), EntryStrings())
        item.visit(&visitor, &strings)
        self.init(visitor.columns, columns, without: omitted)
    }

    /// The cells of a row; those of joined columns are given in the order of the answer.
    func cells(
        row: some DescribedRow,
        joined: [ResultCell],
        _ names: EntityNames
    ) -> [ResultCell] {
        var (row, visitor) = (row, self.visitor(names))
        row.visit(&visitor)
        return self.joining(joined, to: visitor.cells)
    }

    /// The cells of an item; those of joined columns are given in the order of the answer.
    func cells(
        of item: some DescribedChange,
        joined: [ResultCell],
        _ names: EntityNames
    ) -> [ResultCell] {
        var (item, visitor, strings) = (item, self.visitor(names), EntryStrings())
        item.visit(&visitor, &strings)
        return self.joining(joined, to: visitor.cells)
    }

    private func visitor(_ names: EntityNames) -> FieldColumns {
        FieldColumns(names, columnCount: self.schema.count, at: self.places)
    }

    private func joining(_ joined: [ResultCell], to described: [ResultCell]) -> [ResultCell] {
        precondition(joined.count == self.joinedPlaces.count, "\(joined.count) joined cells")
        var cells = described
        for (place, cell) in zip(self.joinedPlaces, joined) { cells[place] = cell }
        return cells
    }
}

extension AnswerLayout.Column: ExpressibleByStringLiteral {
    init(stringLiteral name: String) { self = .described(name) }

    /// The column in the answer.
    fileprivate func field(in described: [ResultField]) -> ResultField {
        func kind(of name: String) -> ResultKind {
            guard let field = described.first(where: { $0.name == name }) else {
                preconditionFailure("the description has no column \(name)")
            }
            return field.kind
        }
        return switch self {
        case .described(let name): ResultField(name, kind(of: name))
        case .renamed(let name, let from): ResultField(name, kind(of: from))
        case .joined(let name, let kind): ResultField(name, kind)
        }
    }
}

extension InventoryTables {
    /// The joined cells of a product's unit: its code and its decimals.
    func unitCells(of id: ProductID) -> [ResultCell] {
        let unit = self.unit(of: id)
        return [.text(unit.code), .number(unit.decimals)]
    }

    /// The joined cell of who made a step: `code` is that of the actor.
    func actorCell(_ code: UInt32) -> ResultCell { .optional(self.strings[Int(code)]) }
}
