import Foundation
internal import InventoryModel

/// Reads and validates the sales of a file row by row.
///
///     record ─▶ row       kind, quantity, price, time; the bytes of its code and reference
///            └▶ problem   why the row is rejected
///
/// It rejects every row whose values the server would refuse, so that a refused row cannot affect what is
/// derived from the others. It depends neither on the server nor on other rows, except that the number format
/// of a column can. The same range of the file always has the same rows; only whether they are ahead of the
/// server's clock depends on the day.
struct SalesReader {
    /// The command that a row becomes.
    enum Kind: Sendable {
        case sale
        /// A negative quantity whose reference has the return prefix, or that the options call a return.
        case `return`
        /// A negative quantity that the options call so.
        case writeOff
        /// A negative amount, which moves no stock.
        case discount
    }

    struct Row: Sendable {
        /// The row in the file; a header is row 1.
        var number: Int
        var kind: Kind
        /// Above 0.
        var quantity: FileQuantity
        /// What ``per`` units cost.
        var price: Money
        /// How many units the price is for, in millionths; more than one if it has fractions of a minor unit.
        var per: Int64
        /// The total price of a sale, a return or a discount, not below 0; zero for a write-off.
        var amount: Money
        /// What the whole quantity cost to buy; `nil` if the row does not say.
        var cost: Money?
        var location: LocationID
        var occurredAt: Instant
        /// Whether the row is so far ahead of the server's clock that the server refuses it today.
        var isAhead: Bool
    }

    enum Reading {
        case row(Row)
        case problem(String)
        /// The record is no row, such as one of totals.
        case passed
    }

    struct Options: Sendable {
        var reading = ReadOptions()
        var currency: FileCurrency
        var returnPrefix = ""
        var negative: NegativeSale?
        var category: String
        var locations = ImportLocations([], standard: .main)
        /// The latest time of a row that the server accepts.
        var latest: Instant
        /// The decimals of products whose unit has fewer than rows of the file.
        var decimals: [String: UInt8] = [:]
    }

    private(set) var records: RecordReader
    var options: Options
    let columns: Columns
    private let numbers: NumberColumns
    /// The columns of the fields and what was detected, for people.
    let notes: [String]

    /// The column of each field.
    struct Columns {
        let sku, quantity, price, amount, cost, lineCost, priceBasis, occurredAt, timeOfDay: Int
        let name, reference, category, location, kind: Int
        /// Whether the codes of products are barcodes.
        let hasBarcodes: Bool

        init(_ mapping: ColumnMapping?) {
            func column(_ name: String) -> Int { mapping?.column(name) ?? .max }
            self.hasBarcodes = column("sku") == .max
            self.sku = self.hasBarcodes ? column("barcode") : column("sku")
            self.quantity = column("quantity")
            self.price = column("price")
            self.amount = column("amount")
            self.cost = column("cost")
            self.lineCost = column("lineCost")
            self.kind = column("kind")
            self.priceBasis = column("priceBasis")
            self.occurredAt = column("occurredAt")
            self.timeOfDay = column("timeOfDay")
            self.name = column("name")
            self.reference = column("reference")
            self.category = column("category")
            self.location = column("location")
        }

        var ofNumbers: [Int] {
            [
                self.quantity, self.price, self.amount, self.cost, self.lineCost, self.priceBasis,
            ]
        }
    }

    /// Reads a file from its beginning.
    init(_ file: FileBytes, _ options: Options) throws {
        self.options = options
        let file = try ImportFile(file, options.reading, fields: .ofSales)
        self.records = file.records
        self.columns = Columns(file.mapping)
        self.notes = file.notes
        self.numbers = NumberColumns(
            file.records,
            self.columns.ofNumbers,
            style: file.numberStyle,
            currency: options.currency.code
        )
    }

    /// Returns a reader of the records that begin within `range`, whose start must be that of a record.
    ///
    /// Rows are numbered as if the range were the whole file.
    func reader(of range: Range<Int>) -> SalesReader {
        var reader = self
        reader.records = self.records.reader(of: range)
        return reader
    }

    /// Reads the next record, with times in the options' zone.
    ///
    /// The result is `nil` at the end.
    ///
    /// - Throws: ``Failure`` if the file is malformed.
    mutating func next(_ times: inout FileTimes) throws -> Reading? {
        guard try self.records.next() else { return nil }
        if self.isLateCost { return .passed }
        do throws(Problem) {
            return .row(try self.row(&times))
        } catch {
            return self.records.isBesideRows(key: self.columns.sku) ? .passed : .problem(error.text)
        }
    }

    // MARK: - A row

    typealias Problem = ProductRow.Problem

    private func row(_ times: inout FileTimes) throws(Problem) -> Row {
        if let problem = self.records.problem { throw Problem(text: problem) }
        try self.checkCode()
        let quantity = try self.quantity()
        var row = Row(
            number: self.records.number,
            kind: .sale,
            quantity: FileQuantity(millionths: abs(quantity.millionths), isOpen: quantity.isOpen),
            price: .zero,
            per: try self.per(),
            amount: .zero,
            cost: nil,
            location: try self.location(),
            occurredAt: .zero,
            isAhead: false
        )
        try self.setKind(&row, isNegative: quantity.millionths < 0)
        row.cost = try self.cost(of: quantity)
        row.occurredAt = try self.time(&times)
        row.isAhead = row.occurredAt > self.options.latest
        if let problem = self.textProblem() { throw Problem(text: problem) }
        return row
    }

    private func checkCode() throws(Problem) {
        let codeByteCount = self.withCode { $0.count }
        guard codeByteCount > 0 else {
            throw Problem(text: self.columns.hasBarcodes ? "barcode: is empty" : "sku: is empty")
        }
        if self.columns.hasBarcodes { try BarcodeCells.check(self.code, "barcode") }
        guard codeByteCount <= Limits.skuByteCountMax else {
            let longest = Limits.skuByteCountMax
            throw Problem(text: "sku: \"\(self.code)\" is longer than \(longest) bytes")
        }
    }

    @inline(__always)
    private func quantity() throws(Problem) -> FileQuantity {
        let quantity = try self.writtenQuantity()
        guard quantity.millionths != 0 || self.hasDiscount else {
            throw Problem(text: "quantity: is 0")
        }
        if !self.options.decimals.isEmpty { try self.checkDecimals(quantity) }
        return quantity
    }

    /// Whether the line's amount is below 0: a discount, which an export writes without a quantity.
    private var hasDiscount: Bool {
        let amount = try? self.money(self.columns.amount, "amount")
        return (amount ?? nil).map { $0 < 0 } ?? false
    }

    @inline(__always)
    private func writtenQuantity() throws(Problem) -> FileQuantity {
        let column = self.columns.quantity
        let plain = self.records.withBytes(column) {
            self.numbers.plain($0, decimals: Limits.unitDecimalsMax)
        }
        // A point in a plain number does not part thousands.
        if case .units(let millionths) = plain,
            millionths.magnitude <= FileQuantity(units: Limits.quantityMax).millionths.magnitude
        {
            return FileQuantity(millionths: millionths)
        }
        switch self.numbers.quantity(self.records, column) {
        case .quantity(let quantity): return quantity
        case .problem(let problem): throw Problem(text: "quantity: \(problem)")
        }
    }

    /// Rejects a quantity with more decimals than the unit of its product has.
    private func checkDecimals(_ quantity: FileQuantity) throws(Problem) {
        guard let decimals = self.options.decimals[NormalizedText.key(self.code)],
            quantity.baseUnits(decimals) == nil
        else { return }
        let text = self.records.text(self.columns.quantity)
        let problem = NumberColumns.problem(text, quantity, decimals: decimals)
        let why = quantity.isOpen ? "" : ", as the unit of \"\(self.code)\" has"
        throw Problem(text: "quantity: \(problem)\(why)")
    }

    /// The units that the row's price is for, in millionths.
    @inline(__always)
    private func per() throws(Problem) -> Int64 {
        let column = self.columns.priceBasis
        guard column != .max, self.records.withBytes(column, { !$0.isEmpty }) else {
            return FileQuantity(units: self.options.reading.per).millionths
        }
        switch self.numbers.quantity(self.records, column) {
        case .problem(let problem): throw Problem(text: "priceBasis: \(problem)")
        case .quantity(let basis):
            guard basis.millionths > 0 else { throw Problem(text: "priceBasis: is not above 0") }
            return basis.millionths
        }
    }

    /// Returns the amount of money in a column; `nil` if it is empty.
    @inline(__always)
    func money(_ column: Int, _ name: StaticString) throws(Problem) -> Int64? {
        let decimals = self.options.currency.decimals
        if column == .max { return nil }
        switch self.records.withBytes(column, { self.numbers.plain($0, decimals: decimals) }) {
        case .units(let units): return units
        case .empty: return nil
        case .other: break
        }
        switch self.numbers.read(self.records, column, decimals: decimals, isMoney: true) {
        case .units(let units): return units
        case .empty: return nil
        case .problem(let problem): throw Problem(text: "\(name): \(problem)")
        }
    }

    /// Returns a price or a cost in a column, which may have fractions of a minor unit, and the units that it is
    /// for, in millionths; `nil` if the column is empty.
    @inline(__always)
    func unitMoney(
        _ column: Int,
        _ name: StaticString
    ) throws(Problem) -> (money: Int64, per: Int64)? {
        if column == .max { return nil }
        let per = try self.per()
        do throws(Problem) {
            return try self.money(column, name).map { ($0, per) }
        } catch {
            let decimals = self.options.currency.decimals
            switch self.numbers.fraction(self.records, column, decimals: decimals) {
            case nil: throw error
            case .problem(let problem): throw Problem(text: "\(name): \(problem)")
            case .parts(let parts, let perUnit):
                let (product, overflow) = per.multipliedReportingOverflow(by: perUnit)
                guard !overflow else { throw error }
                return (parts, product)
            }
        }
    }

    /// The cost of the whole line.
    private func cost(of quantity: FileQuantity) throws(Problem) -> Money? {
        if self.columns.lineCost != .max {
            // That of goods that came back is below 0.
            return try self.money(self.columns.lineCost, "lineCost").map { Money(abs($0)) }
        }
        let column = self.columns.cost
        guard column != .max, let (cost, per) = try self.unitMoney(column, "cost") else {
            return nil
        }
        let whole = FileQuantity(millionths: abs(quantity.millionths))
        guard cost >= 0, let total = Money(cost).amount(of: whole, per: per) else {
            let text = self.records.text(column)
            throw Problem(text: "cost: \(text) is below 0 or too large")
        }
        return total
    }

    // MARK: - What a rejected row says

    /// The location of the record read last; `nil` if it cannot be read.
    var readableLocation: LocationID? { try? self.location() }

    /// Returns the time of the record read last; `nil` if it cannot be read.
    func readableTime(_ times: inout FileTimes) -> Instant? { try? self.time(&times) }

    @inline(__always)
    private func location() throws(Problem) -> LocationID {
        guard self.columns.location != .max else { return self.options.locations.standard }
        let column = self.columns.location
        let location = self.records.withBytes(column) { self.options.locations.id($0) }
        guard let location else {
            throw Problem(text: self.options.locations.problem(self.records.text(column)))
        }
        return location
    }

    // MARK: - When

    @inline(__always)
    private func time(_ times: inout FileTimes) throws(Problem) -> Instant {
        let column = self.columns.occurredAt
        let occurredAt: Instant?
        if self.columns.timeOfDay == .max {
            occurredAt = self.records.withBytes(column) { times.instant($0) }
        } else {
            let time = self.records.text(self.columns.timeOfDay)
            occurredAt = times.instant(self.records.text(column), time: time)
        }
        guard let occurredAt else { throw Problem(text: self.timeProblem) }
        guard occurredAt >= Self.earliest, occurredAt <= Self.latest else {
            let text = self.records.text(column)
            throw Problem(text: "occurredAt: \"\(text)\" is outside of the years 1 to 9999 in UTC")
        }
        return occurredAt
    }

    private var timeProblem: String {
        let date = self.records.text(self.columns.occurredAt)
        let text = "\(date) \(self.records.text(self.columns.timeOfDay))".trimmingSpace
        return self.options.reading.pattern == nil
            ? "occurredAt: \"\(text)\" is not a time such as 2026-03-01 12:30:00; see --date-format"
            : "occurredAt: \"\(text)\" is not a time in the --date-format"
    }

    private static let earliest = Instant(microseconds: Limits.instantMin)
    private static let latest = Instant(microseconds: Limits.instantMax)
}
