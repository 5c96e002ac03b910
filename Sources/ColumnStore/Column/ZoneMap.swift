/// The smallest and largest value of a segment, kept so that a scan can pass over it unread.
///
/// A zone map is conservative: an overwritten extreme is not looked for again, so the range may be
/// wider than the values, but it is never narrower. Too wide costs time; too narrow would lose rows.
public struct ZoneMap<Value: FixedWidthInteger & Sendable>: Sendable, Hashable {
    public let lowest: Value
    public let highest: Value

    @inlinable
    public init(of value: Value) {
        self.init(lowest: value, highest: value)
    }

    @inlinable
    init(lowest: Value, highest: Value) {
        self.lowest = lowest
        self.highest = highest
    }

    /// Widens the map to cover `value`.
    @inlinable @inline(__always)
    mutating func include(_ value: Value) {
        if value >= self.lowest, value <= self.highest { return }
        self = ZoneMap(lowest: min(self.lowest, value), highest: max(self.highest, value))
    }

    /// Whether a value of the segment could lie in `range`.
    @inlinable
    public func mayContain(_ range: ClosedRange<Value>) -> Bool {
        self.lowest <= range.upperBound && range.lowerBound <= self.highest
    }
}
