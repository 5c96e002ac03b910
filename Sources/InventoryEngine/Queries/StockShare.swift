internal import InventoryModel

/// What is left of what there should be: two and a quarter of three is more than none of eleven,
/// whatever they are counted in.
///
/// Compared as fractions, without rounding. Where there need not be any, nothing left is as empty as
/// elsewhere, and less than nothing emptier than anywhere.
public struct StockShare: Comparable, Sendable {
    private let left: Int64
    private let of: Int64

    public init(of point: Int64, left: Int64) {
        self.of = max(1, point)
        self.left = point > 0 ? left : left.signum() * Limits.quantityMax
    }

    public static func < (a: StockShare, b: StockShare) -> Bool {
        Int128(a.left) * Int128(b.of) < Int128(b.left) * Int128(a.of)
    }

    public static func == (a: StockShare, b: StockShare) -> Bool {
        Int128(a.left) * Int128(b.of) == Int128(b.left) * Int128(a.of)
    }
}
