internal import InventoryModel

/// The categories, locations and products of an export, and the commands that make them.
///
/// Each is made in its turn, so that in an empty database its id is its number in the export. What was
/// archived is made like the rest, under a name of its own, since the ledger still moves it and its name
/// may be another's by now; it is given its name and archived at the end.
struct RestoredCatalog {
    struct Product {
        var sku: String
        var barcode: String
        var decimals: UInt8
        var price: Price
        var status: ProductStatus

        init(_ fields: ProductFields) {
            self.sku = fields.sku
            self.barcode = fields.barcode
            self.decimals = fields.unit.decimals
            self.price = fields.price
            self.status = fields.status
        }
    }

    private struct Place {
        /// A category's name, a location's code.
        var key: String
        var isArchived: Bool
    }

    private let moneyDecimals: UInt8
    /// What names that nothing else has begin with.
    private let standIn: String
    private var categories: [Place] = []
    private var locations: [Place] = []
    private(set) var products: [Product] = []

    init(moneyDecimals: UInt8, standIn: String) {
        self.moneyDecimals = moneyDecimals
        self.standIn = standIn
    }

    // MARK: - Making

    /// Takes a line of the catalog.
    ///
    /// - Returns: The command that makes it, and the id that it must get.
    mutating func take(_ record: ExportRecord) throws(Failure) -> (Command, UInt64) {
        if record.has("product") { return try self.takeProduct(record) }
        if record.has("location") { return try self.takeLocation(record) }
        let number = try self.next(record, name: "category", count: self.categories.count)
        let place = Place(key: record.text("name"), isArchived: Self.isArchived(record))
        self.categories.append(place)
        return (.createCategory(name: self.name(place, number)), UInt64(number))
    }

    /// The number of a line, which must be the next.
    private func next(_ record: ExportRecord, name: String, count: Int) throws(Failure) -> Int {
        let number = try record.number(name)
        guard number == count + 1 else {
            throw record.problem("\(name) \(number) comes after \(count)")
        }
        return number
    }

    private static func isArchived(_ record: ExportRecord) -> Bool {
        record.text("status") == "\(ProductStatus.archived)"
    }

    private func name(_ place: Place, _ number: Int) -> String {
        place.isArchived ? "\(self.standIn)-\(number)" : place.key
    }

    private mutating func takeLocation(_ record: ExportRecord) throws(Failure) -> (Command, UInt64)
    {
        let number = try self.next(record, name: "location", count: self.locations.count)
        guard number <= Int(Limits.locationsMax) else { throw record.problem("too many locations") }
        let place = Place(key: record.text("code"), isArchived: Self.isArchived(record))
        self.locations.append(place)
        var draft = LocationFields()
        var reader = RecordedFields(record, money: self.moneyDecimals)
        try draft.visit(&reader, only: .all)
        draft.code = self.name(place, number)
        guard number == 1 else { return (.createLocation(draft), UInt64(number)) }
        // The first is there from the start.
        let update = LocationUpdate(.all, of: draft)
        return (.updateLocation(.main, update, ifRevision: nil), UInt64(number))
    }

    private mutating func takeProduct(_ record: ExportRecord) throws(Failure) -> (Command, UInt64) {
        let number = try self.next(record, name: "product", count: self.products.count)
        let category = try record.number("category")
        guard (1...max(1, self.categories.count)).contains(category) else {
            throw record.problem("there is no category \(category)")
        }
        var fields = ProductFields()
        var reader = RecordedFields(record, money: self.moneyDecimals)
        try fields.visit(&reader)
        let product = Product(fields)
        self.products.append(product)
        if product.status == .archived {
            fields.sku = "\(self.standIn)-\(number)"
            fields.barcode = ""
        }
        fields.status = .active
        let draft = ProductDraft(fields)
        return (.createProduct(draft), UInt64(number))
    }

    // MARK: - What a line refers to

    /// The product and location of those numbers, and the product's decimals.
    func place(
        _ record: ExportRecord,
        product: Int,
        location: Int
    ) throws(Failure) -> (product: ProductID, location: LocationID, decimals: UInt8) {
        guard self.products.indices.contains(product - 1) else {
            throw record.problem("there is no product \(product)")
        }
        guard self.locations.indices.contains(location - 1) else {
            throw record.problem("there is no location \(location)")
        }
        return (
            ProductID(UInt32(product)), LocationID(UInt16(location)),
            self.products[product - 1].decimals
        )
    }

    // MARK: - Finishing

    /// Makes products what they are at last: those that are not for sale, and those whose price had
    /// another basis meanwhile.
    func finishingCommands(changed: [ProductID]) -> [Command] {
        var commands: [Command] = []
        let changed = Set(changed)
        for (index, product) in self.products.enumerated() {
            let id = ProductID(UInt32(index + 1))
            var update = ProductUpdate()
            if changed.contains(id) { update.price = product.price }
            if product.status == .inactive { update.status = .inactive }
            if update != ProductUpdate() {
                commands.append(.updateProduct(id, update, ifRevision: nil))
            }
        }
        return commands
    }

    /// Gives what was archived its own name, and archives it: products, categories, locations.
    ///
    /// Where something else has that name by now, that steps aside meanwhile.
    func archivingCommands() -> [Command] {
        self.productCommands()
            + self.commands(self.categories) { number, name in
                .renameCategory(CategoryID(UInt32(number)), name: name, ifRevision: nil)
            } archive: {
                .archiveCategory(CategoryID(UInt32($0)), ifRevision: nil)
            }
            + self.commands(self.locations) { number, code in
                let update = LocationUpdate { $0.code = code }
                return .updateLocation(LocationID(UInt16(number)), update, ifRevision: nil)
            } archive: {
                .archiveLocation(LocationID(UInt16($0)), ifRevision: nil)
            }
    }

    private func commands(
        _ places: [Place],
        rename: (Int, String) -> Command,
        archive: (Int) -> Command
    ) -> [Command] {
        let archived = places.indices.filter { places[$0].isArchived }
        let keys = Set(archived.map { NormalizedText.key(places[$0].key) })
        let aside = places.indices.filter {
            !places[$0].isArchived && keys.contains(NormalizedText.key(places[$0].key))
        }
        return aside.map { rename($0 + 1, "\(self.standIn)-\($0 + 1)") }
            + archived.flatMap { [rename($0 + 1, places[$0].key), archive($0 + 1)] }
            + aside.map { rename($0 + 1, places[$0].key) }
    }

    private func productCommands() -> [Command] {
        let archived = self.products.indices.filter { self.products[$0].status == .archived }
        let keys = Set(archived.flatMap { Self.keys(self.products[$0]) })
        let aside =
            keys.isEmpty
            ? []
            : self.products.indices.filter { index in
                self.products[index].status != .archived
                    && Self.keys(self.products[index]).contains { keys.contains($0) }
            }
        func rename(_ index: Int, sku: String, barcode: String) -> Command {
            let update = ProductUpdate { ($0.sku, $0.barcode) = (sku, barcode) }
            return .updateProduct(ProductID(UInt32(index + 1)), update, ifRevision: nil)
        }
        return aside.map { rename($0, sku: "\(self.standIn)-\($0 + 1)", barcode: "") }
            + archived.flatMap { index in
                [
                    rename(
                        index,
                        sku: self.products[index].sku,
                        barcode: self.products[index].barcode
                    ),
                    .deleteProduct(ProductID(UInt32(index + 1)), ifRevision: nil),
                ]
            }
            + aside.map {
                rename($0, sku: self.products[$0].sku, barcode: self.products[$0].barcode)
            }
    }

    /// What no other product may have at the same time.
    private static func keys(_ product: Product) -> [String] {
        let sku = "sku " + NormalizedText.key(product.sku)
        return product.barcode.isEmpty
            ? [sku] : [sku, "barcode " + NormalizedText.barcodeKey(product.barcode)]
    }
}
