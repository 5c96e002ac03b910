internal import InventoryModel

/// A quantity of a file in millionths of a unit: whatever the decimals of its product, which may be unknown
/// when it is read.
struct FileQuantity: Hashable, Sendable {
    var millionths: Int64
    /// Whether a point in it can part thousands, so that only a unit of three decimals determines what it is.
    var isOpen = false

    static let perUnit: Int64 = 1_000_000

    init(millionths: Int64, isOpen: Bool = false) {
        self.millionths = millionths
        self.isOpen = isOpen
    }

    /// Creates a whole number of units, clamped to what 64 bits hold.
    init(units: Int64) {
        let (product, overflow) = units.multipliedReportingOverflow(by: Self.perUnit)
        self.millionths = overflow ? .max : product
    }

    /// The fewest decimals that it can be written with.
    @inline(__always)
    var decimals: UInt8 { self.millionths % Self.perUnit == 0 ? 0 : self.countedDecimals }

    private var countedDecimals: UInt8 {
        var (rest, decimals) = (self.millionths, UInt8(6))
        while rest % 10 == 0, decimals > 0 { (rest, decimals) = (rest / 10, decimals - 1) }
        return decimals
    }

    private static let powers: [Int64] = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1]

    /// The millionths in one base unit of a unit with `decimals`.
    static func perBaseUnit(_ decimals: UInt8) -> Int64 {
        self.powers[Int(min(decimals, Limits.unitDecimalsMax))]
    }

    /// Returns the base units of a unit with `decimals`; `nil` if it has more decimals, or is open.
    func baseUnits(_ decimals: UInt8) -> Int64? {
        let (units, rest) = self.millionths.quotientAndRemainder(
            dividingBy: Self.perBaseUnit(decimals)
        )
        return rest == 0 && !(self.isOpen && decimals < 3) ? units : nil
    }
}

extension NumberColumns {
    enum QuantityReading {
        case quantity(FileQuantity)
        case problem(String)
    }

    /// Reads a quantity of a product whose unit may be unknown; an empty field is a problem.
    @inline(__always)
    func quantity(_ records: borrowing RecordReader, _ column: Int) -> QuantityReading {
        switch self.read(records, column, decimals: Limits.unitDecimalsMax) {
        case .units(let millionths):
            let most = FileQuantity(units: Limits.quantityMax).millionths
            guard millionths.magnitude <= UInt64(most) else {
                return .problem(Self.tooLarge(records, column))
            }
            return .quantity(
                FileQuantity(
                    millionths: millionths,
                    isOpen: self.isOpen(records, column)
                )
            )
        case .empty: return .problem("is empty")
        case .problem(let problem):
            // A number so large that 64 bits do not hold its millionths.
            let isNumber = records.number(column, decimals: 0) != nil
            return .problem(isNumber ? Self.tooLarge(records, column) : problem)
        }
    }

    private static func tooLarge(_ records: borrowing RecordReader, _ column: Int) -> String {
        "\(records.text(column)) exceeds \(Limits.quantityMax)"
    }

    /// Why a quantity is none of a unit with `decimals`.
    static func problem(
        _ written: String,
        _ quantity: FileQuantity,
        decimals: UInt8
    ) -> String {
        if quantity.isOpen, decimals < 3, let number = WrittenNumber(written) {
            return self.unclear(written, number)
        }
        return self.noNumber(written, decimals)
    }
}
