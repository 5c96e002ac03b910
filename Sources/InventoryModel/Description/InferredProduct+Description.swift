internal import Bytes

// The descriptions of a product known only from imported sales: the command and the change.

extension InferredProduct: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(sku: "", category: CategoryID(0)) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.text(.named("sku", in: 1...Limits.skuByteCountMax), &self.sku)
        try v.text(.named("name", in: 0...Limits.nameByteCountMax, default: ""), &self.name)
        try v.instant(.named("namedAt"), &self.namedAt)
        try v.id(.named("category"), &self.category)
        try v.instant(.named("categorizedAt"), &self.categorizedAt)
        try v.unit(.named("unit", default: .piece), &self.unit)
        try v.price(.named("price"), &self.price)
        try v.instant(.named("pricedAt"), &self.pricedAt)
    }
}

extension InferredTimes: DescribedChange {
    package init() {
        self.init(product: ProductID(0), namedAt: .zero, categorizedAt: .zero, pricedAt: .zero)
    }

    package mutating func visit<V: ChangeVisitor & ~Copyable>(
        _ v: inout V,
        _ strings: inout EntryStrings
    ) throws(V.Failure) {
        try v.id(.named("product"), &self.product)
        try v.instant(.named("namedAt"), &self.namedAt)
        try v.instant(.named("categorizedAt"), &self.categorizedAt)
        try v.instant(.named("pricedAt"), &self.pricedAt)
    }
}
