public import ArgumentParser
public import Inventory
import InventoryClient

/// What commands need to know of a product to read and write its quantities.
struct ProductInfo: Sendable {
    var id: ProductID
    var sku: String
    var name: String
    var unitDecimals: UInt8
    var priceBasis: Int64
    var revision: UInt64

    init(_ table: ResultTable, _ row: Int) {
        self.id = ProductID(UInt32(clamping: table.integer(row, "id") ?? 0))
        self.sku = table.text(row, "sku")
        self.name = table.text(row, "name")
        self.unitDecimals = UInt8(clamping: table.integer(row, "unitDecimals") ?? 0)
        self.priceBasis = table.integer(row, "priceBasis") ?? 1
        self.revision = UInt64(clamping: table.integer(row, "revision") ?? 0)
    }
}

extension Shell {
    /// The product with that SKU.
    ///
    /// A name that nothing has ends the program with code 3.
    func product(_ sku: String) async throws -> ProductInfo {
        if let found = try await self.find(sku) { return found }
        let near = try await self.similar(to: sku)
        let hint = near.isEmpty ? "" : ". Did you mean \(near.joined(separator: ", "))?"
        Terminal.note("error: product_not_found  no product has the SKU '\(sku)'\(hint)")
        throw Exit.notFound
    }

    private func find(_ sku: String) async throws(ClientError) -> ProductInfo? {
        let table: ResultTable
        do throws(ClientError) {
            table = try await self.client.query(.product(.sku(sku), asOf: nil)).table
        } catch {
            if error.refusal?.code == .productNotFound { return nil }
            throw error
        }
        return ProductInfo(table, 0)
    }

    /// Up to three SKUs that begin alike.
    private func similar(to sku: String) async throws -> [String] {
        let prefix = String(sku.prefix(3))
        guard !prefix.isEmpty else { return [] }
        let search = ProductSearch(skuPrefix: prefix, limit: 3)
        let table = try await self.client.query(.products(search)).table
        return (0..<table.rowCount).map { table.text($0, "sku") }
    }

    func category(_ name: String) async throws -> CategoryID {
        let table = try await self.client.query(.categories(includingArchived: false)).table
        let key = NormalizedText.key(name)
        for row in 0..<table.rowCount where NormalizedText.key(table.text(row, "name")) == key {
            return CategoryID(UInt32(clamping: table.integer(row, "id") ?? 0))
        }
        let names = (0..<table.rowCount).map { table.text($0, "name") }
        let known =
            names.isEmpty ? "there is none yet" : "there are " + names.joined(separator: ", ")
        Terminal.note("error: category_not_found  no category is called '\(name)'; \(known)")
        throw Exit.notFound
    }

    func location(_ code: String?) async throws -> LocationID {
        guard let code else { return .main }
        let table = try await self.client.query(.locations(includingArchived: false)).table
        let key = NormalizedText.key(code)
        for row in 0..<table.rowCount where NormalizedText.key(table.text(row, "code")) == key {
            return LocationID(UInt16(clamping: table.integer(row, "id") ?? 0))
        }
        let codes = (0..<table.rowCount).map { table.text($0, "code") }.joined(separator: ", ")
        Terminal.note(
            "error: location_not_found  no location is called '\(code)'; there are \(codes)"
        )
        throw Exit.notFound
    }
}

/// `SKU`, `SKU=QUANTITY` or `SKU=QUANTITY@PRICE`, as it was typed.
struct LineArgument: ExpressibleByArgument, Sendable {
    var sku: String
    var quantity: String?
    var price: String?

    init?(argument: String) {
        guard let equals = argument.lastIndex(of: "=") else {
            guard !argument.isEmpty else { return nil }
            self.sku = argument
            return
        }
        self.sku = String(argument[..<equals])
        let rest = argument[argument.index(after: equals)...]
        let parts = rest.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard !self.sku.isEmpty, let quantity = parts.first, !quantity.isEmpty else { return nil }
        self.quantity = String(quantity)
        if parts.count == 2 { self.price = String(parts[1]) }
    }
}

extension Reason: ExpressibleByArgument {
    public init?(argument: String) {
        guard let reason = Reason.allCases.first(where: { "\($0)" == argument }) else {
            return nil
        }
        self = reason
    }

    public var defaultValueDescription: String { "\(self)" }
    public static var allValueStrings: [String] { Reason.allCases.map { "\($0)" } }
}
