import Bytes
import InventoryModel
import InventoryTestSupport

@testable import Durability

/// The complete history according to the log files, and a simple model of it.
///
/// The model is dictionaries and sums, written from the rules; it shares no code with the tables.
struct History {
    struct Balance: Equatable {
        var onHand: Quantity = 0
        var unavailable: Quantity = 0
        var reserved: Quantity = 0
        var available: Quantity { self.onHand - self.unavailable - self.reserved }
    }

    /// A row of the ledger, as far as it is compared.
    struct Move: Equatable {
        var lsn: LSN
        var product: UInt32
        var onHandDelta: Int64
        var note: String
    }

    private(set) var entries: [Entry] = []
    /// By ascending LSN.
    private(set) var movements: [Move] = []
    /// The LSNs at which a note occurs.
    private(set) var steps: [String: Set<LSN>] = [:]
    /// The balances of each product after its movements, by ascending LSN.
    private var balances: [UInt32: [(lsn: LSN, balance: Balance)]] = [:]
    /// What each reservation has left, and whether it was over already.
    private var reservations: [ReservationID: (left: Quantity, isOver: Bool)] = [:]
    /// The step and the product of a commit, if that was the preceding movement.
    private var lifted: [UInt64] = []
    /// The number of expired reservations.
    private(set) var expired = 0
    private(set) var violations: [String] = []

    init(_ storage: ArchivingStorage) throws {
        let all = try storage.wholeHistory()
        let names = try all.list().sorted()
        var entries: [Entry] = []
        var report = RecoveryReport()
        let recovery = LogRecovery(storage: all, database: DatabaseID(1, 2), after: .zero)
        _ = try recovery.run(names, report: &report) { (lsn, _, body) throws(DurabilityError) in
            do {
                var reader = ByteReader(body)
                while reader.remaining > 0 { entries.append(try Entry(from: &reader)) }
            } catch {
                throw .unreadable(path: "the history", lsn: lsn, reason: "\(error)")
            }
        }
        self.entries = entries
        var advanced: Set<[UInt64]> = []
        for (index, entry) in entries.enumerated() {
            if entry.lsn != LSN(UInt64(index + 1)) {
                self.violations.append("LSN \(entry.lsn) at \(index)")
            }
            for change in entry.changes {
                self.fold(change, entry.lsn, &advanced)
                if case .reservation(let reservation) = change { self.fold(reservation, entry) }
            }
            self.checkReservations(at: entry)
        }
    }

    private mutating func fold(_ change: Change, _ lsn: LSN, _ advanced: inout Set<[UInt64]>) {
        switch change {
        case .moved(let movement, let level):
            let product = movement.product.value
            self.movements.append(
                Move(
                    lsn: lsn,
                    product: product,
                    onHandDelta: movement.onHandDelta.baseUnits,
                    note: movement.note
                )
            )
            var balance = self.balance(product, at: lsn)
            balance.onHand += movement.onHandDelta
            balance.unavailable += movement.unavailableDelta
            balance.reserved += movement.reservedDelta
            self.balances[product, default: []].append((lsn, balance))
            // Reserved units are sold even if a count left too few for all, as long as they are in stock.
            let isReserved = self.lifted == [lsn.value, UInt64(product)]
            self.lifted = movement.kind == .commit ? [lsn.value, UInt64(product)] : []
            let free = isReserved ? balance.onHand - balance.unavailable : balance.available
            // A sale of the past has an opening balance, and leaves today's stock as it is.
            let isOfToday = movement.origin == nil && movement.onHandDelta != 0
            if movement.kind == .sale, isOfToday, free < 0 {
                self.violations.append("LSN \(lsn) sold more of \(product) than in stock")
            }
            if level.onHand != balance.onHand || level.unavailable != balance.unavailable
                || level.reserved != balance.reserved
            {
                self.violations.append("LSN \(lsn) says \(level), its ledger \(balance)")
            }
            if !movement.note.isEmpty { self.steps[movement.note, default: []].insert(lsn) }
        case .sessionAdvanced(let number, let sequence, _, _):
            if !advanced.insert([UInt64(number), sequence]).inserted {
                self.violations.append("LSN \(lsn) repeats request \(sequence) of \(number)")
            }
        default:
            break
        }
    }

    /// A reservation leaves the active state once, and expires no earlier than its time.
    private mutating func fold(_ reservation: Reservation, _ entry: Entry) {
        let isOver = reservation.state != .active
        if self.reservations[reservation.id]?.isOver ?? false {
            self.violations.append("LSN \(entry.lsn) changes \(reservation), which is over")
        }
        if isOver != (reservation.remaining == 0) {
            self.violations.append("LSN \(entry.lsn) leaves \(reservation)")
        }
        if reservation.state == .expired {
            self.expired += 1
            if entry.time < reservation.expiresAt || !entry.actor.isEmpty {
                self.violations.append("LSN \(entry.lsn) expires \(reservation) too soon")
            }
        }
        self.reservations[reservation.id] = (reservation.remaining, isOver)
    }

    /// The reserved quantity must equal the remaining quantity of all reservations.
    private mutating func checkReservations(at entry: Entry) {
        let held = self.reservations.values.reduce(0) { $0 + $1.left }
        let reserved = self.balances.values.reduce(0) { $0 + ($1.last?.balance.reserved ?? 0) }
        if held != reserved {
            self.violations.append("LSN \(entry.lsn) leaves \(reserved) reserved, \(held) held")
        }
    }

    /// Returns the balance of a product after step `lsn`.
    func balance(_ product: UInt32, at lsn: LSN) -> Balance {
        let known = self.balances[product] ?? []
        var low = 0
        var high = known.count
        while low < high {
            let middle = (low + high) / 2
            if known[middle].lsn <= lsn { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? Balance() : known[low - 1].balance
    }

    /// Returns the products with any movement up to step `lsn`.
    func moved(by lsn: LSN) -> Set<UInt32> {
        Set(self.balances.filter { $0.value.contains { $0.lsn <= lsn } }.keys)
    }

    // MARK: - Expected deliveries

    func expected(
        _ topics: SubscriptionTopics,
        _ products: Set<UInt32>,
        after start: LSN,
        through end: LSN
    ) -> [Entry] {
        self.entries.compactMap { entry in
            guard entry.lsn > start, entry.lsn <= end else { return nil }
            var selected = entry
            selected.changes = entry.changes.filter { Self.isWanted($0, topics, products) }
            return selected.changes.isEmpty ? nil : selected
        }
    }

    private static func isWanted(
        _ change: Change,
        _ topics: SubscriptionTopics,
        _ products: Set<UInt32>
    ) -> Bool {
        func isChosen(_ id: ProductID) -> Bool { products.isEmpty || products.contains(id.value) }
        switch change {
        case .category, .location:
            return topics.contains(.products)
        case .productCreated(let product):
            return topics.contains(.products) && isChosen(product.id)
        case .productUpdated(let id, _), .productArchived(let id), .productDeleted(let id):
            return topics.contains(.products) && isChosen(id)
        case .moved(let movement, _):
            let isSale = movement.kind == .sale || movement.kind == .return
            return (topics.contains(.stock) || topics.contains(.sales) && isSale)
                && isChosen(movement.product)
        case .level(let level):
            return topics.contains(.stock) && isChosen(level.product)
        case .reorderPoint(let point):
            return topics.contains(.stock) && isChosen(point.product)
        case .demandRefused(let refused):
            return topics.contains(.alerts) && isChosen(refused.product)
        case .alert(_, _, let product, _, _, _):
            return topics.contains(.alerts) && isChosen(product)
        case .reservation(let reservation):
            return topics.contains(.reservations) && isChosen(reservation.product)
        case .transfer(let transfer):
            return topics.contains(.transfers) && isChosen(transfer.product)
        case .databaseCreated, .sessionOpened, .sessionAdvanced, .sessionsExpired, .keyRemembered,
            .keysForgotten, .importRun, .importPart, .productInferred, .receiptRecorded,
            .productLeft:
            return false
        }
    }
}
