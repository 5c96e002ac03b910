public import Bytes

/// Whether a product is for sale, and whether it is still listed.
public enum ProductStatus: UInt8, CaseIterable, Sendable {
    /// Listed and for sale.
    case active = 1
    /// Listed, but not for sale.
    case inactive = 2
    /// Not listed; its history is retained, and its SKU and barcode are free again.
    case archived = 3
}

/// The editable fields of a product; raw values are the field numbers in masks and field changes.
public enum ProductField: UInt8, EntityField {
    /// The SKU; unique, 1 to ``Limits/skuByteCountMax`` bytes.
    case sku = 1
    /// The name; 1 to ``Limits/nameByteCountMax`` bytes.
    case name = 2
    /// The barcode; unique if not empty, up to ``Limits/barcodeByteCountMax`` bytes.
    case barcode = 3
    /// The category.
    case category = 4
    /// The unit that quantities are counted in.
    case unit = 5
    /// The sales price.
    case price = 6
    /// Whether it is for sale.
    case status = 7
    /// The stock at or below which it is low, in base units.
    case reorderPoint = 8
    /// The stock that an order restores, in base units.
    case reorderTarget = 9
    /// Base units in the supplier's pack.
    case packSize = 10
    /// Days from order to delivery.
    case leadTimeDays = 11
    /// The brand; up to ``Limits/brandByteCountMax`` bytes.
    case brand = 12
    /// Further barcodes, separated by blanks; up to ``Limits/moreBarcodesMax``.
    case moreBarcodes = 13
}

/// The editable fields of a product: all but its id, its times and its revision.
///
/// Codecs, JSON, imports, exports, help and the engine's fast path are derived from this list through
/// ``FieldVisitor``. The columns of the engine's product table and the options of `invctl product` are lists of
/// their own, which CONTRIBUTING.md names.
public struct ProductFields: Described {
    /// Identifies a field in masks and field changes.
    public typealias FieldID = ProductField

    /// The SKU, 1 to ``Limits/skuByteCountMax`` UTF-8 bytes.
    ///
    /// Unique among the products that are not archived, see ``NormalizedText``.
    public var sku = ""
    /// The name: 1 to ``Limits/nameByteCountMax`` UTF-8 bytes.
    public var name = ""
    /// The barcode, up to ``Limits/barcodeByteCountMax`` UTF-8 bytes; empty for none.
    ///
    /// Unique among the products that are not archived; GTINs are compared as 14 digits.
    public var barcode = ""
    /// The category, which must exist and not be archived.
    public var category = CategoryID(0)
    /// The unit that its quantities are counted in; pieces by default.
    public var unit = Unit.piece
    /// The sales price, in minor units for a number of base units.
    public var price = Price(0)
    /// Whether it is for sale; active by default.
    public var status = ProductStatus.active
    /// The stock at a location at or below which it is low, in base units: 0 to ``Limits/quantityMax``.
    public var reorderPoint: Quantity = Quantity(Limits.defaultReorderUnits)
    /// The stock that an order restores, in base units: 0 to ``Limits/quantityMax``; 0 for none.
    public var reorderTarget: Quantity = 0
    /// Base units in the supplier's pack: 1 to ``Limits/quantityMax``.
    public var packSize: Quantity = 1
    /// Days from order to delivery: 0 to ``Limits/leadTimeDaysMax``.
    public var leadTimeDays: UInt16 = 0
    /// The brand, up to ``Limits/brandByteCountMax`` UTF-8 bytes; empty for none.
    public var brand = ""
    /// Further barcodes, separated by blanks: up to ``Limits/moreBarcodesMax``; empty for none.
    ///
    /// Each is at most ``Limits/barcodeByteCountMax`` bytes, without white space, and unique as ``barcode`` is.
    public var moreBarcodes = ""

    /// Creates empty fields with the defaults.
    public init() {}

    /// The key paths of the fields, by ascending field number.
    public static let paths: [FieldPath<Self>] = [
        FieldPath(\.sku), FieldPath(\.name), FieldPath(\.barcode), FieldPath(\.category),
        FieldPath(\.unit), FieldPath(\.price), FieldPath(\.status), FieldPath(\.reorderPoint),
        FieldPath(\.reorderTarget), FieldPath(\.packSize), FieldPath(\.leadTimeDays),
        FieldPath(\.brand), FieldPath(\.moreBarcodes),
    ]

    /// The brand, and the further barcodes.
    @inlinable public static var extensionFields: FieldSet<ProductField> {
        FieldSet(.brand, .moreBarcodes)
    }

    /// Visits the given fields in order, each with its name, limits and default.
    @inlinable @inline(__always)
    public mutating func visit<Visitor: FieldVisitor & ~Copyable>(
        _ visitor: inout Visitor,
        only given: FieldSet<ProductField> = .all
    ) throws(Visitor.Failure) {
        if given.contains(.sku) {
            try visitor.text(.named("sku", in: FieldBounds.sku), &self.sku)
        }
        if given.contains(.name) {
            try visitor.text(.named("name", in: FieldBounds.name), &self.name)
        }
        if given.contains(.barcode) {
            let bounds = FieldBounds.barcode
            try visitor.text(.named("barcode", in: bounds, default: ""), &self.barcode)
        }
        if given.contains(.category) { try visitor.id(.named("category"), &self.category) }
        if given.contains(.unit) { try visitor.unit(.named("unit", default: .piece), &self.unit) }
        if given.contains(.price) { try visitor.price(.named("price"), &self.price) }
        if given.contains(.status) {
            try visitor.choice(.named("status", default: .active), &self.status)
        }
        if given.contains(.reorderPoint) {
            let ten = DefaultQuantity.units(Limits.defaultReorderUnits)
            try visitor.quantity(
                .named("reorderPoint", in: FieldBounds.counts, default: ten),
                &self.reorderPoint
            )
        }
        if given.contains(.reorderTarget) {
            try visitor.quantity(
                .named("reorderTarget", in: FieldBounds.counts, default: .base(0)),
                &self.reorderTarget
            )
        }
        if given.contains(.packSize) {
            let sizes = FieldBounds.quantities
            try visitor.quantity(.named("packSize", in: sizes, default: .base(1)), &self.packSize)
        }
        if given.contains(.leadTimeDays) {
            let days = FieldBounds.leadTimeDays
            try visitor.integer(.named("leadTimeDays", in: days, default: 0), &self.leadTimeDays)
        }
        if given.contains(.brand) {
            let bounds = FieldBounds.brand
            try visitor.text(.named("brand", in: bounds, default: "").asExtension, &self.brand)
        }
        if given.contains(.moreBarcodes) {
            try visitor.text(
                .named("moreBarcodes", in: FieldBounds.moreBarcodes, default: "").asExtension,
                &self.moreBarcodes
            )
        }
    }
}

/// An article that is stocked and sold.
@dynamicMemberLookup
public struct Product: DescribedEntity, Hashable, Sendable {
    /// The product's id, assigned by the server.
    public var id: ProductID
    /// The editable fields; also accessible as members of the product.
    public var fields: ProductFields
    /// When it was created, by the server's clock.
    public var createdAt: Instant
    /// When one of its fields last changed; movements of its stock do not count.
    public var updatedAt: Instant
    /// The LSN of the last change of the product or of its stock anywhere.
    public var revision: LSN

    /// Creates a product as the server has it.
    public init(
        id: ProductID,
        _ fields: ProductFields,
        createdAt: Instant = .zero,
        updatedAt: Instant = .zero,
        revision: LSN = 0
    ) {
        self.id = id
        self.fields = fields
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.revision = revision
    }

    package init() { self.init(id: ProductID(0), ProductFields()) }

    /// Accesses one of ``fields``.
    @inlinable
    public subscript<Value>(dynamicMember path: WritableKeyPath<ProductFields, Value>) -> Value {
        get { self.fields[keyPath: path] }
        _modify { yield &self.fields[keyPath: path] }
    }

    /// How far above a reorder point stock must rise before it is no longer low, in base units.
    ///
    /// A tenth of the point, at least 1. The gap prevents a second alert when one unit is sold and returned.
    @inlinable @inline(__always)
    public static func hysteresis(above reorderPoint: Quantity) -> Quantity {
        Quantity(max(1, reorderPoint.baseUnits / 10))
    }

    /// Visits the whole product: the id, the fields, then what the server maintains.
    @inlinable @inline(__always)
    package mutating func visit<Visitor: FieldVisitor & ~Copyable>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.id(.named("product"), &self.id)
        try self.fields.visitFirstLayout(&visitor)
        try visitor.instant(.named("createdAt"), &self.createdAt)
        try visitor.instant(.named("updatedAt"), &self.updatedAt)
        try visitor.lsn(.named("revision", default: 0), &self.revision)
    }
}

/// A product to create.
@dynamicMemberLookup
public struct ProductDraft: Hashable, Sendable {
    /// The fields; the status must be ``ProductStatus/active`` or ``ProductStatus/inactive``.
    public var fields: ProductFields
    /// The initial stock, recorded as a restock in the same step; `nil` for none.
    public var opening: OpeningStock?

    /// Creates a draft; it is validated by the command that uses it.
    public init(_ fields: ProductFields, opening: OpeningStock? = nil) {
        self.fields = fields
        self.opening = opening
    }

    /// Creates a draft with defaults for the other fields: among them a reorder point of 10 units.
    public init(
        sku: String,
        name: String,
        category: CategoryID,
        unit: Unit = .piece,
        price: Price,
        opening: OpeningStock? = nil
    ) {
        var fields = ProductFields()
        fields.sku = sku
        fields.name = name
        fields.category = category
        fields.unit = unit
        fields.price = price
        fields.reorderPoint = unit.defaultReorderPoint
        self.init(fields, opening: opening)
    }

    /// Accesses one of ``fields``.
    @inlinable
    public subscript<Value>(dynamicMember path: WritableKeyPath<ProductFields, Value>) -> Value {
        get { self.fields[keyPath: path] }
        _modify { yield &self.fields[keyPath: path] }
    }
}

/// The fields of a product to change, and their new values.
///
/// An empty barcode removes it. The decimals of the unit can change only while the product has no history, because
/// base units would change their meaning.
public typealias ProductUpdate = FieldUpdate<ProductFields>

/// The fields of a product that changed, with their old and new values.
public typealias ProductDifference = FieldDifference<ProductFields>

extension FieldDifference<ProductFields> {
    /// Whether a field changed that subscription filters depend on.
    package var movesProduct: Bool { self.contains(.category) || self.contains(.sku) }
}
