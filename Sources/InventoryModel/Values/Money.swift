/// An amount in minor units of the database's currency: cents, pence, yen.
///
/// Never a fraction: 49.99 is 4,999. Magnitude at most ``Limits/moneyMax``.
@frozen
public struct Money: Hashable, Comparable, Sendable {
    /// The amount in minor units, positive or negative.
    public let minorUnits: Int64

    /// Creates an amount; its range is not checked, see ``isInRange``.
    @inlinable public init(_ minorUnits: Int64) { self.minorUnits = minorUnits }

    /// Whether the magnitude is at most ``Limits/moneyMax``.
    @inlinable public var isInRange: Bool {
        self.minorUnits.magnitude <= UInt64(Limits.moneyMax)
    }

    /// Orders amounts by value.
    public static func < (left: Money, right: Money) -> Bool {
        left.minorUnits < right.minorUnits
    }

    /// Returns the sum, or `nil` if its magnitude exceeds ``Limits/moneyMax``.
    public func adding(_ other: Money) -> Money? {
        let (sum, overflow) = self.minorUnits.addingReportingOverflow(other.minorUnits)
        guard !overflow, sum.magnitude <= UInt64(Limits.moneyMax) else { return nil }
        return Money(sum)
    }
}

extension Money: AdditiveArithmetic {
    /// No money.
    @inlinable public static var zero: Money { Money(0) }

    /// Returns the sum; traps on overflow of 64 bits, which sums of few amounts in range cannot reach.
    @inlinable @inline(__always)
    public static func + (left: Money, right: Money) -> Money {
        Money(left.minorUnits + right.minorUnits)
    }

    /// Returns the difference; traps on overflow of 64 bits.
    @inlinable @inline(__always)
    public static func - (left: Money, right: Money) -> Money {
        Money(left.minorUnits - right.minorUnits)
    }

    /// Returns the amount with the opposite sign.
    @inlinable @inline(__always)
    public static prefix func - (money: Money) -> Money { Money(-money.minorUnits) }
}

extension Money: ExpressibleByIntegerLiteral {
    /// Creates the amount that a literal number of minor units names.
    @inlinable public init(integerLiteral value: Int64) { self.minorUnits = value }
}

extension Money: CustomStringConvertible {
    /// The number of minor units, in decimal.
    public var description: String { String(self.minorUnits) }
}

/// The price of `basis` base units of a product.
///
/// 5.68 a kilogram, with grams as base units, is 568 per 1,000.
public struct Price: Hashable, Sendable {
    /// Minor units for ``basis`` base units; never negative.
    public let minorUnits: Int64
    /// Base units that the price is for; at least 1.
    public let basis: Int64

    /// Creates a price; the range is not checked.
    @inlinable
    public init(_ minorUnits: Int64, per basis: Int64 = 1) {
        self.minorUnits = minorUnits
        self.basis = basis
    }

    /// Creates a price; the range is not checked.
    ///
    /// - Parameters:
    ///   - money: What the quantity costs.
    ///   - quantity: The quantity that the price is for.
    @inlinable
    public init(_ money: Money, for quantity: Quantity) {
        self.init(money.minorUnits, per: quantity.baseUnits)
    }

    /// How a quotient is rounded to an integer.
    public enum Rounding: Sendable {
        /// Halves away from zero: for amounts charged or paid, as tills, tax rules and legal-for-trade
        /// scales do.
        case halfAwayFromZero
        /// Halves to the even neighbour: for shares of a cost, so that the errors of many divisions cancel
        /// out.
        case halfEven
    }

    /// Returns the price of `quantity` base units, rounded once, halves away from zero.
    ///
    /// `nil` if the result exceeds the range of ``Money``.
    @inlinable
    public func amount(of quantity: Quantity) -> Money? {
        // Nearly every price is for one base unit, which needs no division.
        guard self.basis == 1 else { return self.roundedAmount(of: quantity) }
        let units = quantity.baseUnits
        let (product, overflow) = self.minorUnits.multipliedReportingOverflow(by: units)
        let amount = Money(product)
        return !overflow && amount.isInRange ? amount : nil
    }

    @usableFromInline
    func roundedAmount(of quantity: Quantity) -> Money? {
        Self.proportion(
            self.minorUnits,
            times: quantity.baseUnits,
            over: self.basis,
            rounding: .halfAwayFromZero
        ).map { Money($0) }
    }

    /// Returns the same as ``amount(of:)`` without a range check: for sums that are checked at the end.
    package func wideAmount(of quantity: Quantity) -> Int128 {
        Self.quotient(
            Int128(self.minorUnits) * Int128(quantity.baseUnits),
            over: Int128(self.basis),
            .halfAwayFromZero
        )
    }

    /// Returns `value` × `numerator` ÷ `denominator`, with a 128-bit product and one rounding.
    ///
    /// - Parameters:
    ///   - value: An amount in minor units.
    ///   - numerator: The share's quantity, in the unit of the denominator.
    ///   - denominator: The whole quantity; at least 1.
    ///   - rounding: How the quotient is rounded.
    /// - Returns: The result, or `nil` if it exceeds the range of ``Money``.
    public static func proportion(
        _ value: Int64,
        times numerator: Int64,
        over denominator: Int64,
        rounding: Rounding = .halfEven
    ) -> Int64? {
        precondition(denominator > 0, "denominator \(denominator)")
        if denominator == 1 {
            let (product, overflow) = value.multipliedReportingOverflow(by: numerator)
            guard !overflow, product.magnitude <= UInt64(Limits.moneyMax) else { return nil }
            return product
        }
        let (narrow, overflow) = value.multipliedReportingOverflow(by: numerator)
        if !overflow {
            let rounded = Self.quotient(narrow, over: denominator, rounding)
            return rounded.magnitude <= UInt64(Limits.moneyMax) ? rounded : nil
        }
        let product = Int128(value) * Int128(numerator)
        let rounded = Self.quotient(product, over: Int128(denominator), rounding)
        guard rounded.magnitude <= UInt128(Limits.moneyMax) else { return nil }
        return Int64(rounded)
    }

    /// Returns the part of `money` for `part` of `whole` units, which are at least 1.
    ///
    /// - Parameters:
    ///   - money: The amount for all of `whole`.
    ///   - part: The units of the part.
    ///   - whole: All units; at least 1.
    ///   - rounding: How the quotient is rounded.
    /// - Returns: The amount, or `nil` if it exceeds the range of ``Money``.
    public static func proportion(
        _ money: Money,
        times part: Quantity,
        over whole: Quantity,
        rounding: Rounding = .halfEven
    ) -> Money? {
        Self.proportion(
            money.minorUnits,
            times: part.baseUnits,
            over: whole.baseUnits,
            rounding: rounding
        ).map { Money($0) }
    }

    /// Returns the quotient rounded to the nearest integer; `denominator` is at least 1.
    @inline(__always)
    private static func quotient<Value: FixedWidthInteger & SignedInteger>(
        _ product: Value,
        over denominator: Value,
        _ rounding: Rounding
    ) -> Value {
        let (quotient, remainder) = product.quotientAndRemainder(dividingBy: denominator)
        // Compares with the distance to the next integer, so that nothing overflows.
        let rest = denominator.magnitude - remainder.magnitude
        let isHalfAway = rounding == .halfAwayFromZero || quotient & 1 != 0
        let roundsAway =
            remainder.magnitude > rest || (remainder.magnitude == rest && isHalfAway)
        if !roundsAway { return quotient }
        return product < 0 ? quotient - 1 : quotient + 1
    }
}

/// The unit that a product is counted in: a code and the decimals that people write.
///
/// A kilogram with 3 decimals is stored in grams: 1.250 kg are 1,250 base units.
public struct Unit: Hashable, Sendable {
    /// The unit's name, such as `kg`: 1 to ``Limits/unitByteCountMax`` UTF-8 bytes.
    public let code: String
    /// Decimals of a quantity in this unit: 0 to ``Limits/unitDecimalsMax``.
    public let decimals: UInt8

    /// Creates a unit; the ranges are checked by the command that uses it.
    public init(code: String, decimals: UInt8) {
        self.code = code
        self.decimals = decimals
    }

    /// Whole pieces, `pcs`: the default unit of a product.
    public static let piece = Unit(code: "pcs", decimals: 0)

    /// Base units in one unit: 1,000 for a kilogram with 3 decimals.
    public var baseUnits: Int64 {
        (0..<min(self.decimals, Limits.unitDecimalsMax)).reduce(1) { product, _ in product * 10 }
    }

    /// The default reorder point of a product in this unit, in base units.
    public var defaultReorderPoint: Quantity {
        Quantity(Limits.defaultReorderUnits * self.baseUnits)
    }
}
