import InventoryClient
internal import InventoryModel

/// What the names in commands stand for, asked of the server as they come up.
///
/// Asking takes a round trip and reading a command does not, so a line is looked through first:
/// ``lacks(_:)`` says whether anything has to be asked, ``lookUp(_:)`` asks. What is not there is not
/// remembered: an earlier line may make it.
final class CommandNames {
    struct Product {
        var id: ProductID
        var unit: String
        var decimals: UInt8
        var priceBasis: Int64
    }

    /// How a thing is named: by its number where that is one, else by a text as it is compared.
    enum Key: Hashable {
        case id(UInt64)
        case name(String)

        init?(_ value: JSONValue) {
            switch value {
            case .number(let digits):
                guard let number = UInt64(digits) else { return nil }
                self = .id(number)
            case .text(let text): self = .name(NormalizedText.key(text))
            default: return nil
            }
        }
    }

    enum Kind {
        case product, category, location, reservation, transfer
    }

    /// Members that name something, in a command and in its lines.
    private static let kinds: [String: Kind] = [
        "product": .product, "category": .category, "location": .location, "from": .location,
        "to": .location, "reservation": .reservation, "transfer": .transfer,
    ]

    /// Products that are remembered; beyond it all are asked for again.
    private static let productsMax = 100_000

    private let client: InventoryClient
    private var products: [Key: Product] = [:]
    /// The same, as refusals name and count them.
    private var places: [ProductID: Refusal.Place] = [:]
    private var categories: [String: CategoryID] = [:]
    private var locations: [String: LocationID] = [:]
    /// What is taken as if it were there.
    private var pretendedProducts: [Key: Product] = [:]
    private var pretendedCategories: [String: CategoryID] = [:]
    private var pretendedLocations: [String: LocationID] = [:]
    /// Decimals of what a reservation or a transfer is of.
    private var openItems: [Kind: [UInt64: UInt8]] = [:]

    init(_ client: InventoryClient) { self.client = client }

    // MARK: - Known names

    func product(_ key: Key) -> Product? { self.products[key] ?? self.pretendedProducts[key] }

    /// What a refusal is about, as far as it is known without asking.
    func place(of refusal: Refusal) -> Refusal.Place? {
        guard case .shortage(let shortage) = refusal.detail else { return nil }
        return self.places[shortage.product]
    }

    func category(_ key: Key) -> CategoryID? {
        switch key {
        case .id(let id): CategoryID(UInt32(clamping: id))
        case .name(let name): self.categories[name] ?? self.pretendedCategories[name]
        }
    }

    func location(_ key: Key) -> LocationID? {
        switch key {
        case .id(let id): LocationID(UInt16(clamping: id))
        case .name(let code): self.locations[code] ?? self.pretendedLocations[code]
        }
    }

    func decimals(of kind: Kind, _ id: UInt64) -> UInt8? { self.openItems[kind]?[id] }

    /// Names that there are, for who mistyped one.
    var categoryNames: [String] { Array(self.categories.keys) }
    var locationCodes: [String] { Array(self.locations.keys) }

    // MARK: - Asking

    /// Whether something in a command is named that is not known yet.
    func lacks(_ command: JSONValue) -> Bool {
        self.references(in: command).contains { kind, key in !self.knows(kind, key) }
    }

    /// Asks for what is not known; what is not there stays unknown.
    func lookUp(_ command: JSONValue) async throws {
        for (kind, key) in self.references(in: command) where !self.knows(kind, key) {
            switch (kind, key) {
            case (.product, _): try await self.lookUpProduct(key)
            case (.category, _): try await self.readCategories()
            case (.location, _): try await self.readLocations()
            case (.reservation, .id(let id)):
                let number = ReservationID(UInt32(clamping: id))
                self.openItems[kind, default: [:]][id] = try await self.unlessMissing {
                    () async throws(ClientError) in
                    try await self.client.reservations(ReservationQuery(id: number))
                }?.unit.decimals
            case (.transfer, .id(let id)):
                let number = TransferID(UInt32(clamping: id))
                self.openItems[kind, default: [:]][id] = try await self.unlessMissing {
                    () async throws(ClientError) in
                    try await self.client.transfers(TransferQuery(id: number))
                }?.unit.decimals
            case (.reservation, .name), (.transfer, .name):
                break
            }
        }
    }

    private func references(in value: JSONValue) -> [(Kind, Key)] {
        guard case .object(let members) = value else { return [] }
        var found: [(Kind, Key)] = []
        // Of a return, `to` says which stock.
        let isTransfer = members.contains { $0.name == "from" }
        for (name, value) in members where name != "to" || isTransfer {
            switch value {
            case .array(let values): found += values.flatMap { self.references(in: $0) }
            case .object: found += self.references(in: value)
            default:
                guard let kind = Self.kinds[name], let key = Key(value) else { continue }
                found.append((kind, key))
            }
        }
        return found
    }

    private func knows(_ kind: Kind, _ key: Key) -> Bool {
        switch (kind, key) {
        case (.product, _): self.product(key) != nil
        case (.category, .name): self.category(key) != nil
        case (.location, .name): self.location(key) != nil
        case (.reservation, .id(let id)), (.transfer, .id(let id)):
            self.decimals(of: kind, id) != nil
        default: true
        }
    }

    private func lookUpProduct(_ key: Key) async throws {
        let wanted: ProductKey =
            switch key {
            case .id(let id): .id(ProductID(UInt32(clamping: id)))
            case .name(let sku): .sku(sku)
            }
        guard let found = try await self.client.product(wanted)?.product else { return }
        if self.products.count >= Self.productsMax {
            self.products = [:]
            self.places = [:]
        }
        self.places[found.id] = Refusal.Place(of: found)
        self.products[key] = Product(
            id: found.id,
            unit: found.unit.code,
            decimals: found.unit.decimals,
            priceBasis: found.price.basis
        )
    }

    private func readCategories() async throws {
        let all = try await self.client.categories().rows
        self.categories = [:]
        for category in all {
            self.categories[NormalizedText.key(category.name)] = category.id
        }
    }

    private func readLocations() async throws {
        let all = try await self.client.locations().rows
        self.locations = [:]
        for location in all {
            self.locations[NormalizedText.key(location.code)] = location.id
        }
    }

    /// The one row of an answer; `nil` if the server has none of that number.
    private func unlessMissing<Row>(
        _ ask: () async throws(ClientError) -> TypedAnswer<Row>
    ) async throws -> Row? {
        do throws(ClientError) {
            return try await ask().rows.first
        } catch {
            if Exit.code(for: error) == Exit.notFound { return nil }
            throw error
        }
    }

    // MARK: - What commands change

    /// Forgets what a command changes the meaning of.
    func forget(after command: Command) {
        switch command {
        case .updateProduct(let id, _, _), .deleteProduct(let id, _):
            self.products = self.products.filter { $0.value.id != id }
            self.places[id] = nil
        case .renameCategory, .archiveCategory: self.categories = [:]
        case .updateLocation, .archiveLocation: self.locations = [:]
        default: break
        }
    }

    /// Takes what a command would make as if it were there, for a run that makes nothing.
    func pretend(_ command: Command) {
        switch command {
        case .createProduct(let draft):
            // No real one has a number like it.
            let number = UInt32.max - UInt32(self.pretendedProducts.count)
            self.pretendedProducts[.name(NormalizedText.key(draft.sku))] = Product(
                id: ProductID(number),
                unit: draft.unit.code,
                decimals: draft.unit.decimals,
                priceBasis: draft.price.basis
            )
        case .updateProduct(let id, let update, _):
            guard let sku = update.sku else { return }
            let all = [self.products, self.pretendedProducts].lazy.flatMap { $0.values }
            self.pretendedProducts[.name(NormalizedText.key(sku))] = all.first { $0.id == id }
        case .createCategory(let name), .renameCategory(_, let name, _):
            self.pretendedCategories[NormalizedText.key(name)] = CategoryID(0)
        case .createLocation(let draft):
            self.pretendedLocations[NormalizedText.key(draft.code)] = LocationID(0)
        case .updateLocation(_, let update, _):
            guard let code = update.code else { return }
            self.pretendedLocations[NormalizedText.key(code)] = LocationID(0)
        default: break
        }
    }
}
