/// A number of base units of a product: pieces, grams, millilitres, as its ``Unit`` says.
///
/// Never a fraction: 1.250 kg with three decimals are 1,250. What is stored or requested has a magnitude
/// of at most ``Limits/quantityMax``; sums of those may be larger. Arithmetic traps on overflow.
@frozen
public struct Quantity: Hashable, Comparable, Sendable {
    /// The number of base units; negative for what leaves, or is missing.
    public let baseUnits: Int64

    /// Creates a quantity of `baseUnits` base units.
    @inlinable public init(_ baseUnits: Int64) { self.baseUnits = baseUnits }

    /// Whether the magnitude is at most ``Limits/quantityMax``.
    @inlinable public var isInRange: Bool {
        self.baseUnits.magnitude <= UInt64(Limits.quantityMax)
    }

    /// Returns whether `left` is fewer base units than `right`.
    @inlinable @inline(__always)
    public static func < (left: Quantity, right: Quantity) -> Bool {
        left.baseUnits < right.baseUnits
    }
}

extension Quantity: AdditiveArithmetic {
    /// No units.
    @inlinable public static var zero: Quantity { Quantity(0) }

    /// Returns the sum.
    @inlinable @inline(__always)
    public static func + (left: Quantity, right: Quantity) -> Quantity {
        Quantity(left.baseUnits + right.baseUnits)
    }

    /// Returns the difference.
    @inlinable @inline(__always)
    public static func - (left: Quantity, right: Quantity) -> Quantity {
        Quantity(left.baseUnits - right.baseUnits)
    }

    /// Returns the quantity with the opposite sign.
    @inlinable @inline(__always)
    public static prefix func - (quantity: Quantity) -> Quantity { Quantity(-quantity.baseUnits) }
}

extension Quantity: ExpressibleByIntegerLiteral {
    /// Creates the quantity that a literal number of base units names.
    @inlinable public init(integerLiteral value: Int64) { self.baseUnits = value }
}

extension Quantity: CustomStringConvertible {
    /// The number of base units, in decimal.
    public var description: String { String(self.baseUnits) }
}
