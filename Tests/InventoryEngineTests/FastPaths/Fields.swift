import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Every field of a type, with a function that changes it in a test.
///
/// The list is compared with the stored properties of the type, so a new field must be added here before
/// any test passes.
struct Fields<Value>: Sendable {
    typealias Change = @Sendable (inout Value, inout SplitMix64) -> Void

    private let changes: [(name: String, change: Change)]

    init(_ changes: KeyValuePairs<String, Change>) {
        self.changes = changes.map { (name: $0.key, change: $0.value) }
    }

    var names: [String] { self.changes.map(\.name) }

    /// Checks that these are the stored properties of a value, in their order; the properties of its `fields`
    /// count as the value's own.
    func checkComplete(_ value: Any, sourceLocation: SourceLocation = #_sourceLocation) {
        let stored = Mirror(reflecting: value).children.flatMap { child -> [String] in
            guard child.value is any Described else { return [child.label ?? "?"] }
            return Mirror(reflecting: child.value).children.map { $0.label ?? "?" }
        }
        let type = type(of: value)
        #expect(self.names == stored, "fields of \(type)", sourceLocation: sourceLocation)
    }

    /// Changes each field with a probability of one in `oneIn`.
    ///
    /// - Returns: The names of the changed fields.
    func vary(
        _ value: inout Value,
        oneIn: UInt64 = 3,
        _ random: inout SplitMix64
    ) -> [String] {
        var varied: [String] = []
        for field in self.changes where random.below(oneIn) == 0 {
            field.change(&value, &random)
            varied.append(field.name)
        }
        return varied
    }
}

extension SplitMix64 {
    /// One of the values.
    mutating func one<Value>(of values: [Value]) -> Value {
        values[Int(self.below(UInt64(values.count)))]
    }

    /// A number in the range, or, one time in eight, at an end of it or just outside.
    mutating func near(_ range: ClosedRange<Int64>, below bound: Int64 = 1_000) -> Int64 {
        let (low, high) = (range.lowerBound, range.upperBound)
        if self.below(8) == 0 { return self.one(of: [low - 1, low, high, high + 1]) }
        return low + Int64(self.below(UInt64(min(high - low, bound)) + 1))
    }

    /// A string of up to `byteCountMax` bytes or one more, trimmed or not, with or without Unicode.
    mutating func text(byteCountMax: Int) -> String {
        switch self.below(16) {
        case 0: String(repeating: "x", count: byteCountMax)
        case 1: String(repeating: "x", count: byteCountMax + 1)
        case 2: "tab\there"
        case 3: " spaced "
        case 4: "café"
        case 5: "e\u{301}"
        case 6: ""
        default: "T-\(self.below(1_000_000))"
        }
    }
}

// MARK: - The fields that the fast paths read

extension Fields where Value == Unit {
    static let all = Fields([
        "code": { unit, random in
            let code = random.text(byteCountMax: Limits.unitByteCountMax)
            unit = Unit(code: random.below(2) == 0 ? "kg" : code, decimals: unit.decimals)
        },
        "decimals": { unit, random in
            let decimals = UInt8(random.near(0...Int64(Limits.unitDecimalsMax)) & 0xFF)
            unit = Unit(code: unit.code, decimals: decimals)
        },
    ])
}

extension Fields where Value == Price {
    static let all = Fields([
        "minorUnits": { $0 = Price($1.near(0...Limits.moneyMax), per: $0.basis) },
        "basis": { $0 = Price($0.minorUnits, per: $1.near(1...Limits.quantityMax)) },
    ])
}

extension Fields where Value == Occurrence {
    static let all = Fields([
        "at": { occurred, random in
            let limits = [-Limits.occurredAtPastSeconds, 0, Limits.occurredAtFutureSeconds]
            let seconds = random.one(of: limits) + Int64(random.below(3)) - 1
            occurred.at = occurred.at.advanced(bySeconds: seconds)
        },
        "isImported": { $0.isImported = $1.flag() },
    ])
}

extension Fields where Value == OpeningStock {
    static let all = Fields([
        "location": { $0.location = LocationID(UInt16($1.below(5))) },
        "quantity": { $0.quantity = Quantity($1.near(0...Limits.quantityMax)) },
        "unitCost": { $0.unitCost = Money($1.near(0...Limits.moneyMax)) },
        "occurredAt": { opening, random in
            let range = Limits.instantMin...0
            opening.occurredAt = Instant(microseconds: random.near(range))
        },
    ])
}

extension Fields where Value == ProductDraft {
    static let all = Fields([
        "sku": { draft, random in
            let text = random.text(byteCountMax: Limits.skuByteCountMax)
            draft.sku = random.below(2) == 0 ? "SKU-\(random.below(300))" : text
        },
        "name": { $0.name = $1.text(byteCountMax: Limits.nameByteCountMax) },
        "barcode": { draft, random in
            let text = random.text(byteCountMax: Limits.barcodeByteCountMax)
            draft.barcode = random.below(2) == 0 ? "\(40_063_810 + random.below(300))" : text
        },
        "category": { $0.category = CategoryID(UInt32($1.below(5))) },
        "unit": { _ = Fields<Unit>.all.vary(&$0.unit, oneIn: 2, &$1) },
        "price": { _ = Fields<Price>.all.vary(&$0.price, oneIn: 2, &$1) },
        "status": { $0.status = $1.any(ProductStatus.self) },
        "reorderPoint": { $0.reorderPoint = Quantity($1.near(0...Limits.quantityMax)) },
        "reorderTarget": { $0.reorderTarget = Quantity($1.near(0...Limits.quantityMax)) },
        "packSize": { $0.packSize = Quantity($1.near(1...Limits.quantityMax)) },
        "leadTimeDays": {
            $0.leadTimeDays = UInt16($1.near(0...Int64(Limits.leadTimeDaysMax)) & 0xFFFF)
        },
        "brand": { draft, random in
            draft.brand =
                random.below(2) == 0 ? "Acme" : random.text(byteCountMax: Limits.brandByteCountMax)
        },
        "moreBarcodes": { draft, random in
            // A product with any takes the slow path.
            let text = random.text(byteCountMax: Limits.moreBarcodesByteCountMax)
            let some = ["\(40_063_810 + random.below(300))  X\(random.below(20))", text]
            draft.moreBarcodes = random.below(3) == 0 ? "" : random.one(of: some)
        },
        "opening": { draft, random in
            var opening = OpeningStock(
                quantity: Quantity(Int64(random.below(50))),
                unitCost: Money(7)
            )
            _ = Fields<OpeningStock>.all.vary(&opening, &random)
            draft.opening = opening
        },
    ])
}

extension Fields where Value == SaleLine {
    static let all = Fields([
        "product": { $0.product = ProductID(UInt32($1.below(300))) },
        "location": { $0.location = LocationID(UInt16($1.below(5))) },
        "quantity": { $0.quantity = Quantity($1.near(1...Limits.quantityMax, below: 20)) },
        "price": { $0.price = Money($1.near(0...Limits.moneyMax)) },
        "ifRevision": { $0.ifRevision = $1.below(3) == 0 ? $1.lsn() : $0.ifRevision ?? 1 },
    ])
}

extension Fields where Value == Sale {
    static let all = Fields([
        "lines": { sale, random in
            let counts = [0, 1, 1, 1, 1, 1, 2]
            sale.lines = Array(repeating: sale.lines[0], count: random.one(of: counts))
        },
        "reference": { $0.reference = $1.text(byteCountMax: Limits.referenceByteCountMax) },
        "note": { $0.note = $1.text(byteCountMax: Limits.noteByteCountMax) },
        "occurred": { sale, random in
            var occurred = sale.occurred ?? Occurrence(at: .zero)
            _ = Fields<Occurrence>.all.vary(&occurred, oneIn: 2, &random)
            sale.occurred = occurred
        },
    ])
}

extension Fields where Value == PastSaleLine {
    static let all = Fields([
        "product": { $0.product = ProductID(UInt32(1 + $1.below(22))) },
        "quantity": { line, random in
            // Goods that came back have an amount of at most 0.
            line.quantity = Quantity(random.near(-2...Limits.quantityMax, below: 40))
            if line.quantity < 0, random.flag() { line.amount = -line.amount }
        },
        "amount": { $0.amount = Money($1.near(0...Limits.moneyMax, below: 9_000)) },
        "cost": { $0.cost = Money($1.near(0...Limits.moneyMax, below: 500)) },
    ])
}

extension Fields where Value == PastSale {
    static let all = Fields([
        "lines": { sale, random in
            // Too many lines, or two of one product, take the slow path.
            let most = PlainReceipt.linesMax
            let count = random.one(of: [0, 1, most, most + 1])
            sale.lines = (0..<count).map { number in
                var line = sale.lines[number % sale.lines.count]
                if count > 1 { line.product = ProductID(UInt32(1 + number)) }
                return line
            }
            if count > 1, random.below(4) == 0 { sale.lines[1].product = sale.lines[0].product }
        },
        "location": { $0.location = LocationID(UInt16($1.below(5))) },
        "reference": { sale, random in
            let some = ["", " é ", "R\(random.below(9))"]
            let text = random.text(byteCountMax: Limits.referenceByteCountMax)
            sale.reference = random.one(of: some + [text])
        },
        "day": { sale, random in
            let later = random.near(0...2)
            sale.day = CalendarDay(ofUTC: sale.occurredAt.advanced(bySeconds: later * 86_400))
        },
        "firstLine": { sale, random in
            sale.firstLine = UInt32(max(0, random.near(0...Int64(Limits.receiptLinesMax))))
        },
        "occurredAt": { sale, random in
            let seconds: [Int64] = [Int64(random.below(90_000)), 20_001 * 86_400]
            sale.occurredAt = sale.occurredAt.advanced(bySeconds: random.one(of: seconds))
        },
        "openedAt": { sale, random in
            let hours = Int64(random.below(9)) - 8
            sale.openedAt = sale.occurredAt.advanced(bySeconds: hours * 3_600)
        },
        "isWriteOff": { sale, random in
            sale.isWriteOff = true
            guard random.below(4) > 0 else { return }
            for index in sale.lines.indices { sale.lines[index].amount = 0 }
        },
        "note": { $0.note = $1.text(byteCountMax: Limits.noteByteCountMax) },
    ])
}
