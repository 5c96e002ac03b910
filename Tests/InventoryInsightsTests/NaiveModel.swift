import Bytes
import Foundation
import InventoryEngine
import InventoryModel
import InventoryTestSupport

/// A source row of a query, as plain fields.
struct NaiveRow {
    var time: Int64 = 0
    var lsn: Int64 = 0
    var recordedAt: Int64 = 0
    var kind = ""
    /// The kind that a reversal undoes.
    var undone = ""
    var product: Int64 = 0
    var location: Int64 = 0
    var onHand: Int64 = 0
    var unavailable: Int64 = 0
    var reserved: Int64 = 0
    var incoming: Int64 = 0
    var amount: Int64 = 0
    var cost: Int64 = 0
    var reason = "none"
    var reference = ""
    var actor = ""
    var asked: Int64 = 0
    var couldHave: Int64 = 0
    /// For balances: the retail value and the location.
    var retail: Int64 = 0
    var stage = "onHand"
    /// The step and line that a return or reversal refers to.
    var origin: [Int64] = []
    var id: [Int64] = []
}

struct NaiveProduct {
    var sku: String
    var name: String
    var category: Int64
    var unit: String
    var decimals: Int64
    var price: Int64
    var basis: Int64
    var isListed: Bool
    var createdAt: Int64
    var revision: Int64
}

/// The content of a view as plain arrays, read through its lists (not through the tested columns), and
/// queried row by row.
final class NaiveModel {
    let lsn: LSN
    private(set) var movements: [NaiveRow] = []
    private(set) var refusals: [NaiveRow] = []
    /// Sent units by origin, one product per step, with their destination.
    private(set) var transfers: [(sent: NaiveRow, destination: Int64)] = []
    private(set) var products: [Int64: NaiveProduct] = [:]
    private(set) var categories: [Int64: String] = [:]
    private(set) var codes: [Int64: String] = [:]
    private(set) var zones: [Int64: String] = [:]
    /// All combinations of products and locations.
    private(set) var pairs: [(product: Int64, location: Int64)] = []
    var calendars: [String: NaiveCalendar] = [:]
    /// The rows undone by a point, as far as computed.
    var undone: [AsOf?: Set<[Int64]>] = [:]

    init(_ view: ReadView) throws {
        self.lsn = view.lsn
        for row in try Records(view, .locations(includingArchived: true)) {
            self.codes[row.integer("id")] = row.text("code")
            self.zones[row.integer("id")] = row.text("zone")
        }
        for row in try Records(view, .categories(includingArchived: true)) {
            self.categories[row.integer("id")] = row.text("name")
        }
        for row in try Records(view, .products(ProductSearch(statuses: .all))) {
            let id = row.integer("id")
            self.products[id] = NaiveProduct(
                sku: row.text("sku"),
                name: row.text("name"),
                category: row.integer("categoryId"),
                unit: row.text("unit"),
                decimals: row.integer("unitDecimals"),
                price: row.integer("price"),
                basis: row.integer("priceBasis"),
                isListed: row.text("status") != "archived",
                createdAt: row.integer("createdAt"),
                revision: row.integer("revision")
            )
            let query = LevelQuery(product: ProductID(UInt32(id)))
            for row in try Records(view, .levels(query)) {
                self.pairs.append((id, row.integer("locationId")))
            }
        }
        try self.readLedger(view)
    }

    private func readLedger(_ view: ReadView) throws {
        let ids = Dictionary(uniqueKeysWithValues: self.codes.map { ($1, $0) })
        var kinds: [[Int64]: String] = [:]
        for row in try Records(view, .ledger(LedgerQuery(isNewestFirst: false))) {
            let origin = [row.integer("originLsn"), row.integer("originLine")]
            kinds[[row.integer("lsn"), row.integer("line")]] = row.text("kind")
            self.movements.append(
                NaiveRow(
                    time: row.integer("occurredAt"),
                    lsn: row.integer("lsn"),
                    recordedAt: row.integer("recordedAt"),
                    kind: row.text("kind"),
                    undone: row.text("kind") == "reversal" ? kinds[origin] ?? "?" : "",
                    product: row.integer("productId"),
                    location: ids[row.text("location")] ?? -1,
                    onHand: row.integer("onHandDelta"),
                    unavailable: row.integer("unavailableDelta"),
                    reserved: row.integer("reservedDelta"),
                    incoming: row.integer("incomingDelta"),
                    amount: row.integer("amount"),
                    cost: row.integer("cost"),
                    reason: row.text("reason").isEmpty ? "none" : row.text("reason"),
                    reference: row.text("reference"),
                    actor: row.text("actor"),
                    origin: origin,
                    id: [row.integer("lsn"), row.integer("line")]
                )
            )
        }
        for row in try Records(view, .transfers(TransferQuery())) {
            let step = row.integer("lsn")
            let sent = self.movements.first { $0.lsn == step && $0.kind == "transferOut" }
            guard let sent else { continue }
            self.transfers.append((sent, ids[row.text("to")] ?? -1))
        }
        for row in try Records(view, .refusals(RefusalQuery())) {
            self.refusals.append(
                NaiveRow(
                    time: row.integer("recordedAt"),
                    lsn: row.integer("lsn"),
                    recordedAt: row.integer("recordedAt"),
                    product: row.integer("productId"),
                    location: ids[row.text("location")] ?? -1,
                    reference: row.text("reference"),
                    actor: row.text("actor"),
                    asked: row.integer("asked"),
                    couldHave: row.integer("available")
                )
            )
        }
    }

    func calendar(_ zone: String) throws -> NaiveCalendar {
        if let known = self.calendars[zone] { return known }
        let calendar = try NaiveCalendar(zone)
        self.calendars[zone] = calendar
        return calendar
    }
}

/// The rows of a list, by column name.
struct Records: Sequence, IteratorProtocol {
    private let table: ResultTable
    private let names: [String: Int]
    private var row = -1

    init(_ view: ReadView, _ query: Query) throws {
        self.table = try view.answer(query).wholeTable()
        self.names = Dictionary(
            uniqueKeysWithValues: self.table.schema.enumerated().map { ($1.name, $0) }
        )
    }

    mutating func next() -> Records? {
        self.row += 1
        return self.row < self.table.rowCount ? self : nil
    }

    private func cell(_ name: String) -> ResultCell {
        guard let column = self.names[name] else { preconditionFailure("no column \(name)") }
        return self.table.cell(self.row, column)
    }

    /// 0 if missing.
    func integer(_ name: String) -> Int64 {
        if case .integer(let value) = self.cell(name) { value } else { 0 }
    }

    /// Empty if missing.
    func text(_ name: String) -> String {
        if case .text(let text) = self.cell(name) { text } else { "" }
    }
}
