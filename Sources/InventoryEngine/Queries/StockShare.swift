internal import InventoryModel

/// The remaining share of a target stock: two and a quarter of three is more than none of eleven,
/// whatever their units.
///
/// Compared as fractions, without rounding. For a target of 0, a stock of 0 is as empty as elsewhere, and a
/// negative stock is emptier than any other.
public struct StockShare: Comparable, Sendable {
    private let left: Int64
    private let of: Int64

    /// The share that `left` is of `point`, both in base units.
    public init(of point: Int64, left: Int64) {
        self.of = max(1, point)
        self.left = point > 0 ? left : left.signum() * Limits.quantityMax
    }

    /// Whether `a` is emptier than `b`.
    public static func < (a: StockShare, b: StockShare) -> Bool {
        Int128(a.left) * Int128(b.of) < Int128(b.left) * Int128(a.of)
    }

    /// Whether both shares are equal as fractions.
    public static func == (a: StockShare, b: StockShare) -> Bool {
        Int128(a.left) * Int128(b.of) == Int128(b.left) * Int128(a.of)
    }
}
