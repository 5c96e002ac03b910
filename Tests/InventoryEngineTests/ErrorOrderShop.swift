import Bytes
import InventoryEngine
import InventoryModel
import InventoryTestSupport
import Testing

/// A shop in which every refusal can occur.
///
/// | product | |
/// |---|---|
/// | 1 | 10 on hand at location 1, of which 2 are reserved; 3 more were sold by ``sale`` |
/// | 2 | inactive, 10 on hand |
/// | 3 | archived |
/// | 4 | 10 on hand; the maximum on hand and incoming at location 2 |
/// | 5 | 2 on hand, which cost nearly the maximum of money |
/// | 6 | none on hand, 2 reserved |
/// | 7 | never had any stock |
///
/// Location 2 is another shop, 3 is archived, 4 is empty. Category 2 is archived, 3 empty.
struct ErrorOrderShop {
    var bench: Bench
    /// A sale of three of product 1, and one of product 4.
    let sale: LSN
    static let stale: UInt64 = 999_999
    static let long = String(repeating: "x", count: Limits.noteByteCountMax + 1)

    init() throws {
        var bench = try Bench(products: 6, stock: 10)
        let category = try bench.done(.createCategory(name: "Gone")).id
        try bench.done(.archiveCategory(CategoryID(UInt32(category)), ifRevision: nil))
        try bench.done(.createCategory(name: "Empty"))
        for code in ["north", "south", "west"] {
            try bench.done(.createLocation(LocationDraft(code: code, name: code)))
        }
        try bench.done(.archiveLocation(LocationID(3), ifRevision: nil))
        try bench.done(
            .updateProduct(ProductID(2), ProductUpdate(status: .inactive), ifRevision: nil)
        )
        let empty = ProductDraft(
            sku: "EMPTY",
            name: "E",
            category: CategoryID(1),
            price: Price(1)
        )
        try bench.done(.createProduct(empty))
        try bench.done(bench.writeOff(3))
        try bench.done(.deleteProduct(ProductID(3), ifRevision: nil))
        let (four, north) = (ProductID(4), LocationID(2))
        try bench.done(
            .adjust(
                Adjustment(
                    product: four,
                    location: north,
                    delta: Quantity(Limits.quantityMax),
                    reason: .found
                )
            )
        )
        // Two transfers: one stays open, one is closed; the rest up to the maximum is expected.
        for _ in 0..<2 {
            let line = DispatchLine(product: four, quantity: 2)
            try bench.done(
                .dispatchTransfer(DispatchTransfer(from: .main, to: north, lines: [line]))
            )
        }
        let closed = TransferLine(transfer: TransferID(2))
        try bench.done(.cancelTransfer(TransferSettlement(lines: [closed])))
        try bench.done(
            .expectIncoming(
                Expectation(product: four, location: north, delta: Quantity(Limits.quantityMax - 2))
            )
        )
        try bench.done(bench.writeOff(5))
        let cost = Money(Limits.moneyMax / 2)
        let line = RestockLine(product: ProductID(5), quantity: 2, unitCost: cost)
        try bench.done(.restock(Restock(lines: [line])))
        let sold = Sale(lines: [
            SaleLine(product: ProductID(1), quantity: 3), SaleLine(product: four, quantity: 1),
        ])
        self.sale = try bench.done(.sell(sold)).lsn
        let more = RestockLine(product: ProductID(1), quantity: 3, unitCost: Money(5))
        try bench.done(.restock(Restock(lines: [more])))
        // Reservations: 1 is open, 2 is closed, 3 expires, 4 has an empty level.
        try bench.done(bench.reserve(1, 2))
        try bench.done(bench.reserve(1, 2))
        try bench.done(bench.release(2))
        try bench.done(bench.reserve(1, 2, for: 1))
        try bench.done(bench.reserve(6, 2))
        try bench.done(bench.writeOff(6))
        bench.wait(60)
        bench.tick()
        bench.check()
        self.bench = bench
    }

    func outcome(_ command: Command) -> Outcome {
        self.bench.state.decide(command, at: self.bench.time).outcome
    }
}

/// The values from which a command is made; faults change them.
struct CommandValues {
    struct Line {
        var product: UInt32 = 1
        var location: UInt16 = 1
        var quantity: Quantity? = 2
        var price: Int64?
        var ifRevision: LSN?
        /// The id of a reservation or a transfer.
        var id: UInt32 = 1
    }

    var lines = [Line()]
    var reference = "R"
    var note = ""
    var occurred: Occurrence?
    var original: LSN?
    var destination: UInt16 = 2
    var expiry = Expiry.after(seconds: 60)
    var eta: Instant?
    var delta: Quantity = 1

    // Values that are created or changed.
    var id: UInt32 = 1
    var ifRevision: LSN?
    var name = "New"
    var sku = "NEW"
    var barcode = ""
    var category: UInt32 = 1
    var minorUnits: Int64 = 1
    var zone = "UTC"
    var unit: InventoryModel.Unit?
    var status: ProductStatus?
    var opening = OpeningStock(quantity: 2)

    var one: Line { self.lines[0] }
    var place: (ProductID, LocationID) {
        (ProductID(self.one.product), LocationID(self.one.location))
    }
}

/// One error in a command.
struct Fault: CustomTestStringConvertible {
    let code: RefusalCode
    let name: String
    /// The values it changes: two faults of one line or command that share one cannot be combined.
    let parts: Set<String>
    /// Changes a line, or the command.
    let spoil: (inout CommandValues, Int) -> Void
    var isOfLine = true

    var testDescription: String { "\(self.code) (\(self.name))" }

    static func line(
        _ code: RefusalCode,
        _ name: String,
        _ parts: Set<String>,
        _ spoil: @escaping (inout CommandValues.Line) -> Void
    ) -> Fault {
        Fault(code: code, name: name, parts: parts, spoil: { spoil(&$0.lines[$1]) })
    }

    static func all(
        _ code: RefusalCode,
        _ name: String,
        _ parts: Set<String>,
        _ spoil: @escaping (inout CommandValues) -> Void
    ) -> Fault {
        Fault(
            code: code,
            name: name,
            parts: parts,
            spoil: { values, _ in spoil(&values) },
            isOfLine: false
        )
    }
}

/// Faults that many commands can have.
extension [Fault] {
    static var manyLines: Self {
        [
            .all(.tooManyLines, "lines", ["lines"]) {
                let extra = [CommandValues.Line](repeating: $0.lines[0], count: Limits.linesMax)
                $0.lines += extra
            }
        ]
    }
    static var reference: Self {
        [
            .all(.invalidField, "reference", ["reference"]) { $0.reference = ErrorOrderShop.long }
        ]
    }
    static var note: Self {
        [
            .all(.invalidField, "note", ["note"]) { $0.note = ErrorOrderShop.long }
        ]
    }
    static var occurred: Self {
        [
            .all(.occurredAtOutOfWindow, "two days ahead", ["occurred"]) {
                $0.occurred = Occurrence(
                    at: Instant(microseconds: 200_000_000_000_000),
                    isImported: true
                )
            },
            .all(.occurredAtOutOfWindow, "before year 1", ["occurred"]) {
                $0.occurred = Occurrence(at: Instant(microseconds: .min), isImported: true)
            },
        ]
    }
    static var quantity: Self {
        [
            .line(.outOfRange, "0 units", ["quantity"]) { $0.quantity = 0 },
            .line(.outOfRange, "too many units", ["quantity"]) {
                $0.quantity = Quantity(Limits.quantityMax + 1)
            },
            .line(.outOfRange, "the fewest units", ["quantity"]) { $0.quantity = Quantity(.min) },
            .line(.outOfRange, "the most units", ["quantity"]) { $0.quantity = Quantity(.max) },
        ]
    }
    static var price: Self {
        [
            .line(.outOfRange, "price below 0", ["price"]) { $0.price = -1 },
            .line(.outOfRange, "the largest price", ["price"]) { $0.price = .max },
            .line(.amountOverflow, "price", ["price"]) { $0.price = Limits.moneyMax },
        ]
    }
    static var place: Self {
        [
            // Its cost is unknown, too.
            .line(.productNotFound, "product", ["product", "price"]) { $0.product = 99 },
            .line(.archived, "archived product", ["product"]) { $0.product = 3 },
            .line(.locationNotFound, "location", ["location"]) { $0.location = 99 },
            .line(.archived, "archived location", ["location"]) { $0.location = 3 },
            .line(.revisionMismatch, "revision", ["revision"]) {
                $0.ifRevision = LSN(ErrorOrderShop.stale)
            },
        ]
    }
    static var inactive: Self {
        [
            .line(.productInactive, "inactive", ["product"]) { $0.product = 2 }
        ]
    }
    static var short: Self {
        [
            .line(.insufficientStock, "more than is on hand", ["quantity"]) { $0.quantity = 11 },
            .line(.insufficientStock, "an empty level", ["product"]) { $0.product = 6 },
        ]
    }
    /// Location 2 accepts no more of product 4.
    static var full: Self {
        [
            .line(.outOfRange, "a full level", ["product", "location"]) {
                $0.product = 4
                $0.location = 2
            }
        ]
    }
    static var reservation: Self {
        [
            .line(.reservationNotFound, "reservation", ["reservation", "price", "quantity"]) {
                $0.id = 99
            },
            .line(.reservationExpired, "expired", ["reservation"]) { $0.id = 3 },
            .line(.reservationClosed, "closed", ["reservation"]) { $0.id = 2 },
            .line(.revisionMismatch, "revision", ["revision"]) {
                $0.ifRevision = LSN(ErrorOrderShop.stale)
            },
        ]
    }
    static var transfer: Self {
        [
            .line(.transferNotFound, "transfer", ["transfer", "quantity"]) { $0.id = 99 },
            .line(.transferClosed, "closed", ["transfer"]) { $0.id = 2 },
            .line(.exceedsTransfer, "more than is in transit", ["quantity"]) { $0.quantity = 3 },
            .line(.revisionMismatch, "revision", ["revision"]) {
                $0.ifRevision = LSN(ErrorOrderShop.stale)
            },
        ]
    }
}
