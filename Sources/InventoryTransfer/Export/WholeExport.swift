internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryWire

/// Writes the catalog, the ledger and all balances as NDJSON, for other programs.
///
///     {"invd":1,"currency":"EUR"}
///     {"category":1,"name":"Fruit"}                 then locations, then products
///     {"step":1,"actor":"till","lines":[{"kind":"sale","product":1,…}]}     the ledger, step by step
///     {"reservation":3,"expiresAt":"…"}             open reservations
///     {"level":[1,1],"onHand":7,…}                  every balance
///     {"end":9,"digest":"…"}                        detects a truncated file
///
/// Objects are numbered in the order of their creation, and nothing depends on LSNs, ids or times of
/// recording: databases with the same catalog, movements and balances export the same bytes. It is no backup: it
/// excludes sessions, unmet demand, alerts, earlier prices and names, and times of recording.
///
/// The export is as of one LSN, that of its products, except for floors and reorder points of locations, which are
/// those of its end.
package struct WholeExport {
    /// The fields of a product, and those of an active one.
    private static let fields = ProductFields.descriptions
    private static let fieldsOfActive = Self.fields.filter { $0.name != "status" }

    static let format = 1
    /// The beginning of the first line, which identifies a whole export.
    package static let head = Array("{\"invd\":".utf8)

    private let host: any TransferHost
    private let sink: ExportSink
    private let money: UInt8
    private var line = ExportLine()
    /// The digest of the lines written so far.
    package private(set) var digest = ExportDigest()
    private(set) var lineCount = 0
    /// The products written so far.
    package private(set) var productCount = 0
    /// The movements of the ledger, once it is written.
    package private(set) var movementCount = 0
    /// The steps of the ledger, once it is written.
    package private(set) var stepCount = 0

    /// Numbers in the export, from 1, by id.
    private var categories: [CategoryID: Int] = [:]
    private var locations: [LocationID: Int] = [:]
    private var products: [UInt32] = []
    /// Archived products, which lists of levels omit.
    private var archived: [ProductID] = []

    /// Creates an export.
    package init(_ host: any TransferHost, _ sink: ExportSink) {
        self.host = host
        self.sink = sink
        self.money = host.server.currencyDecimals
    }

    /// Writes all lines to the sink.
    ///
    /// - Throws: ``Failure`` if the catalog changes or the sink cannot be written, or a query's error.
    package mutating func write() async throws {
        self.line.begin()
        self.line.add("invd", Self.format)
        self.line.add("currency", text: self.host.server.currencyCode)
        try self.endLine()
        let lsn = try await self.writeCatalog()
        try await self.writeLedger(upTo: lsn)
        try await self.writeLevels(asOf: lsn)
        self.line.begin()
        self.line.add("end", self.lineCount)
        self.line.add("digest", text: self.digest.text)
        try self.sink.write(self.line.finish())
    }

    private mutating func endLine() throws(Failure) {
        let bytes = self.line.finish()
        bytes.withUnsafeBytes { self.digest.feed($0) }
        self.lineCount += 1
        try self.sink.write(bytes)
    }

    private static func changed(_ what: String) -> Failure {
        Failure(
            "catalog_changed",
            "a \(what) was changed during the export",
            hint: "No export was written. Try again.",
            exit: Exit.unreachable
        )
    }

    // MARK: - The catalog

    /// - Returns: The LSN of the products, which is that of the whole export.
    private mutating func writeCatalog() async throws -> LSN {
        let search = ProductSearch(statuses: .all)
        var lsn = LSN.zero
        var isFirst = true
        for try await part in self.host.client.rows(of: .products(search)) {
            if isFirst {
                // The LSN is fixed from here on, and the objects that products refer to exist.
                lsn = part.lsn
                isFirst = false
                try await self.writeCategories(asOf: lsn)
                try await self.writeLocations(asOf: lsn)
            }
            for (row, product) in try part.rows(as: ExportedProduct.self).enumerated() {
                try self.write(product, table: part.table, row: row)
            }
        }
        return lsn
    }

    private mutating func writeCategories(asOf lsn: LSN) async throws {
        let categories = try await self.host.client.categories(includingArchived: true).rows
        for (row, category) in categories.enumerated() {
            guard category.revision <= lsn else { throw Self.changed("category") }
            self.categories[category.id] = row + 1
            self.line.begin()
            self.line.add("category", row + 1)
            self.line.add("name", text: category.name)
            self.addStatus(category.isArchived ? .archived : .active)
            try self.endLine()
        }
    }

    private mutating func writeLocations(asOf lsn: LSN) async throws {
        let answer = try await self.host.client.query(.locations(includingArchived: true))
        for (row, location) in try answer.rows(as: Location.self).enumerated() {
            guard location.revision <= lsn else { throw Self.changed("location") }
            self.locations[location.id] = row + 1
            self.line.begin()
            self.line.add("location", row + 1)
            self.line.add(LocationFields.descriptions, of: answer.table, row, money: self.money)
            self.addStatus(location.isArchived ? .archived : .active)
            try self.endLine()
        }
    }

    private mutating func addStatus(_ status: ProductStatus) {
        if status != .active { self.line.add("status", text: "\(status)") }
    }

    private mutating func write(
        _ product: ExportedProduct,
        table: ResultTable,
        row: Int
    ) throws {
        guard let category = self.categories[product.category] else {
            throw Self.changed("category")
        }
        self.productCount += 1
        while self.products.count <= product.id.row { self.products.append(0) }
        self.products[product.id.row] = UInt32(self.productCount)
        if product.status == .archived { self.archived.append(product.id) }
        self.line.begin()
        self.line.add("product", self.productCount)
        let fields = product.status == .active ? Self.fieldsOfActive : Self.fields
        self.line.add(fields, of: table, row, money: self.money) { _ in category }
        try self.endLine()
    }

    /// Returns the export's number of a product; `nil` if the product is newer than the export.
    private func number(of id: ProductID) -> Int? {
        let row = id.row
        guard self.products.indices.contains(row), self.products[row] > 0 else { return nil }
        return Int(self.products[row])
    }

    // MARK: - The ledger

    private mutating func writeLedger(upTo lsn: LSN) async throws {
        var ledger = LedgerExport(moneyDecimals: self.money)
        let query = Query.ledger(LedgerQuery(isNewestFirst: false))
        reading: for try await part in self.host.client.rows(of: query) {
            for movement in try part.rows(as: ListedMovement.self) {
                if movement.id.lsn > lsn { break reading }
                guard let product = self.number(of: movement.product),
                    let location = self.locations[movement.location]
                else { throw Self.changed("product or location") }
                if ledger.isNew(movement) {
                    try self.endStep(&ledger)
                }
                ledger.add(movement, product: product, location: location, to: &self.line)
            }
        }
        try self.endStep(&ledger)
        self.movementCount = ledger.movementCount
        self.stepCount = ledger.steps.count
        try await self.writeReservations(ledger.openReservations)
    }

    private mutating func endStep(_ ledger: inout LedgerExport) throws(Failure) {
        guard !self.line.isEmpty else { return }
        ledger.endStep(&self.line)
        try self.endLine()
    }

    /// Writes when each open reservation expires.
    private mutating func writeReservations(_ open: Set<ReservationID>) async throws {
        var rest = open
        guard let first = rest.min(by: { $0.value < $1.value }), first.value > 0 else { return }
        let query = ReservationQuery(after: ReservationID(first.value - 1))
        for try await part in self.host.client.rows(of: .reservations(query)) {
            for reservation in try part.rows(as: ListedReservation.self) {
                guard rest.remove(reservation.id) != nil else { continue }
                self.line.begin()
                self.line.add("reservation", Int(reservation.id.value))
                self.line.add("expiresAt", time: reservation.expiresAt.microseconds)
                try self.endLine()
            }
            if rest.isEmpty { return }
        }
    }

    // MARK: - Levels

    /// Writes the levels of products that are not archived, then those of archived ones.
    private mutating func writeLevels(asOf lsn: LSN) async throws {
        let asOf = AsOf.lsn(lsn)
        let queries =
            [LevelQuery(asOf: asOf)] + self.archived.map { LevelQuery(product: $0, asOf: asOf) }
        let archived = Set(self.archived)
        for query in queries {
            for try await part in self.host.client.rows(of: .levels(query)) {
                for level in try part.rows(as: ListedLevel.self) {
                    // The query of an archived product writes its levels, even if the first lists them too.
                    let isArchived = archived.contains(level.product)
                    if isArchived == (query.product != nil) { try self.write(level) }
                }
            }
        }
    }

    private mutating func write(_ level: ListedLevel) throws {
        guard let product = self.number(of: level.product) else { return }
        guard let location = self.locations[level.location] else {
            throw Self.changed("location")
        }
        let quantities = [
            ("onHand", level.onHand), ("unavailable", level.unavailable),
            ("reserved", level.reserved), ("incoming", level.incoming), ("floor", level.floor),
        ]
        let own = level.ownReorderPoint
        // An empty level is equal to a missing one.
        guard level.value != .zero || own != nil || quantities.contains(where: { $0.1 != 0 }) else {
            return
        }
        self.line.begin()
        self.line.add("level", place: product, location)
        for (name, quantity) in quantities {
            self.line.add(name, units: quantity.baseUnits, decimals: level.unit.decimals)
        }
        if let own {
            self.line.add("reorderPoint", quantity: own.baseUnits, decimals: level.unit.decimals)
        }
        self.line.add("value", money: level.value.minorUnits, decimals: self.money)
        try self.endLine()
    }
}

/// The columns of a product that an export reads itself.
private struct ExportedProduct: AnswerRow {
    var id: ProductID
    var category: CategoryID
    var status: ProductStatus

    init(from row: inout RowReader) throws(ClientError) {
        self.id = try row.id("id")
        self.category = try row.id("categoryId")
        self.status = try row.choice("status")
    }
}
