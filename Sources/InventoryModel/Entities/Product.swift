public import Bytes

/// Whether a product may be sold, and whether it is still there.
public enum ProductStatus: UInt8, CaseIterable, Sendable {
    case active = 1
    /// Kept, but not for sale.
    case inactive = 2
    /// Gone from the lists; its history stays, and its SKU is free again.
    case archived = 3
}

/// The fields of a product that people give, by the numbers that masks and field changes have.
public enum ProductField: UInt8, EntityField {
    case sku = 1
    case name = 2
    case barcode = 3
    case category = 4
    case unit = 5
    case price = 6
    case status = 7
    case reorderPoint = 8
    case reorderTarget = 9
    case packSize = 10
    case leadTimeDays = 11
}

/// What people say of a product: all of it but its id, its times and its revision.
///
/// This is the one place that lists them; what reads the description is in ``FieldVisitor``.
public struct ProductFields: Described {
    public typealias FieldID = ProductField

    /// Unique among the products that are not archived.
    public var sku = ""
    public var name = ""
    /// Empty for none; unique among the products that are not archived.
    public var barcode = ""
    public var category = CategoryID(0)
    public var unit = Unit.piece
    public var price = Price(0)
    public var status = ProductStatus.active
    /// Stock at a location at or below this is low, in base units.
    public var reorderPoint: Quantity = Quantity(Limits.defaultReorderUnits)
    /// What an order should bring the stock up to, in base units; 0 for none.
    public var reorderTarget: Quantity = 0
    /// Base units in one pack of the supplier.
    public var packSize: Quantity = 1
    /// Days from order to delivery.
    public var leadTimeDays: UInt16 = 0

    public init() {}

    public static let paths: [FieldPath<Self>] = [
        FieldPath(\.sku), FieldPath(\.name), FieldPath(\.barcode), FieldPath(\.category),
        FieldPath(\.unit), FieldPath(\.price), FieldPath(\.status), FieldPath(\.reorderPoint),
        FieldPath(\.reorderTarget), FieldPath(\.packSize), FieldPath(\.leadTimeDays),
    ]

    @inlinable @inline(__always)
    public mutating func visit<Visitor: FieldVisitor & ~Copyable>(
        _ visitor: inout Visitor,
        only given: FieldSet<ProductField> = .all
    ) throws(Visitor.Failure) {
        let counts = 0...Limits.quantityMax
        if given.contains(.sku) {
            try visitor.text(.named("sku", in: 1...Limits.skuByteCountMax), &self.sku)
        }
        if given.contains(.name) {
            try visitor.text(.named("name", in: 1...Limits.nameByteCountMax), &self.name)
        }
        if given.contains(.barcode) {
            let length = 0...Limits.barcodeByteCountMax
            try visitor.text(.named("barcode", in: length, default: ""), &self.barcode)
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
                .named("reorderPoint", in: counts, default: ten),
                &self.reorderPoint
            )
        }
        if given.contains(.reorderTarget) {
            try visitor.quantity(
                .named("reorderTarget", in: counts, default: .base(0)),
                &self.reorderTarget
            )
        }
        if given.contains(.packSize) {
            let sizes = 1...Limits.quantityMax
            try visitor.quantity(.named("packSize", in: sizes, default: .base(1)), &self.packSize)
        }
        if given.contains(.leadTimeDays) {
            let days = 0...Int64(Limits.leadTimeDaysMax)
            try visitor.integer(.named("leadTimeDays", in: days, default: 0), &self.leadTimeDays)
        }
    }
}

/// One thing that is stocked and sold.
@dynamicMemberLookup
public struct Product: DescribedEntity, Hashable, Sendable {
    public var id: ProductID
    public var fields: ProductFields
    public var createdAt: Instant
    /// When a field of the product itself last changed.
    public var updatedAt: Instant
    /// The LSN of the last change of the product or of its stock anywhere.
    public var revision: LSN

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

    @inlinable
    public subscript<Value>(dynamicMember path: WritableKeyPath<ProductFields, Value>) -> Value {
        get { self.fields[keyPath: path] }
        _modify { yield &self.fields[keyPath: path] }
    }

    /// How far above the reorder point stock must rise before it is no longer low: a tenth of the
    /// point, at least 1.
    ///
    /// The gap keeps one unit sold and returned from ringing twice.
    public var hysteresis: Quantity {
        Quantity(max(1, self.reorderPoint.baseUnits / 10))
    }

    /// Shows the visitor the whole product: its fields between its id and what the server adds.
    @inlinable @inline(__always)
    package mutating func visit<Visitor: FieldVisitor & ~Copyable>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.id(.named("product"), &self.id)
        try self.fields.visit(&visitor)
        try visitor.instant(.named("createdAt"), &self.createdAt)
        try visitor.instant(.named("updatedAt"), &self.updatedAt)
        try visitor.lsn(.named("revision", default: 0), &self.revision)
    }
}

/// A product that is to be created.
@dynamicMemberLookup
public struct ProductDraft: Hashable, Sendable {
    /// The status is ``ProductStatus/active`` or ``ProductStatus/inactive``.
    public var fields: ProductFields
    /// Stock that is there from the start: a restock in the same step.
    public var opening: OpeningStock?

    public init(_ fields: ProductFields, opening: OpeningStock? = nil) {
        self.fields = fields
        self.opening = opening
    }

    /// A draft with the defaults of what is not named: a reorder point of 10 of the unit.
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

    @inlinable
    public subscript<Value>(dynamicMember path: WritableKeyPath<ProductFields, Value>) -> Value {
        get { self.fields[keyPath: path] }
        _modify { yield &self.fields[keyPath: path] }
    }
}

/// The fields of a product to change.
///
/// An empty barcode removes it; a unit changes only while the product has no history, since base units
/// would change their meaning.
public typealias ProductUpdate = FieldUpdate<ProductFields>

/// Fields of a product that changed.
public typealias ProductDifference = FieldDifference<ProductFields>

extension FieldDifference<ProductFields> {
    /// Whether filters of subscriptions go by one of them.
    package var movesProduct: Bool { self.contains(.category) || self.contains(.sku) }
}
