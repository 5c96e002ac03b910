internal import InventoryModel

/// Checks the values of a product's cells, for rows that create products and for rows that change them.
///
/// A value outside the limits of its field is rejected, with the field, the value and the limits: a narrower type
/// never changes it.
enum ProductCells {
    typealias Problem = ProductRow.Problem

    /// Checks the number of a field.
    ///
    /// - Parameters:
    ///   - number: What is written.
    ///   - field: The field, which has the limits.
    /// - Returns: The value of the field.
    /// - Throws: The problem that the number is outside the limits.
    @inline(__always)
    static func integer<Value: FixedWidthInteger>(
        _ number: Int64,
        of field: Field<Value>
    ) throws(Problem) -> Value {
        guard field.bounds.contains(number), let value = Value(exactly: number) else {
            throw Self.outside(field.name, number, limits: field.bounds)
        }
        return value
    }

    /// Checks the quantity of a field.
    ///
    /// - Parameters:
    ///   - baseUnits: What is written.
    ///   - limits: The limits of the field, in base units.
    ///   - name: The name of the field.
    ///   - decimals: The decimals of the product's unit.
    /// - Throws: The problem that the quantity is outside the limits.
    @inline(__always)
    static func check(
        _ baseUnits: Int64,
        in limits: ClosedRange<Int64>,
        name: String,
        decimals: UInt8
    ) throws(Problem) {
        guard !limits.contains(baseUnits) else { return }
        func text(_ value: Int64) -> String {
            DecimalText.grouped(DecimalText.format(value, decimals: decimals))
        }
        let why =
            baseUnits < 0 && limits.lowerBound == 0
            ? "it cannot be negative"
            : "it must be \(text(limits.lowerBound)) to \(text(limits.upperBound))"
        throw Problem(text: "\(name): is \(text(baseUnits)); \(why)")
    }

    /// Returns the decimals of a unit.
    ///
    /// - Throws: The problem that a unit cannot have as many.
    @inline(__always)
    static func decimals(_ number: Int64) throws(Problem) -> UInt8 {
        let limits = FieldBounds.unitDecimals
        guard limits.contains(number) else {
            throw Self.outside("decimals", number, limits: limits)
        }
        return UInt8(number)
    }

    private static func outside(
        _ name: String,
        _ number: Int64,
        limits: ClosedRange<Int64>
    ) -> Problem {
        Problem(
            text: "\(name): is \(number); it must be \(limits.lowerBound) to \(limits.upperBound)"
        )
    }

    /// Finds what a price is for.
    ///
    /// - Parameters:
    ///   - own: The base units of the row's own column; `nil` if it is empty.
    ///   - per: How many units a price is for, in rows that do not say.
    ///   - unit: The product's unit.
    /// - Returns: The base units; those of `per` units if the row does not say.
    /// - Throws: The problem that there is less than one.
    @inline(__always)
    static func basis(_ own: Int64?, per: Int64, _ unit: Unit) throws(Problem) -> Int64 {
        if let own {
            guard own >= 1 else { throw Problem(text: "priceBasis: is below 1 base unit") }
            return own
        }
        let (basis, overflow) = per.multipliedReportingOverflow(by: unit.baseUnits)
        return overflow ? .max : basis
    }

    /// Returns what `wanted` parts of a quantity cost if `given` parts cost `cost`.
    ///
    /// - Throws: The problem that this is no whole number of minor units.
    static func cost(_ cost: Money, for given: Int128, to wanted: Int128) throws(Problem) -> Money {
        let (product, overflow) = Int128(cost.minorUnits).multipliedReportingOverflow(by: wanted)
        let (amount, rest) = product.quotientAndRemainder(dividingBy: given)
        guard !overflow, rest == 0, let amount = Int64(exactly: amount) else {
            throw Problem(
                text: "cost: is no whole amount for the quantity that the product's price is for"
            )
        }
        return Money(amount)
    }

    /// The problem of a text that is too long, which the server would reject; it might not even fit a request.
    static func tooLong(_ name: String, byteCount: Int, atMost byteCountMax: Int64) -> Problem {
        let allowed = "at most \(byteCountMax) are allowed"
        return Problem(text: "invalid_field  \(name) has \(byteCount) bytes; \(allowed)")
    }

    /// Finds the choice with a name.
    ///
    /// - Parameters:
    ///   - written: The name.
    ///   - name: The name of the field.
    ///   - choices: The choices that the row can make.
    /// - Returns: The choice.
    /// - Throws: The problem that none of them has that name.
    static func choice<Value: FieldChoice>(
        _ written: String,
        _ name: String,
        among choices: [Value]
    ) throws(Problem) -> Value {
        guard let choice = choices.first(where: { "\($0)" == written }) else {
            let words = choices.map { "\($0)" }.joined(separator: " or ")
            throw Problem(text: "\(name): \"\(written)\" is not \(words)")
        }
        return choice
    }
}
