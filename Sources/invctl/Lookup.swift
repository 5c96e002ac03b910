public import ArgumentParser
internal import Bytes
import Foundation
import InventoryClient
public import InventoryModel
import InventoryTransfer

/// The attributes of a product that commands need to read and write its quantities.
struct ProductInfo: Sendable {
    var id: ProductID
    var sku: String
    var name: String
    var unitCode: String
    var unitDecimals: UInt8
    var price: Price
    var revision: LSN
    /// The base units that the price is for.
    var priceBasis: Int64 { self.price.basis }
    /// All editable fields; of a movement's product only those above.
    var fields = ProductFields()

    init(_ product: Product) {
        self.id = product.id
        self.sku = product.sku
        self.name = product.name
        self.unitCode = product.unit.code
        self.unitDecimals = product.unit.decimals
        self.price = product.price
        self.revision = product.revision
        self.fields = product.fields
    }

    /// Creates it from a movement, which has no name and no revision.
    init(_ movement: ListedMovement) {
        self.id = movement.product
        self.sku = movement.sku
        self.name = ""
        self.unitCode = movement.unit.code
        self.unitDecimals = movement.unit.decimals
        self.price = movement.price
        self.revision = 0
    }
}

extension Shell {
    /// The most products searched for a similar SKU.
    private static let candidatesMax: UInt32 = 5_000

    /// Returns up to three similar SKUs, else SKUs with the same first three characters.
    func similar(to sku: String) async throws -> [String] {
        let all = try await self.client.products(ProductSearch(limit: Self.candidatesMax)).rows
        let near = Nearness.nearest(to: sku, among: all.map { $0.sku })
        if !near.isEmpty { return near }
        let prefix = String(sku.prefix(3))
        guard !prefix.isEmpty else { return [] }
        let search = ProductSearch(skuPrefix: prefix, limit: 3)
        return try await self.client.products(search).rows.map { $0.sku }
    }

    func category(_ name: String) async throws -> CategoryID {
        try await self.listedCategory(name).id
    }

    func listedCategory(_ name: String) async throws -> ListedCategory {
        let all = try await self.client.categories().rows
        let names = all.map { $0.name }
        return all[try self.index(of: name, among: names, .categoryNotFound, "category")]
    }

    func location(_ code: String?) async throws -> LocationID {
        guard let code else { return .main }
        return try await self.listedLocation(code).id
    }

    /// Returns the IANA name of a location's time zone.
    func zone(of code: String) async throws -> String { try await self.listedLocation(code).zone }

    func listedLocation(_ code: String) async throws -> Location {
        let all = try await self.client.locations().rows
        let codes = all.map { $0.code }
        return all[try self.index(of: code, among: codes, .locationNotFound, "location")]
    }

    /// The most names that a message lists.
    private static let listedMax = 12

    private func index(
        of name: String,
        among names: [String],
        _ code: RefusalCode,
        _ what: String
    ) throws(Failure) -> Int {
        let key = NormalizedText.key(name)
        if let index = names.firstIndex(where: { NormalizedText.key($0) == key }) { return index }
        let near = Nearness.nearest(to: name, among: names)
        let shown = names.prefix(Self.listedMax).joined(separator: ", ")
        let more = names.count > Self.listedMax ? ", …" : ""
        let known = names.isEmpty ? "there are none yet" : "there are \(shown)\(more)"
        throw Failure(
            code.name,
            "no \(what) is called '\(name)'; \(known)",
            hint: near.isEmpty
                ? "Add it: invctl \(what) add '\(name)'"
                : "Did you mean \(near.joined(separator: " or "))?",
            number: code.rawValue,
            exit: Exit.notFound
        )
    }
}

/// A line of a command as typed: `SKU`, `SKU=QUANTITY` or `SKU=QUANTITY@PRICE`; a barcode may stand for the SKU.
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

    /// Whether the code may be one that has a quantity: a GTIN or an element string of GS1.
    var mayBeScanned: Bool {
        self.sku.utf8.count >= 12 && (self.sku.first?.isNumber == true || self.sku.first == "(")
    }

    /// The message about a line without a quantity.
    var quantityProblem: String { "\(self.sku) needs a quantity: \(self.sku)=5" }
}

extension [LineArgument] {
    /// Checks that every line has a quantity, which has no default.
    ///
    /// - Parameter isReading: Whether a scanned code may still supply it, which only the rules of the connection
    ///   know.
    /// - Throws: `ValidationError` that names the first line without one.
    func checkQuantities(beforeReadingCodes isReading: Bool = false) throws {
        for line in self where line.quantity == nil && !(isReading && line.mayBeScanned) {
            throw ValidationError(line.quantityProblem)
        }
    }

    /// Checks that every line has a quantity after its scanned code was read.
    ///
    /// - Throws: ``Failure`` that names the first line without one.
    func checkReadQuantities() throws(Failure) {
        for line in self where line.quantity == nil { throw .usage(line.quantityProblem) }
    }
}

/// Parses an enumeration from the name of its case.
extension ExpressibleByArgument where Self: FieldChoice {
    /// Creates the case with that name; `nil` if there is none.
    public init?(argument: String) {
        guard let choice = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
        self = choice
    }

    /// The names of all cases, for help and completion.
    public static var allValueStrings: [String] { Self.allCases.map { "\($0)" } }
}

extension Reason: ExpressibleByArgument {
    /// None: the names speak for themselves.
    public static var allValueDescriptions: [String: String] { [:] }
}

extension AsOf {
    /// Parses an LSN or a time such as 2026-03-01T12:00:00, in a zone; `nil` if the argument is `nil`.
    init?(argument: String?, in zone: TimeZone) throws {
        guard let argument else { return nil }
        if let lsn = UInt64(digits: argument) {
            self = .lsn(LSN(lsn))
            return
        }
        guard let time = TimeText.parse(argument, zone: zone) else {
            throw ValidationError("'\(argument)' is neither an LSN nor a time")
        }
        self = .time(time)
    }
}
