internal import InventoryModel
import Synchronization

/// Reads the numbers of a file's columns, in the format of each column.
///
///     2.50     digits and a point: read at once
///     1.250    three digits behind the point: the column decides     1,5 in it: thousands
///     1,250    so here; if nothing in the column decides, it is refused
///
/// A column is searched for what decides only once such a number occurs, so that a file of plain numbers is
/// read once.
final class NumberColumns: Sendable {
    /// What the numbers of a column say about their decimal mark.
    struct Evidence: Sendable {
        var isPoint = false
        var isComma = false

        /// The mark that numbers say, and none contradicts; `nil` without one.
        var mark: DecimalMark? {
            guard self.isPoint != self.isComma else { return nil }
            return self.isPoint ? .point : .comma
        }
    }

    /// How numbers are written, if that is known beforehand.
    struct Style: Sendable {
        /// The decimal mark; `nil` if each column decides.
        var mark: DecimalMark?
        /// Whether numbers come from the cells of a spreadsheet, as binary numbers of 15 valid digits.
        var isBinary = false
    }

    enum Reading: Equatable {
        case units(Int64)
        /// The field has no value.
        case empty
        /// Why it is no number of the kind.
        case problem(String)
    }

    private let records: RecordReader
    private let columns: [Int]
    private let style: Style
    private let currency: CurrencyText
    private let evidence = Mutex<[Int: Evidence]?>(nil)

    /// Creates a reader of the numbers in `columns`, which may name columns that there are not.
    init(_ records: RecordReader, _ columns: [Int], style: Style, currency: String) {
        self.records = records.fromStart
        self.columns = columns.filter { $0 < records.header.count }
        self.style = style
        self.currency = CurrencyText(code: currency)
    }

    /// Reads the number of a field with at most `decimals` decimals, in smallest units.
    ///
    /// - Parameters:
    ///   - records: The reader at the record.
    ///   - column: The field's column.
    ///   - decimals: The decimals that the number may have.
    ///   - isMoney: Whether a currency may stand beside it, which must be the database's.
    /// - Returns: The number, or why it is none.
    @inline(__always)
    func read(
        _ records: borrowing RecordReader,
        _ column: Int,
        decimals: UInt8,
        isMoney: Bool = false
    ) -> Reading {
        if column == .max { return .empty }
        switch records.withBytes(column, { self.plain($0, decimals: decimals) }) {
        case .units(let units): return .units(units)
        case .empty: return .empty
        case .other:
            return self.read(records.text(column), column, decimals: decimals, isMoney: isMoney)
        }
    }

    /// The most decimals beyond those of the currency that a price or a cost has.
    static let fractionDecimalsMax: UInt8 = 6

    /// An amount of money in parts of a smallest unit.
    enum Fraction {
        /// How many parts, and how many of them are one smallest unit.
        case parts(Int64, perUnit: Int64)
        /// Why it is none.
        case problem(String)
    }

    /// Reads an amount of money that has more than `decimals` decimals; `nil` if it is not such a number.
    func fraction(
        _ records: borrowing RecordReader,
        _ column: Int,
        decimals: UInt8
    ) -> Fraction? {
        let text = records.text(column)
        guard let number = WrittenNumber(text), self.currency.accepts(number.currency),
            let mark = self.mark(of: number, column, decimals: decimals)
        else { return nil }
        let most = decimals + Self.fractionDecimalsMax
        guard var parts = number.units(mark, decimals: most) else {
            return .problem(Self.noNumber(text, most))
        }
        var perUnit: Int64 = 1_000_000
        while perUnit > 1, parts % 10 == 0 { (parts, perUnit) = (parts / 10, perUnit / 10) }
        return .parts(parts, perUnit: perUnit)
    }

    /// What the bytes of a field are at first sight.
    enum Plain {
        case units(Int64)
        case empty
        /// Anything that only ``read(_:_:decimals:isMoney:)`` can decide.
        case other
    }

    /// Reads the bytes of a field as a number in its plainest form.
    ///
    /// Callers that read every row try this first: it takes no reader, which would be copied.
    @inline(__always)
    func plain(_ bytes: UnsafeRawBufferPointer, decimals: UInt8) -> Plain {
        if bytes.isEmpty { return .empty }
        if self.style.mark == .comma ? bytes.contains(0x2E) : Self.mayBeGrouped(bytes) {
            if self.style.mark != .point { return .other }
        }
        guard let units = DecimalText.parse(bytes, decimals: decimals) else { return .other }
        return .units(units)
    }

    /// Whether a point in the number may part thousands: 1.250, but not 0.125 or 1250.500.
    @inline(__always)
    private static func mayBeGrouped(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 5, bytes.count <= 8, bytes[bytes.count - 4] == 0x2E else {
            return false
        }
        return bytes[0] != 0x30
    }

    private func read(
        _ text: String,
        _ column: Int,
        decimals: UInt8,
        isMoney: Bool
    ) -> Reading {
        if text.isEmpty { return .empty }
        guard let number = WrittenNumber(text), number.currency.isEmpty || isMoney else {
            let binary = self.style.isBinary ? Self.binary(text, decimals) : nil
            return binary.map { .units($0) } ?? .problem(Self.noNumber(text, decimals))
        }
        guard self.currency.accepts(number.currency) else {
            guard CurrencyText.isCurrency(number.currency) else {
                return .problem(Self.noNumber(text, decimals))
            }
            return .problem("\"\(text)\" is not in \(self.currency.code), the database's currency")
        }
        guard let mark = self.mark(of: number, column, decimals: decimals) else {
            return .problem(Self.unclear(text, number))
        }
        if let units = number.units(mark, decimals: decimals) { return .units(units) }
        if self.style.isBinary, let units = Self.binary(text, decimals) { return .units(units) }
        let larger = isMoney ? Self.perLargerQuantity(number, mark, decimals: decimals) : ""
        return .problem(Self.noNumber(text, decimals) + larger)
    }

    /// How a price with more decimals can be written: as that of more units; empty if that does not help.
    private static func perLargerQuantity(
        _ number: WrittenNumber,
        _ mark: DecimalMark,
        decimals: UInt8
    ) -> String {
        var basis = 1
        for more in 1...Self.fractionDecimalsMax {
            basis *= 10
            guard let units = number.units(mark, decimals: decimals + more) else { continue }
            let price = DecimalText.format(Money(units), decimals: decimals)
            return
                "; as a price or cost, write \(price) and the units that it is for: --per \(basis), "
                + "or a column priceBasis with \(basis)"
        }
        return ""
    }

    /// Returns the decimal mark of a number; `nil` if it can be both.
    private func mark(of number: WrittenNumber, _ column: Int, decimals: UInt8) -> DecimalMark? {
        if let mark = self.style.mark { return mark }
        switch number.form {
        case .digits, .invalid: return .point
        case .decimal(let mark): return mark
        case .unclear(let used):
            if let mark = self.evidence(of: column).mark { return mark }
            // Of a number that may have three decimals, and of JSON, a point is the mark.
            let isPlain = used == .point && (decimals >= 3 || self.records.isJSON)
            return isPlain && !self.evidence(of: column).isComma ? .point : nil
        }
    }

    /// Rounds a binary number, which may have an exponent, to the 15 digits that a spreadsheet shows of it.
    private static func binary(_ text: String, _ decimals: UInt8) -> Int64? {
        guard text.utf8.contains(where: { $0 == 0x45 || $0 == 0x65 }) || text.utf8.count > 15,
            let value = Double(text), value.magnitude < 1e15
        else { return nil }
        return DecimalText.parse(value.rounded15, decimals: decimals)
    }

    /// Whether the number of a field was read with a point that can part thousands.
    @inline(__always)
    func isOpen(_ records: borrowing RecordReader, _ column: Int) -> Bool {
        guard self.style.mark == nil, records.withBytes(column, { Self.mayBeGrouped($0) }) else {
            return false
        }
        return !self.records.isJSON && self.evidence(of: column).mark == nil
    }

    // MARK: - The column

    private func evidence(of column: Int) -> Evidence {
        self.evidence.withLock { known in
            let all = known ?? self.search()
            known = all
            return all[column] ?? Evidence()
        }
    }

    /// Reads the whole file for what the numbers of its columns say.
    private func search() -> [Int: Evidence] {
        var all: [Int: Evidence] = [:]
        var records = self.records
        // The reader of the rows reports a malformed file.
        while (try? records.next()) == true {
            for column in self.columns {
                guard case .decimal(let mark)? = Self.number(records, column)?.form else {
                    continue
                }
                if mark == .point {
                    all[column, default: Evidence()].isPoint = true
                } else {
                    all[column, default: Evidence()].isComma = true
                }
            }
        }
        return all
    }

    private static func number(_ records: borrowing RecordReader, _ column: Int) -> WrittenNumber? {
        let hasMark = records.withBytes(column) { $0.contains { $0 == 0x2E || $0 == 0x2C } }
        return hasMark ? WrittenNumber(records.text(column)) : nil
    }

    // MARK: - Problems

    /// Returns why a text is no number with at most `decimals` decimals.
    static func noNumber(_ text: String, _ decimals: UInt8) -> String {
        if WrittenNumber(text) == nil { return "\"\(text)\" is not a number" }
        let kind = decimals == 0 ? "a whole number" : "a number with at most \(decimals) decimals"
        return "\"\(text)\" is not \(kind)"
    }

    /// Why a number is refused that can be two.
    static func unclear(_ text: String, _ number: WrittenNumber) -> String {
        let readings = DecimalMark.allCases.compactMap { mark in
            number.plain(mark).map { String(decoding: $0, as: UTF8.self) }
        }
        let both = readings.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
        return "\"\(text)\" can be \(both.joined(separator: " or ")); use --decimal point or comma"
    }
}
