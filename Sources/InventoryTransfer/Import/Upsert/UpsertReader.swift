import InventoryClient
internal import InventoryModel

/// Reads the rows of a file and compares them with the products of the server.
///
///     record ─▶ its product, by SKU, without one by barcode ─▶ UpsertRow ─▶ UpsertPlan
///
/// Which rows are read together, and whether they may name a new category or have stock at several
/// locations, is decided by the file alone: a retry numbers its requests in the same way.
struct UpsertReader: ~Copyable {
    /// The rows of a request.
    struct Chunk {
        /// The rows that change something.
        var plans: [UpsertPlan] = []
        /// Whether a row has a category that no earlier row has.
        var mayNeedCategories = false
        /// Whether a row has stock at several locations.
        var mayNeedFurtherStock = false
    }

    private var row: UpsertRow
    private let existing: ExistingProducts
    /// The categories that exist.
    private(set) var categories: UpsertCategories
    private var claims = UpsertClaims()
    private let problems: Problems
    private var seenCategories: Set<String> = []
    /// The category of new products without one.
    private let standardCategory: String
    private(set) var unchangedCount = 0
    /// The locations that rows and columns can name.
    let locations: ImportLocations
    private let currencyDecimals: UInt8
    /// The columns of the fields and what was detected, for people.
    let notes: [String]
    private let refusedCount: Int
    private let presetPassedCount: Int

    /// The rows so far, without those that were passed over.
    var rowCount: Int {
        self.row.records.recordCount - self.row.records.passedCount + self.refusedCount
    }
    var passedCount: Int { self.row.records.passedCount + self.presetPassedCount }
    var bytesRead: Int { self.row.records.bytesRead }

    /// Opens a file, maps its columns and finds its products; rejected rows are added to `problems`.
    init(
        _ file: FileBytes,
        options: ImportOptions,
        host: any TransferHost,
        problems: Problems
    ) async throws {
        let locations = try await host.importLocations(at: options.at)
        let file = try ImportFile(
            file,
            options.reading,
            fields: .ofUpserts,
            content: .upserts,
            locations: locations
        )
        try await self.init(
            file,
            options: options,
            host: host,
            locations: locations,
            problems: problems
        )
    }

    /// Finds the products of a file that was opened; rejected rows are added to `problems`.
    init(
        _ file: ImportFile,
        options: ImportOptions,
        host: any TransferHost,
        locations: ImportLocations,
        problems: Problems
    ) async throws {
        // Rows before a malformed record must not be imported: the mended file would repeat them.
        try file.records.checkRecords()
        let row = UpsertRow(
            file,
            currency: host.currency,
            per: options.reading.per,
            locations: locations
        )
        let existing = try await ExistingProducts(
            of: file.records,
            sku: row.skuColumn,
            barcodes: row.barcodes,
            hasStock: row.hasStock,
            host.client
        )
        var categories = UpsertCategories()
        try await categories.read(host.client)
        self.row = row
        self.existing = existing
        self.categories = categories
        self.locations = locations
        self.currencyDecimals = host.currency.decimals
        self.standardCategory = options.category
        self.problems = problems
        self.notes = file.notes
        self.refusedCount = file.refused.count
        self.presetPassedCount = file.passedCount
        for refused in file.refused { problems.add(refused.row, refused.reason) }
    }

    /// Returns what the next `count` rows do; `nil` at the end of the file.
    mutating func next(_ count: Int) throws -> Chunk? {
        var chunk = Chunk()
        var read = 0
        while read < count, try self.row.records.next() {
            read += 1
            if self.seenCategories.insert(self.row.categoryName ?? "").inserted {
                chunk.mayNeedCategories = true
            }
            if self.row.stockCellCount > 1 { chunk.mayNeedFurtherStock = true }
            do throws(ProductRow.Problem) {
                guard let plan = try self.plan() else { continue }
                chunk.plans.append(plan)
            } catch {
                if self.row.isBesideRows {
                    self.row.records.pass()
                } else {
                    self.problems.add(self.row.records.number, error.text)
                }
            }
        }
        return read == 0 ? nil : chunk
    }

    /// Returns how the next of some rows differs from its product; `nil` after the last of them.
    ///
    /// - Parameter numbers: The numbers of the rows, whose products exist.
    /// - Returns: The row's number, and what differs, for people; `nil` if nothing does.
    /// - Throws: ``Failure`` if the file is malformed.
    mutating func nextDifference(
        among numbers: Set<Int>
    ) throws -> (number: Int, difference: String?)? {
        while try self.row.records.next() {
            let number = self.row.records.number
            guard numbers.contains(number) else { continue }
            do throws(ProductRow.Problem) {
                let plan = try self.plan()
                return (number, plan.map { self.text(ofDifference: $0) })
            } catch {
                return (number, error.text)
            }
        }
        return nil
    }

    private func text(ofDifference plan: UpsertPlan) -> String {
        guard plan.existing != nil else { return "\(plan.fields.sku) was taken at that time" }
        let categories = self.categories
        let texts = UpsertText(
            currencyDecimals: self.currencyDecimals,
            locations: self.locations,
            category: { categories.name($0) ?? "unknown" }
        )
        return
            "already in the database and different: \(texts.line(of: plan)); --mode upsert changes it"
    }

    /// Returns what the current record does; `nil` if nothing.
    private mutating func plan() throws(ProductRow.Problem) -> UpsertPlan? {
        if let problem = self.row.records.problem { throw ProductRow.Problem(text: problem) }
        let number = self.row.records.number
        let sku = try self.row.sku()
        let product = try self.product(sku)
        let content = try self.row.read(product?.fields)
        if product == nil, content.isArchived {
            self.unchangedCount += 1
            return nil
        }
        try self.claims.claim(product, sku: sku, for: number)
        var plan = UpsertPlan(
            number: number,
            existing: product,
            fields: content.fields,
            isArchived: content.isArchived,
            cost: content.cost
        )
        let old = Set(product?.fields.barcodeKeys ?? [])
        for barcode in plan.fields.barcodes where !old.contains(NormalizedText.barcodeKey(barcode))
        {
            try self.claims.claim(barcode: barcode, for: number)
        }
        self.setCategory(content.category, of: &plan)
        self.setStock(content.stock, of: &plan)
        guard !plan.isUnchanged else {
            self.unchangedCount += 1
            return nil
        }
        return plan
    }

    /// Returns the product that the current record means: by its SKU, without one by its barcodes.
    private func product(_ sku: String) throws(ProductRow.Problem) -> Product? {
        let barcodes = try self.row.allBarcodes()
        guard !(sku.isEmpty && barcodes.isEmpty) else {
            throw ProductRow.Problem(
                text: self.row.barcodeColumn == .max
                    ? "sku: is empty" : "sku: is empty, and so is barcode"
            )
        }
        let bySKU = sku.isEmpty ? nil : self.existing.product(sku: sku)
        var found = bySKU
        for barcode in barcodes {
            guard let other = self.existing.product(barcode: barcode) else { continue }
            // A SKU that no product has is that of a new one, which cannot have the barcode of another.
            if found?.id != other.id, found != nil || !sku.isEmpty {
                throw Self.conflict(of: found?.sku ?? sku, barcode, with: other)
            }
            found = other
        }
        if sku.isEmpty, found == nil {
            throw ProductRow.Problem(
                text: "barcode: no product has \"\(barcodes[0])\", and a new one needs a sku"
            )
        }
        return found
    }

    private static func conflict(
        of sku: String,
        _ barcode: String,
        with other: Product
    ) -> ProductRow.Problem {
        ProductRow.Problem(
            text: "barcode: the row is of \(sku), but \"\(barcode)\" is the barcode of "
                + other.sku
        )
    }

    private func setCategory(_ name: String?, of plan: inout UpsertPlan) {
        guard let name = name ?? (plan.existing == nil ? self.standardCategory : nil) else {
            return
        }
        if let id = self.categories.id(name) {
            plan.fields.category = id
        } else {
            plan.newCategory = name
        }
    }

    /// Sets the stock that differs: the first column's, and what is sent once the product exists.
    private func setStock(_ stock: [UpsertRow.Stock], of plan: inout UpsertPlan) {
        for (index, stock) in stock.enumerated() {
            let before = plan.existing.map { self.existing.onHand($0.id, at: stock.location) } ?? 0
            guard before != stock.quantity else { continue }
            let change = UpsertPlan.Stock(
                location: stock.location,
                before: before,
                after: stock.quantity
            )
            let isFirst = plan.existing == nil ? plan.stock.isEmpty : index == 0
            if isFirst { plan.stock.append(change) } else { plan.furtherStock.append(change) }
        }
    }

    // MARK: - Categories

    /// The names of the categories that the plans of a chunk need and that do not exist.
    func missingCategories(of chunk: Chunk) -> [String] {
        var keys: Set<String> = []
        return chunk.plans.compactMap { plan in
            guard let name = plan.newCategory, self.categories.id(name) == nil,
                keys.insert(NormalizedText.key(name)).inserted
            else { return nil }
            return name
        }
    }

    /// Reads the categories again, once some were created.
    mutating func readCategories(_ client: InventoryClient) async throws {
        try await self.categories.read(client)
    }
}

/// The categories of the server by name.
struct UpsertCategories {
    private var ids: [String: CategoryID] = [:]
    private var names: [CategoryID: String] = [:]

    func id(_ name: String) -> CategoryID? { self.ids[NormalizedText.key(name)] }
    func name(_ id: CategoryID) -> String? { self.names[id] }

    mutating func read(_ client: InventoryClient) async throws {
        for category in try await client.categories().rows {
            self.ids[NormalizedText.key(category.name)] = category.id
            self.names[category.id] = category.name
        }
    }
}
