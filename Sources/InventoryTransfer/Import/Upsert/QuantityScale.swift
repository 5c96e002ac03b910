internal import InventoryModel

/// Keeps the quantities of a product the same for people when its unit gets other decimals: 10 of a unit
/// without decimals are 10,000 base units of one with 3.
struct QuantityScale: SelectiveVisitor {
    typealias Failure = ProductRow.Problem

    /// The base units of one unit before and after.
    private let before, after: Int64

    init(from before: Unit, to after: Unit) {
        (self.before, self.after) = (before.baseUnits, after.baseUnits)
    }

    private func scaled(_ value: Int64, _ name: String) throws(ProductRow.Problem) -> Int64 {
        let product = Int128(value) * Int128(self.after)
        let (scaled, rest) = product.quotientAndRemainder(dividingBy: Int128(self.before))
        guard rest == 0, let units = Int64(exactly: scaled) else {
            throw ProductRow.Problem(text: "decimals: too few or too many for its \(name)")
        }
        return units
    }

    mutating func quantity(
        _ field: Field<DefaultQuantity>,
        _ value: inout Quantity
    ) throws(ProductRow.Problem) {
        value = Quantity(try self.scaled(value.baseUnits, field.name))
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) throws(ProductRow.Problem) {
        value = Price(value.minorUnits, per: try self.scaled(value.basis, field.name + "Basis"))
    }
}
