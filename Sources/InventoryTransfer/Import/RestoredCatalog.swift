internal import InventoryModel

/// The categories, locations and products of an export, and the commands that create them.
///
/// They are created in order, so that in an empty database an id is the number in the export. Archived
/// objects are created too, since the ledger refers to them, but with placeholder names, since their names
/// may be in use again. At the end they get their names and are archived.
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
    /// The prefix of placeholder names, which no other object has.
    private let placeholder: String
    private var categories: [Place] = []
    private var locations: [Place] = []
    private(set) var products: [Product] = []

    init(moneyDecimals: UInt8, placeholder: String) {
        self.moneyDecimals = moneyDecimals
        self.placeholder = placeholder
    }

    // MARK: - Creation

    /// Reads a line of the catalog.
    ///
    /// - Returns: The command that creates the object, and the id that it must get.
    mutating func read(_ record: ExportRecord) throws(Failure) -> (Command, UInt64) {
        if record.has("product") { return try self.readProduct(record) }
        if record.has("location") { return try self.readLocation(record) }
        let number = try self.next(record, name: "category", count: self.categories.count)
        let place = Place(key: record.text("name"), isArchived: Self.isArchived(record))
        self.categories.append(place)
        return (.createCategory(name: self.name(place, number)), UInt64(number))
    }

    /// Returns the number of a line, which must be the next one.
    private func next(_ record: ExportRecord, name: String, count: Int) throws(Failure) -> Int {
        let number = try record.number(name)
        guard number == count + 1 else {
            throw record.problem("\(name) \(number) follows \(name) \(count)")
        }
        return number
    }

    private static func isArchived(_ record: ExportRecord) -> Bool {
        record.text("status") == "\(ProductStatus.archived)"
    }

    private func name(_ place: Place, _ number: Int) -> String {
        place.isArchived ? "\(self.placeholder)-\(number)" : place.key
    }

    private mutating func readLocation(_ record: ExportRecord) throws(Failure) -> (Command, UInt64)
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
        // An empty database already has the first location.
        let update = LocationUpdate(.all, of: draft)
        return (.updateLocation(.main, update, ifRevision: nil), UInt64(number))
    }

    private mutating func readProduct(_ record: ExportRecord) throws(Failure) -> (Command, UInt64) {
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
            fields.sku = "\(self.placeholder)-\(number)"
            fields.barcode = ""
        }
        fields.status = .active
        let draft = ProductDraft(fields)
        return (.createProduct(draft), UInt64(number))
    }

    // MARK: - References

    /// Returns the ids of a product and a location by number, and the product's decimals.
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

    /// Returns the commands that restore the final state of inactive products and of prices whose basis was
    /// changed meanwhile.
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

    /// Returns the commands that rename and archive archived products, categories and locations.
    ///
    /// An object that has the same name by now gets a placeholder name meanwhile.
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
        let renamed = places.indices.filter {
            !places[$0].isArchived && keys.contains(NormalizedText.key(places[$0].key))
        }
        return renamed.map { rename($0 + 1, "\(self.placeholder)-\($0 + 1)") }
            + archived.flatMap { [rename($0 + 1, places[$0].key), archive($0 + 1)] }
            + renamed.map { rename($0 + 1, places[$0].key) }
    }

    private func productCommands() -> [Command] {
        let archived = self.products.indices.filter { self.products[$0].status == .archived }
        let keys = Set(archived.flatMap { Self.keys(self.products[$0]) })
        let renamed =
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
        return renamed.map { rename($0, sku: "\(self.placeholder)-\($0 + 1)", barcode: "") }
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
            + renamed.map {
                rename($0, sku: self.products[$0].sku, barcode: self.products[$0].barcode)
            }
    }

    /// Returns the keys that must be unique among products.
    private static func keys(_ product: Product) -> [String] {
        let sku = "sku " + NormalizedText.key(product.sku)
        return product.barcode.isEmpty
            ? [sku] : [sku, "barcode " + NormalizedText.barcodeKey(product.barcode)]
    }
}
