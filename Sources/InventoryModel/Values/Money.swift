/// An amount of the database's one currency, in its minor units: cents, pence, yen.
///
/// Never a fraction: 49.99 is 4,999. Magnitude at most ``Limits/moneyMax``.
@frozen
public struct Money: Hashable, Comparable, Sendable {
    /// The number of minor units; negative for what is paid back.
    public let minorUnits: Int64

    @inlinable public init(_ minorUnits: Int64) { self.minorUnits = minorUnits }

    public var isInRange: Bool { self.minorUnits.magnitude <= UInt64(Limits.moneyMax) }

    public static func < (left: Money, right: Money) -> Bool {
        left.minorUnits < right.minorUnits
    }

    /// The sum, or nothing if it leaves the range.
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

/// What `basis` base units of a product cost: 5.68 a kilogram, with grams as base units, is 568 per
/// 1,000.
public struct Price: Hashable, Sendable {
    /// Minor units for ``basis`` base units; never negative.
    public let minorUnits: Int64
    /// Base units that the price is for; at least 1.
    public let basis: Int64

    @inlinable
    public init(_ minorUnits: Int64, per basis: Int64 = 1) {
        self.minorUnits = minorUnits
        self.basis = basis
    }

    /// Creates the price at which `quantity` base units cost `money`.
    @inlinable
    public init(_ money: Money, for quantity: Quantity) {
        self.init(money.minorUnits, per: quantity.baseUnits)
    }

    /// How a quotient becomes an integer.
    public enum Rounding: Sendable {
        /// Amounts that are charged or paid: as tills, tax rules and legal-for-trade scales do.
        case halfAwayFromZero
        /// Shares of a cost: the halves of many divisions cancel out.
        case halfEven
    }

    /// What `quantity` base units cost, rounded once, halves away from zero; `nil` if it leaves the
    /// range of ``Money``.
    public func amount(of quantity: Quantity) -> Money? {
        Self.proportion(
            self.minorUnits,
            times: quantity.baseUnits,
            over: self.basis,
            rounding: .halfAwayFromZero
        ).map { Money($0) }
    }

    /// As ``amount(of:)``, also where it leaves the range of ``Money``: for sums of which that is said
    /// only in the end.
    package func wideAmount(of quantity: Quantity) -> Int128 {
        Self.quotient(
            Int128(self.minorUnits) * Int128(quantity.baseUnits),
            over: Int128(self.basis),
            .halfAwayFromZero
        )
    }

    /// `value` × `numerator` ÷ `denominator` with a 128-bit product and one rounding; `nil` if it
    /// leaves the range of ``Money``.
    ///
    /// `denominator`: Above 0.
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

    /// As ``proportion(_:times:over:rounding:)``: the part of `money` for `part` of `whole` units.
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

    /// The quotient rounded to the nearest integer.
    ///
    /// `denominator`: Above 0.
    @inline(__always)
    private static func quotient<Value: FixedWidthInteger & SignedInteger>(
        _ product: Value,
        over denominator: Value,
        _ rounding: Rounding
    ) -> Value {
        let (quotient, remainder) = product.quotientAndRemainder(dividingBy: denominator)
        // Of the rest to the next integer, so that nothing overflows.
        let rest = denominator.magnitude - remainder.magnitude
        let isHalfAway = rounding == .halfAwayFromZero || quotient & 1 != 0
        let roundsAway =
            remainder.magnitude > rest || (remainder.magnitude == rest && isHalfAway)
        if !roundsAway { return quotient }
        return product < 0 ? quotient - 1 : quotient + 1
    }
}

/// What a product is counted in: a code, and how many decimals people write.
///
/// A kilogram with 3 decimals is stored in grams: 1.250 kg are 1,250 base units.
public struct Unit: Hashable, Sendable {
    public let code: String
    public let decimals: UInt8

    public init(code: String, decimals: UInt8) {
        self.code = code
        self.decimals = decimals
    }

    public static let piece = Unit(code: "pcs", decimals: 0)

    /// Base units in one of it: 1,000 grams in a kilogram with 3 decimals.
    public var baseUnits: Int64 {
        (0..<min(self.decimals, Limits.unitDecimalsMax)).reduce(1) { product, _ in product * 10 }
    }

    /// The reorder point of a product in this unit where nobody says one.
    public var defaultReorderPoint: Quantity {
        Quantity(Limits.defaultReorderUnits * self.baseUnits)
    }
}
