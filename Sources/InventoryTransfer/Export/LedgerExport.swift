internal import Bytes
internal import InventoryModel

/// Encodes the ledger's movements as lines of a whole export, one line for each step.
///
/// A movement refers to other objects by their numbers in the export: to the sale of a return and the
/// original of a reversal by step and line, to a reservation or a transfer by its number, which counts
/// those made before it.
///
/// The time of a movement is written if a command can set it, and for the reversal of one that was dated.
/// Otherwise (a count, a hold, a reservation, a transfer) it is the time of recording, which an export excludes.
struct LedgerExport {
    private let money: UInt8
    private(set) var steps = StepNumbers()
    private(set) var movementCount = 0
    private var isFirst = true
    /// Open reservations by the movement that made them: their number and the remaining quantity.
    private var reservations: [MovementID: (number: Int64, rest: Int64)] = [:]
    /// Open transfers by the movement that made them: their number and the remaining quantity.
    private var transfers: [MovementID: (number: Int64, rest: Int64)] = [:]
    private var reservationCount: Int64 = 0
    private var transferCount: Int64 = 0

    init(moneyDecimals: UInt8) { self.money = moneyDecimals }

    var openReservations: Set<Int64> { Set(self.reservations.values.map { $0.number }) }

    /// Returns whether a movement belongs to another step than the one before it.
    func isNew(_ movement: LedgerColumns.Row) -> Bool {
        self.steps.lastLSN != movement.lsn
    }

    /// Adds a movement, and begins a line if its step is new.
    mutating func add(
        _ movement: LedgerColumns.Row,
        product: Int,
        location: Int,
        to line: inout ExportLine
    ) {
        if self.isNew(movement) {
            self.steps.append(movement.lsn)
            line.begin()
            line.add("step", self.steps.count)
            line.add("actor", unlessEmpty: movement.actor)
            line.beginList("lines")
            self.isFirst = true
        }
        self.movementCount += 1
        line.beginElement(isFirst: self.isFirst)
        self.isFirst = false
        line.add("kind", text: "\(movement.kind)")
        line.add("product", product)
        line.add("location", location)
        self.addDeltas(movement, &line)
        self.addLinks(movement, &line)
        line.add("note", unlessEmpty: movement.note)
        if movement.hasOwnTime { line.add("occurredAt", time: movement.occurredAt) }
        line.end()
    }

    mutating func endStep(_ line: inout ExportLine) { line.endList() }

    private func addDeltas(_ movement: LedgerColumns.Row, _ line: inout ExportLine) {
        let decimals = movement.decimals
        line.add("onHand", units: movement.onHand, decimals: decimals)
        line.add("unavailable", units: movement.unavailable, decimals: decimals)
        line.add("reserved", units: movement.reserved, decimals: decimals)
        line.add("incoming", units: movement.incoming, decimals: decimals)
        line.add("amount", money: movement.amount, decimals: self.money)
        line.add("price", money: movement.price, decimals: self.money)
        if movement.basis != 1 { line.add("basis", Int(movement.basis)) }
        line.add("cost", money: movement.cost, decimals: self.money)
        line.add("reason", unlessEmpty: movement.reason)
        line.add("reference", unlessEmpty: movement.reference)
    }

    private mutating func addLinks(_ movement: LedgerColumns.Row, _ line: inout ExportLine) {
        switch movement.kind {
        case .reserve:
            self.reservationCount += 1
            self.reservations[movement.id] = (self.reservationCount, movement.reserved)
            line.add("reservation", Int(self.reservationCount))
        case .transferOut:
            self.transferCount += 1
            self.transfers[movement.id] = (self.transferCount, movement.onHand.negatedSaturated)
            line.add("transfer", Int(self.transferCount))
        case .commit, .release, .expire:
            let closed = movement.reserved.negatedSaturated
            let number = Self.take(closed, of: movement.origin, &self.reservations)
            if let number { line.add("reservation", Int(number)) }
        case .transferIn:
            let number = Self.take(movement.onHand, of: movement.origin, &self.transfers)
            if let number { line.add("transfer", Int(number)) }
        default:
            guard let origin = movement.origin, let step = self.steps.number(at: origin.lsn) else {
                return
            }
            line.add("originStep", step)
            line.add("originLine", Int(origin.line))
        }
    }

    /// Subtracts a quantity from an open reservation or transfer.
    ///
    /// - Returns: The number of the reservation or transfer.
    private static func take(
        _ quantity: Int64,
        of origin: MovementID?,
        _ open: inout [MovementID: (number: Int64, rest: Int64)]
    ) -> Int64? {
        guard let origin, let (number, rest) = open[origin] else { return nil }
        open[origin] = rest > quantity ? (number, rest.subtractingSaturated(quantity)) : nil
        return number
    }
}

/// The positions of the columns of a ledger query, so that none is looked up for each row.
struct LedgerColumns {
    /// A movement as a row of the answer.
    struct Row {
        var lsn: LSN
        var line: Int64
        var kind: MovementKind
        var product: ProductID
        var location: LocationID
        var decimals: UInt8
        var onHand: Int64
        var unavailable: Int64
        var reserved: Int64
        var incoming: Int64
        var amount: Int64
        var price: Int64
        var basis: Int64
        var cost: Int64
        var reason: String
        var reference: String
        var note: String
        var actor: String
        var origin: MovementID?
        var occurredAt: Int64
        var recordedAt: Int64

        var id: MovementID {
            MovementID(lsn: self.lsn, line: UInt16(clamping: self.line))
        }

        /// Whether a command can set the time of the movement.
        var hasOwnTime: Bool {
            switch self.kind {
            case .sale, .return, .restock, .adjust, .openingBalance: true
            case .expectIncoming, .reversal: self.occurredAt != self.recordedAt
            default: false
            }
        }
    }

    private static let names = [
        "lsn", "line", "kind", "productId", "locationId", "unitDecimals", "onHandDelta",
        "unavailableDelta", "reservedDelta", "incomingDelta", "amount", "price", "priceBasis",
        "cost", "reason", "reference", "note", "actor", "originLsn", "originLine", "occurredAt",
        "recordedAt",
    ]
    private static let kinds = Dictionary(
        uniqueKeysWithValues: MovementKind.allCases.map { ("\($0)", $0) }
    )

    private let places: [Int]

    /// Finds the columns; `nil` if one is missing.
    init?(_ table: ResultTable) {
        let places = Self.names.compactMap { table.column(named: $0) }
        guard places.count == Self.names.count else { return nil }
        self.places = places
    }

    func row(_ table: ResultTable, _ row: Int) -> Row {
        func number(_ index: Int) -> Int64? {
            if case .integer(let value) = table.cell(row, self.places[index]) { value } else { nil }
        }
        func text(_ index: Int) -> String {
            if case .text(let text) = table.cell(row, self.places[index]) { text } else { "" }
        }
        return Row(
            lsn: LSN(UInt64(clamping: number(0) ?? 0)),
            line: number(1) ?? 0,
            kind: Self.kinds[text(2)] ?? .adjust,
            product: ProductID(UInt32(clamping: number(3) ?? 0)),
            location: LocationID(UInt16(clamping: number(4) ?? 0)),
            decimals: UInt8(clamping: number(5) ?? 0),
            onHand: number(6) ?? 0,
            unavailable: number(7) ?? 0,
            reserved: number(8) ?? 0,
            incoming: number(9) ?? 0,
            amount: number(10) ?? 0,
            price: number(11) ?? 0,
            basis: number(12) ?? 1,
            cost: number(13) ?? 0,
            reason: text(14),
            reference: text(15),
            note: text(16),
            actor: text(17),
            origin: number(18).map { lsn in
                MovementID(
                    lsn: LSN(UInt64(clamping: lsn)),
                    line: UInt16(clamping: number(19) ?? 0)
                )
            },
            occurredAt: number(20) ?? 0,
            recordedAt: number(21) ?? 0
        )
    }
}
