public import ArgumentParser
import Foundation
import InventoryClient
public import InventoryModel
import InventoryTransfer

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

extension ProductInfo {
    /// What a row of the ledger says of its product.
    init(ofMovement table: ResultTable, _ row: Int) {
        self.init(table, row)
        self.id = ProductID(UInt32(clamping: table.integer(row, "productId") ?? 0))
    }
}

extension Shell {
    /// The product with that SKU.
    ///
    /// A name that nothing has is a ``Failure`` with code 3 that names what was meant, if anything.
    func product(_ sku: String) async throws -> ProductInfo {
        if let found = try await self.find(sku) { return found }
        let near = try await self.similar(to: sku)
        throw Failure(
            RefusalCode.productNotFound.name,
            "no product has the SKU '\(sku)'",
            wayOut: near.isEmpty
                ? "invctl product list TEXT looks for it by SKU, name and barcode."
                : "Did you mean \(near.joined(separator: " or "))?",
            number: RefusalCode.productNotFound.rawValue,
            exit: Exit.notFound
        )
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

    /// Products that are looked at for one that may have been meant.
    private static let candidatesMax: UInt32 = 5_000

    /// Up to three SKUs that are nearly the same, else that begin alike.
    private func similar(to sku: String) async throws -> [String] {
        let all = try await self.client.query(
            .products(ProductSearch(limit: Self.candidatesMax))
        ).table
        let near = Nearness.nearest(
            to: sku,
            among: (0..<all.rowCount).map { all.text($0, "sku") }
        )
        if !near.isEmpty { return near }
        let prefix = String(sku.prefix(3))
        guard !prefix.isEmpty else { return [] }
        let table = try await self.client.query(
            .products(ProductSearch(skuPrefix: prefix, limit: 3))
        ).table
        return (0..<table.rowCount).map { table.text($0, "sku") }
    }

    func category(_ name: String) async throws -> CategoryID {
        let table = try await self.client.query(.categories(includingArchived: false)).table
        let row = try self.row(of: name, in: table, "name", .categoryNotFound, "category")
        return CategoryID(UInt32(clamping: table.integer(row, "id") ?? 0))
    }

    func location(_ code: String?) async throws -> LocationID {
        guard let code else { return .main }
        let table = try await self.client.query(.locations(includingArchived: false)).table
        let row = try self.row(of: code, in: table, "code", .locationNotFound, "location")
        return LocationID(UInt16(clamping: table.integer(row, "id") ?? 0))
    }

    /// The IANA name of the zone that a location has.
    func zone(of code: String) async throws -> String {
        let table = try await self.client.query(.locations(includingArchived: false)).table
        let row = try self.row(of: code, in: table, "code", .locationNotFound, "location")
        return table.text(row, "zone")
    }

    /// Names that a message lists at most.
    private static let listedMax = 12

    private func row(
        of name: String,
        in table: ResultTable,
        _ field: String,
        _ code: RefusalCode,
        _ what: String
    ) throws(Failure) -> Int {
        let key = NormalizedText.key(name)
        let names = (0..<table.rowCount).map { table.text($0, field) }
        if let row = names.firstIndex(where: { NormalizedText.key($0) == key }) { return row }
        let near = Nearness.nearest(to: name, among: names)
        let shown = names.prefix(Self.listedMax).joined(separator: ", ")
        let more = names.count > Self.listedMax ? ", …" : ""
        let known = names.isEmpty ? "there is none yet" : "there are \(shown)\(more)"
        throw Failure(
            code.name,
            "no \(what) is called '\(name)'; \(known)",
            wayOut: near.isEmpty
                ? "invctl \(what) add '\(name)' makes it."
                : "Did you mean \(near.joined(separator: " or "))?",
            number: code.rawValue,
            exit: Exit.notFound
        )
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

/// An enumeration is given by the word for it.
extension ExpressibleByArgument where Self: FieldChoice {
    public init?(argument: String) {
        guard let choice = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
        self = choice
    }

    public var defaultValueDescription: String { "\(self)" }
    public static var allValueStrings: [String] { Self.allCases.map { "\($0)" } }
}

extension Reason: ExpressibleByArgument {}

extension AsOf {
    /// An LSN, or a time such as 2026-03-01T12:00:00Z; nothing for nothing.
    init?(argument: String?) throws {
        guard let argument else { return nil }
        if let lsn = UInt64(digits: argument) {
            self = .lsn(lsn)
            return
        }
        guard let time = TimeText.parse(argument, zone: TimeZone(identifier: "UTC") ?? .current)
        else {
            throw ValidationError("'\(argument)' is neither an LSN nor a time")
        }
        self = .time(time)
    }
}
