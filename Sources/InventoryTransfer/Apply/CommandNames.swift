import InventoryClient
internal import InventoryModel

/// A cache of what the names in commands refer to, filled from the server on demand.
///
/// A lookup takes a round trip and reading a command does not, so a line is scanned first:
/// ``needsLookup(_:)`` says whether a name is a cache miss, ``lookUp(_:)`` queries the server. A missing
/// object is not cached, since an earlier line may create it.
final class CommandNames {
    struct Product {
        var id: ProductID
        var unit: String
        var decimals: UInt8
        var priceBasis: Int64
    }

    /// The key of an object: its id if the value is a number, otherwise its normalized name.
    enum Key: Hashable {
        case id(UInt64)
        case name(String)

        init?(_ value: JSONValue) {
            switch value {
            case .number:
                guard let number = value.plain.flatMap({ UInt64($0) }) else { return nil }
                self = .id(number)
            case .text(let text): self = .name(NormalizedText.key(text))
            default: return nil
            }
        }
    }

    enum Kind {
        case product, category, location, reservation, transfer
    }

    /// Members that refer to an object, in a command and in its lines.
    private static let kinds: [String: Kind] = [
        "product": .product, "category": .category, "location": .location, "from": .location,
        "to": .location, "reservation": .reservation, "transfer": .transfer,
    ]

    /// The most cached products; when it is reached the cache is emptied.
    private static let productsMax = 100_000

    private let client: InventoryClient
    private var products: [Key: Product] = [:]
    /// The cached products as refusals name them.
    private var places: [ProductID: Refusal.Place] = [:]
    private var categories: [String: CategoryID] = [:]
    private var locations: [String: LocationID] = [:]
    /// The decimals of the products of reservations and transfers, by id.
    private var openItems: [Kind: [UInt64: UInt8]] = [:]

    init(_ client: InventoryClient) { self.client = client }

    // MARK: - Known names

    func product(_ key: Key) -> Product? { self.products[key] }

    /// Returns the subject of a refusal if it is cached.
    func place(of refusal: Refusal) -> Refusal.Place? {
        guard case .shortage(let shortage) = refusal.detail else { return nil }
        return self.places[shortage.product]
    }

    func category(_ key: Key) -> CategoryID? {
        switch key {
        case .id(let id): CategoryID(UInt32(clamping: id))
        case .name(let name): self.categories[name]
        }
    }

    func location(_ key: Key) -> LocationID? {
        switch key {
        case .id(let id): LocationID(UInt16(clamping: id))
        case .name(let code): self.locations[code]
        }
    }

    func decimals(of kind: Kind, _ id: UInt64) -> UInt8? { self.openItems[kind]?[id] }

    /// Known names, for suggestions.
    var categoryNames: [String] { Array(self.categories.keys) }
    var locationCodes: [String] { Array(self.locations.keys) }

    // MARK: - Lookup

    /// Returns whether a command has a name that is not cached.
    func needsLookup(_ command: JSONValue) -> Bool {
        self.references(in: command).contains { kind, key in !self.isCached(kind, key) }
    }

    /// Queries the server for the names of a command that are not cached.
    ///
    /// A name that the server does not have stays unknown.
    func lookUp(_ command: JSONValue) async throws {
        for (kind, key) in self.references(in: command) where !self.isCached(kind, key) {
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
        // In a return, `to` is a kind of stock, not a location.
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

    private func isCached(_ kind: Kind, _ key: Key) -> Bool {
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
        let answer =
            switch key {
            case .id(let id): try await self.client.product(.id(ProductID(UInt32(clamping: id))))
            case .name(let name): try await self.client.product(named: name)
            }
        guard let found = answer?.product else { return }
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

    /// Returns the only row of an answer; `nil` if the server has no such object.
    private func unlessMissing<Row>(
        _ query: () async throws(ClientError) -> TypedAnswer<Row>
    ) async throws -> Row? {
        do throws(ClientError) {
            return try await query().rows.first
        } catch {
            if Exit.code(for: error) == Exit.notFound { return nil }
            throw error
        }
    }

    // MARK: - Effects of commands

    /// Removes cached names that a command may change.
    func invalidate(after command: Command) {
        switch command {
        case .updateProduct(let id, _, _), .deleteProduct(let id, _):
            self.products = self.products.filter { $0.value.id != id }
            self.places[id] = nil
        case .renameCategory, .archiveCategory: self.categories = [:]
        case .updateLocation, .archiveLocation: self.locations = [:]
        default: break
        }
    }
}
