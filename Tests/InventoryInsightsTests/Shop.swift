import Bytes
import Foundation
import InventoryEngine
import InventoryInsights
import InventoryModel
import InventoryTestSupport
import Testing

/// A small shop with a manual ledger: one location, times given as strings.
struct Shop {
    private(set) var state = InventoryState()
    private var time = Instant(microseconds: 1_740_000_000_000_000)

    init(_ skus: [String], price: Int64 = 1_000) throws {
        let currency = try #require(Currency(code: "EUR"))
        self.apply(InventoryState.bootstrap(currency: currency))
        try self.run(.createCategory(name: "Things"))
        for sku in skus {
            let draft = ProductDraft(
                sku: sku,
                name: "Product \(sku)",
                category: CategoryID(1),
                price: Price(price)
            )
            try self.run(.createProduct(draft))
        }
    }

    var view: ReadView { self.state.readView() }

    static func at(_ text: String) throws -> Instant {
        let date = try Date(text, strategy: .iso8601)
        return Instant(microseconds: Int64(date.timeIntervalSince1970) * 1_000_000)
    }

    private mutating func apply(_ changes: [Change]) {
        guard !changes.isEmpty else { return }
        self.state.evolve(
            Entry(lsn: self.state.lsn.next, time: self.time, actor: "", changes: changes)
        )
    }

    /// Executes a command; a refused one has the effects of a refusal.
    ///
    /// `recording` replaces each change in the log, as in an old log.
    @discardableResult
    mutating func run(
        _ command: Command,
        isDone: Bool = true,
        recording: (Change) -> Change = { $0 }
    ) throws -> LSN {
        self.time = Instant(microseconds: self.time.microseconds + 1_000_000)
        let decision = self.state.decide(command, at: self.time)
        if isDone, case .refused(let refusal) = decision.outcome { throw refusal }
        self.apply(decision.changes.map(recording))
        return self.state.lsn
    }

    mutating func restock(_ product: UInt32, _ quantity: Int64, cost: Int64, _ at: String) throws {
        let line = RestockLine(
            product: ProductID(product),
            location: .main,
            quantity: Quantity(quantity),
            unitCost: Money(cost)
        )
        let occurred = Occurrence(at: try Self.at(at), isImported: true)
        try self.run(.restock(Restock(lines: [line], occurred: occurred)))
    }

    @discardableResult
    mutating func sell(
        _ product: UInt32,
        _ quantity: Int64,
        _ at: String,
        isDone: Bool = true
    ) throws -> LSN {
        let line = SaleLine(
            product: ProductID(product),
            location: .main,
            quantity: Quantity(quantity)
        )
        let occurred = Occurrence(at: try Self.at(at), isImported: true)
        return try self.run(.sell(Sale(lines: [line], occurred: occurred)), isDone: isDone)
    }

    /// Adds a weighed product: in kg to the gram, its price per kg.
    mutating func addWeighed(_ sku: String, price: Int64, category: UInt32 = 1) throws {
        let draft = ProductDraft(
            sku: sku,
            name: "Product \(sku)",
            category: CategoryID(category),
            unit: Unit(code: "kg", decimals: 3),
            price: Price(price, per: 1_000)
        )
        try self.run(.createProduct(draft))
    }

    /// Returns the rows of a composed query, in order; a cell by its column's name.
    func rows(_ query: InsightQuery, at now: String) throws -> [[String: ResultCell]] {
        let table = try self.view.answer(query, at: try Self.at(now)).table
        return (0..<table.rowCount).map { row in
            Dictionary(
                uniqueKeysWithValues: table.columns.indices.map {
                    (table.columns[$0].field.name, table.cell(row, $0))
                }
            )
        }
    }

    /// Returns the SKUs of an insight's rows, in order.
    func skus(_ insight: NamedInsight, at now: String) throws -> [String] {
        let table = try self.view.answer(insight, at: try Self.at(now)).table
        guard let column = table.column(named: "sku") else { return [] }
        return table.columns[column].strings
    }

    /// Returns the rows by SKU, or by row number without one; a cell by its column's name.
    func rows(_ insight: NamedInsight, at now: String) throws -> [String: [String: ResultCell]] {
        let table = try self.view.answer(insight, at: try Self.at(now)).table
        var rows: [String: [String: ResultCell]] = [:]
        for row in 0..<table.rowCount {
            var cells: [String: ResultCell] = [:]
            for (index, column) in table.columns.enumerated() {
                cells[column.field.name] = table.cell(row, index)
            }
            if case .text(let sku) = cells["sku"] {
                rows[sku] = cells
            } else {
                rows["\(row)"] = cells
            }
        }
        return rows
    }
}

/// Returns the value of a cell of derived numbers; `nan` if empty.
func number(_ cell: ResultCell?) -> Double {
    guard case .number(let value) = cell else { return .nan }
    return value
}

func isClose(_ a: Double, _ b: Double, within error: Double = 1e-9) -> Bool {
    abs(a - b) <= error * max(1, abs(b))
}
