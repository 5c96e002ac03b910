import InventoryClient
internal import InventoryModel
import InventoryTransfer

/// What products and locations are called, learned from changes as they go by, else asked for when a
/// change is about one that is not known: nothing is read ahead, however large the catalog.
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
    private var hasAskedForLocations = false

    /// Products that are remembered; beyond that all are forgotten and asked for again.
    private static let productsMax = 200_000

    init(_ shell: Shell) { self.client = shell.client }

    subscript(id: ProductID) -> Product? { self.products[id] }
    func sku(_ id: ProductID) -> String { self.products[id]?.sku ?? "product \(id.value)" }
    func decimals(_ id: ProductID) -> UInt8 { self.products[id]?.decimals ?? 0 }
    func code(_ id: LocationID) -> String { self.locations[id] ?? "location \(id.value)" }
    func name(_ id: CategoryID) -> String { self.categories[id] ?? "category \(id.value)" }

    /// Learns what a change tells, and what it takes to tell it.
    ///
    /// A name that the server does not give now stays a number.
    mutating func learn(_ change: Change) async {
        switch change {
        case .productCreated(let product):
            self.products[product.id] = Product(
                sku: product.sku,
                name: product.name,
                decimals: product.unit.decimals
            )
        case .category(let category):
            self.categories[category.id] = category.name
        case .productUpdated(let id, let difference):
            await self.ask(id)
            self.take(difference, of: id)
            if difference.contains(.category) {
                await self.askForCategories(difference.before.category, difference.after.category)
            }
        case .location(let location):
            self.locations[location.id] = location.code
        case .productArchived(let id), .productDeleted(let id), .productLeft(let id):
            await self.ask(id)
        case .moved(_, let level), .level(let level):
            await self.ask(level.product)
            await self.askForLocations()
        case .demandRefused(let refused):
            await self.ask(refused.product)
            await self.askForLocations()
        case .alert(_, _, let product, _, _, _):
            await self.ask(product)
            await self.askForLocations()
        default:
            break
        }
    }

    private mutating func take(_ difference: ProductDifference, of id: ProductID) {
        let new = difference.after
        if difference.contains(.sku) { self.products[id]?.sku = new.sku }
        if difference.contains(.name) { self.products[id]?.name = new.name }
        if difference.contains(.unit) { self.products[id]?.decimals = new.unit.decimals }
    }

    private mutating func ask(_ id: ProductID) async {
        guard self.products[id] == nil, let found = try? await self.client.product(.id(id)) else {
            return
        }
        if self.products.count >= Self.productsMax { self.products = [:] }
        self.products[id] = Product(
            sku: found.product.sku,
            name: found.product.name,
            decimals: found.product.unit.decimals
        )
    }

    private mutating func askForLocations() async {
        guard !self.hasAskedForLocations else { return }
        guard let all = try? await self.client.locations(includingArchived: true).rows else {
            return
        }
        self.hasAskedForLocations = true
        for location in all where self.locations[location.id] == nil {
            self.locations[location.id] = location.code
        }
    }

    /// Asks for the names of all categories, unless those in `wanted` are known.
    private mutating func askForCategories(_ wanted: CategoryID...) async {
        guard wanted.contains(where: { self.categories[$0] == nil }) else { return }
        guard let all = try? await self.client.categories(includingArchived: true).rows else {
            return
        }
        for category in all where self.categories[category.id] == nil {
            self.categories[category.id] = category.name
        }
    }
}
