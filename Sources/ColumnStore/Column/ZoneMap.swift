/// The smallest and largest value of a segment, which let a scan skip it.
///
/// A zone map is conservative: overwriting an extreme does not narrow it, so the range may be wider than
/// the values, but never narrower. Too wide costs time; too narrow would lose rows.
public struct ZoneMap<Value: FixedWidthInteger & Sendable>: Sendable, Hashable {
    /// At most the smallest value.
    public let lowest: Value
    /// At least the largest value.
    public let highest: Value

    /// Creates the zone map of a single value.
    @inlinable
    public init(of value: Value) {
        self.init(lowest: value, highest: value)
    }

    @inlinable
    init(lowest: Value, highest: Value) {
        self.lowest = lowest
        self.highest = highest
    }

    /// Widens the zone map to include `value`.
    @inlinable @inline(__always)
    mutating func include(_ value: Value) {
        if value >= self.lowest, value <= self.highest { return }
        self = ZoneMap(lowest: min(self.lowest, value), highest: max(self.highest, value))
    }

    /// Returns whether a value of the segment could lie in `range`.
    @inlinable
    public func mayContain(_ range: ClosedRange<Value>) -> Bool {
        self.lowest <= range.upperBound && range.lowerBound <= self.highest
    }
}
