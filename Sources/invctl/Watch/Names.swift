internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer

/// A cache of the names of products, locations and categories.
///
/// Names are learned from changes, and fetched from the server on a cache miss; nothing is read ahead,
/// however large the catalog.
struct Names: Sendable {
    struct Product: Sendable {
        var sku: String
        var name: String
        var decimals: UInt8
    }

    private let client: InventoryClient
    private var products: [ProductID: Product] = [:]
    private var locations: [LocationID: String] = [:]
    private var categories: [CategoryID: String] = [:]
    private var hasAllLocations = false

    /// The most products cached; beyond that the cache is cleared.
    private static let productsMax = 200_000

    init(_ shell: Shell) { self.client = shell.client }

    /// Creates a cache with the names that the fields of a product refer to, before and after a change.
    init(_ shell: Shell, for change: FieldChange<ProductFields>, of id: ProductID) async {
        self.init(shell)
        guard let difference = ProductDifference(from: change.before, to: change.after) else {
            return
        }
        await self.learn(.productUpdated(id, difference))
    }

    subscript(id: ProductID) -> Product? { self.products[id] }
    func sku(_ id: ProductID) -> String { self.products[id]?.sku ?? "unknown" }
    func decimals(_ id: ProductID) -> UInt8 { self.products[id]?.decimals ?? 0 }
    func code(_ id: LocationID) -> String { self.locations[id] ?? "unknown" }
    func name(_ id: CategoryID) -> String { self.categories[id] ?? "unknown" }

    /// Learns the names in a change, and fetches those needed to print it.
    ///
    /// A product that was deleted is looked up as of the step before its deletion. A name that the server
    /// does not return is shown as unknown.
    mutating func learn(_ change: Change, at lsn: LSN? = nil) async {
        switch change {
        case .productCreated(let product):
            await self.fetchCategories(product.category)
            self.keep(product)
        case .category(let category):
            self.categories[category.id] = category.name
        case .productUpdated(let id, let difference):
            await self.fetch(id)
            self.take(difference, of: id)
            if difference.contains(.category) {
                await self.fetchCategories(difference.before.category, difference.after.category)
            }
        case .location(let location):
            self.locations[location.id] = location.code
        case .productArchived(let id), .productLeft(let id):
            await self.fetch(id)
        case .productDeleted(let id):
            if self.products[id] == nil, let lsn, lsn > 0 {
                await self.fetch(id, asOf: .lsn(lsn.previous))
            }
        case .moved(_, let level), .level(let level):
            await self.fetch(level.product)
            await self.fetchLocations()
        case .reorderPoint(let change):
            await self.fetch(change.product)
            await self.fetchLocations()
        case .demandRefused(let refused):
            await self.fetch(refused.product)
            await self.fetchLocations()
        case .alert(_, _, let product, _, _, _):
            await self.fetch(product)
            await self.fetchLocations()
        case .databaseCreated, .reservation, .transfer, .importRun, .importPart, .productInferred,
            .receiptRecorded,
            .sessionOpened, .sessionAdvanced, .sessionsExpired, .keyRemembered, .keysForgotten:
            break
        }
    }

    private mutating func take(_ difference: ProductDifference, of id: ProductID) {
        let new = difference.after
        if difference.contains(.sku) { self.products[id]?.sku = new.sku }
        if difference.contains(.name) { self.products[id]?.name = new.name }
        if difference.contains(.unit) { self.products[id]?.decimals = new.unit.decimals }
    }

    private mutating func fetch(_ id: ProductID) async {
        guard self.products[id] == nil, let found = try? await self.client.product(.id(id)) else {
            return
        }
        self.keep(found.product)
    }

    private mutating func fetch(_ id: ProductID, asOf: AsOf) async {
        let found = try? await self.client.product(.id(id), asOf: asOf)
        if let found { self.keep(found.product) }
    }

    private mutating func keep(_ product: InventoryModel.Product) {
        if self.products.count >= Self.productsMax { self.products = [:] }
        self.products[product.id] = Product(
            sku: product.sku,
            name: product.name,
            decimals: product.unit.decimals
        )
    }

    private mutating func fetchLocations() async {
        guard !self.hasAllLocations else { return }
        guard let all = try? await self.client.locations(includingArchived: true).rows else {
            return
        }
        self.hasAllLocations = true
        for location in all where self.locations[location.id] == nil {
            self.locations[location.id] = location.code
        }
    }

    /// Fetches the names of all categories unless those of `ids` are known.
    private mutating func fetchCategories(_ ids: CategoryID...) async {
        guard ids.contains(where: { self.categories[$0] == nil }) else { return }
        guard let all = try? await self.client.categories(includingArchived: true).rows else {
            return
        }
        for category in all where self.categories[category.id] == nil {
            self.categories[category.id] = category.name
        }
    }
}

extension Names {
    /// Returns what people call the entity with an id.
    func text(of id: any EntityID) -> String {
        switch id {
        case let id as ProductID: self.sku(id)
        case let id as CategoryID: self.name(id)
        case let id as LocationID: self.code(id)
        default: "\(type(of: id).title) \(id.value)"
        }
    }
}
