import Bytes
import InventoryModel
import InventoryTestSupport

/// A number of a command at or beside one of its bounds.
struct BoundaryValue {
    /// The field as refusals name it.
    let field: String
    let value: Int64
    let bounds: ClosedRange<Int64>
    /// Whether the number counts the bytes of a text.
    let isText: Bool

    var isInside: Bool { self.bounds.contains(self.value) }

    /// The values of a field: both bounds, and those right outside that its type has.
    static func all(
        _ field: String,
        in bounds: ClosedRange<Int64>,
        isText: Bool,
        fitting type: ClosedRange<Int64>
    ) -> [Self] {
        let below = bounds.lowerBound == .min ? [] : [bounds.lowerBound - 1]
        let above = bounds.upperBound == .max ? [] : [bounds.upperBound + 1]
        return (below + [bounds.lowerBound, bounds.upperBound] + above)
            .filter { type.contains($0) }
            .map { Self(field: field, value: $0, bounds: bounds, isText: isText) }
    }
}

/// Makes a command by its description: valid values that differ with the seed, and one number of one field at
/// or beside a bound.
///
///     run 0:         collects the boundary values of every field
///     run 1, 2, …    puts the chosen one into the field that has it
///
/// The other ids are 1, but the destination of a transfer is 2.
struct BoundedFields: CommandVisitor {
    typealias Failure = Never

    private(set) var found: [BoundaryValue] = []
    /// The index in ``found`` of the value to use; `nil` for a command that is valid throughout.
    private let chosen: Int?
    private var random: SplitMix64
    /// What precedes the names of a part's fields in refusals.
    private var path = ""
    private var unused: [String] = []

    private let product: ProductID

    init(choosing chosen: Int?, product: ProductID, seed: UInt64) {
        self.chosen = chosen
        self.product = product
        self.random = SplitMix64(seed: seed)
    }

    /// Adds the field's boundary values.
    ///
    /// - Returns: The one to use, if it is of this field.
    private mutating func bounded(
        _ name: String,
        in bounds: ClosedRange<Int64>,
        isText: Bool = false,
        fitting type: ClosedRange<Int64> = .min ... .max
    ) -> Int64? {
        let values = BoundaryValue.all(
            self.path + name,
            in: bounds,
            isText: isText,
            fitting: isText ? 0...Int64.max : type
        )
        let first = self.found.count
        self.found += values
        guard let chosen, (first..<self.found.count).contains(chosen) else { return nil }
        return self.found[chosen].value
    }

    /// A small value within the bounds.
    private mutating func plain(_ bounds: ClosedRange<Int64>) -> Int64 {
        let low = max(bounds.lowerBound, 1)
        return low + Int64(self.random.below(UInt64(min(bounds.upperBound - low, 5)) + 1))
    }

    mutating func text(_ field: Field<String>, _ value: inout String) {
        let byteCount = self.bounded(field.name, in: field.bounds, isText: true)
        switch field.name {
        case "zone": value = "UTC"
        case "session": value = SessionID(high: 1, low: self.random.next()).hexadecimal
        default: value = "T\(self.random.below(1_000_000))"
        }
        guard let byteCount else { return }
        value = String(repeating: "x", count: Int(byteCount))
    }

    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) { value = false }

    mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(
        _ field: Field<Value>,
        _ value: inout Value
    ) {
        let type = 0...Int64(clamping: Value.max)
        value = Value(
            self.bounded(field.name, in: field.bounds, fitting: type)
                ?? self.plain(field.bounds.clamped(to: type))
        )
    }

    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {
        value = Quantity(self.bounded(field.name, in: field.bounds) ?? self.plain(field.bounds))
    }

    mutating func money(_ field: Field<Money>, _ value: inout Money) {
        value = Money(self.bounded(field.name, in: field.bounds) ?? self.plain(field.bounds))
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) {
        let amount = self.bounded(field.name, in: FieldBounds.amounts)
        let basis = self.bounded(field.name + ".basis", in: FieldBounds.priceBases)
        value = Price(amount ?? self.plain(FieldBounds.amounts), per: basis ?? 1)
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) {
        let bounds = Int64(FieldBounds.unitCode.lowerBound)...Int64(FieldBounds.unitCode.upperBound)
        let code = self.bounded(field.name, in: bounds, isText: true)
        let decimals = self.bounded(
            field.name + ".decimals",
            in: FieldBounds.unitDecimals,
            fitting: 0...Int64(UInt8.max)
        )
        value = Unit(
            code: code.map { String(repeating: "u", count: Int($0)) } ?? "piece",
            decimals: UInt8(decimals ?? 0)
        )
    }

    mutating func choice<Value: FieldChoice>(_ field: Field<Value>, _ value: inout Value) {
        if let standard = field.standard { value = standard }
    }

    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        // The destination of a transfer differs from its source.
        value = ID(field.name == "to" ? 2 : 1)
        if let product = self.product as? ID { value = product }
    }

    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        var chosen: Instant?
        self.optionalInstant(field, &chosen)
        value = chosen ?? Instant(microseconds: 1_000_000)
    }

    // MARK: - Fields of commands

    mutating func revision(_ value: inout LSN?) { value = nil }

    mutating func occurrence(_ value: inout Occurrence?) { value = nil }

    mutating func expiry(_ value: inout Expiry) {
        let bounds = FieldBounds.expirySeconds
        value = .after(seconds: self.bounded("expiresAfter", in: bounds) ?? 60)
    }

    mutating func optionalInstant(_ field: Field<Instant>, _ value: inout Instant?) {
        value = nil
        guard field.bounds != .min ... .max else { return }
        value = self.bounded(field.name, in: field.bounds).map { Instant(microseconds: $0) }
    }

    mutating func optionalDay(_ name: String, _ value: inout CalendarDay?) { value = nil }

    mutating func optionalLSN(_ field: Field<LSN>, _ value: inout LSN?) { value = nil }

    mutating func optionalMoney(_ field: Field<Money>, _ value: inout Money?) {
        value = Money(self.bounded(field.name, in: field.bounds) ?? self.plain(field.bounds))
    }

    mutating func update<Entity: Described>(_ value: inout FieldUpdate<Entity>) {
        var values = Entity()
        values.visit(&self, only: .all)
        var given = FieldSet<Entity.FieldID>()
        for field in Entity.FieldID.allCases { given.insert(field) }
        value = FieldUpdate(given, of: values)
    }

    mutating func part<Part: DescribedCommand>(_ name: String, _ value: inout Part?) {
        var part = Part()
        self.path = name + "."
        part.visit(&self)
        self.path = ""
        value = part
    }

    mutating func lines<Line: DescribedCommand>(_ list: LineList, _ value: inout [Line]) {
        let count = self.bounded("lines", in: FieldBounds.lines, fitting: 1...Int64.max)
        self.unused = list.unused
        var line = Line()
        line.visit(&self)
        value = Array(repeating: line, count: Int(count ?? 1))
    }

    mutating func mask(_ given: inout OptionalFields) { given.insertAll() }

    mutating func maskedQuantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity?) {
        value = nil
        guard !self.unused.contains(field.name) else { return }
        value = Quantity(self.bounded(field.name, in: field.bounds) ?? self.plain(field.bounds))
    }

    mutating func maskedMoney(_ field: Field<Money>, _ value: inout Money?) {
        value = nil
        guard !self.unused.contains(field.name) else { return }
        value = Money(self.bounded(field.name, in: field.bounds) ?? self.plain(field.bounds))
    }

    mutating func maskedRevision(_ value: inout LSN?) { value = nil }
}
