internal import Bytes
import InventoryClient
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
    /// Open reservations by the movement that made them.
    private var reservations: [MovementID: Open] = [:]
    /// Open transfers by the movement that made them.
    private var transfers: [MovementID: Open] = [:]
    private var reservationCount = 0
    private var transferCount = 0

    /// A reservation or a transfer that is open.
    private struct Open {
        /// Its number in the export.
        var number: Int
        /// What is reserved or in transit still.
        var rest: Quantity
    }

    init(moneyDecimals: UInt8) { self.money = moneyDecimals }

    /// The numbers of the open reservations, which are their ids.
    var openReservations: Set<ReservationID> {
        Set(self.reservations.values.map { ReservationID(UInt32(clamping: $0.number)) })
    }

    /// Returns whether a movement belongs to another step than the one before it.
    func isNew(_ movement: ListedMovement) -> Bool {
        self.steps.lastLSN != movement.id.lsn
    }

    /// Adds a movement, and begins a line if its step is new.
    mutating func add(
        _ movement: ListedMovement,
        product: Int,
        location: Int,
        to line: inout ExportLine
    ) {
        if self.isNew(movement) {
            self.steps.append(movement.id.lsn)
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
        if movement.hasOwnTime { line.add("occurredAt", time: movement.occurredAt.microseconds) }
        line.end()
    }

    mutating func endStep(_ line: inout ExportLine) { line.endList() }

    private func addDeltas(_ movement: ListedMovement, _ line: inout ExportLine) {
        let decimals = movement.unit.decimals
        line.add("onHand", units: movement.onHandDelta.baseUnits, decimals: decimals)
        line.add("unavailable", units: movement.unavailableDelta.baseUnits, decimals: decimals)
        line.add("reserved", units: movement.reservedDelta.baseUnits, decimals: decimals)
        line.add("incoming", units: movement.incomingDelta.baseUnits, decimals: decimals)
        line.add("amount", money: movement.amount.minorUnits, decimals: self.money)
        line.add("price", money: movement.price.minorUnits, decimals: self.money)
        if movement.price.basis != 1 { line.add("basis", Int(movement.price.basis)) }
        line.add("cost", money: movement.cost.minorUnits, decimals: self.money)
        if let reason = movement.reason { line.add("reason", text: "\(reason)") }
        line.add("reference", unlessEmpty: movement.reference)
    }

    private mutating func addLinks(_ movement: ListedMovement, _ line: inout ExportLine) {
        switch movement.kind {
        case .reserve:
            self.reservationCount += 1
            self.reservations[movement.id] = Open(
                number: self.reservationCount,
                rest: movement.reservedDelta
            )
            line.add("reservation", self.reservationCount)
        case .transferOut:
            self.transferCount += 1
            self.transfers[movement.id] = Open(
                number: self.transferCount,
                rest: .zero.subtractingSaturated(movement.onHandDelta)
            )
            line.add("transfer", self.transferCount)
        case .commit, .release, .expire:
            let closed = Quantity.zero.subtractingSaturated(movement.reservedDelta)
            let number = Self.take(closed, of: movement.origin, &self.reservations)
            if let number { line.add("reservation", number) }
        case .transferIn:
            let number = Self.take(movement.onHandDelta, of: movement.origin, &self.transfers)
            if let number { line.add("transfer", number) }
        case .sale, .return, .restock, .adjust, .count, .setUnavailable, .expectIncoming,
            .reversal, .costVariance, .openingBalance:
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
        _ quantity: Quantity,
        of origin: MovementID?,
        _ open: inout [MovementID: Open]
    ) -> Int? {
        guard let origin, var item = open[origin] else { return nil }
        item.rest = item.rest.subtractingSaturated(quantity)
        open[origin] = item.rest > 0 ? item : nil
        return item.number
    }
}

extension ListedMovement {
    /// Whether a command can set the time of the movement.
    fileprivate var hasOwnTime: Bool {
        switch self.kind {
        case .sale, .return, .restock, .adjust, .openingBalance: true
        case .expectIncoming, .reversal: self.occurredAt != self.recordedAt
        case .count, .setUnavailable, .reserve, .commit, .release, .expire, .transferOut,
            .transferIn, .costVariance:
            false
        }
    }
}
