import Bytes
import InventoryModel
import Testing

/// A second set of books: where each minor unit came from and where it went, derived from the
/// commands and the ledger, not from the rules.
///
///     paid + corrections + returns without a sale = stock + in transit + cost of goods sold
struct ValueBooks {
    /// Sources and targets of value that are neither stock nor cost of goods sold.
    enum Account: CaseIterable {
        case paid, adjusted, counted, returnedWithoutSale
    }

    private(set) var accounts: [Account: Int64] = [:]
    private(set) var costOfSales: Int64 = 0
    private(set) var onHand: Int64 = 0
    private(set) var inTransit: Int64 = 0
    private var transferValues: [TransferID: Int64] = [:]
    /// The value that each reversible movement posted to an account.
    private var booked: [MovementID: (account: Account, value: Int64)] = [:]

    /// The difference of both sides, which must be 0.
    var difference: Int64 {
        self.onHand + self.inTransit + self.costOfSales - self.accounts.values.reduce(0, +)
    }

    /// Posts one step.
    ///
    /// `paid` is the cost of each line of a delivery, in order; `kindOf` looks up an earlier movement.
    mutating func take(
        _ changes: [Change],
        lsn: LSN,
        paid: [Int64],
        kindOf: (MovementID) -> Movement
    ) {
        var paid = paid[...]
        var line: UInt16 = 0
        let late = Self.lateCosts(changes)
        for change in changes {
            if case .transfer(let transfer) = change {
                self.inTransit +=
                    transfer.value.minorUnits - (self.transferValues[transfer.id] ?? 0)
                self.transferValues[transfer.id] = transfer.value.minorUnits
            }
            guard case .moved(let movement, _) = change else { continue }
            let id = MovementID(lsn: lsn, line: line)
            line += 1
            self.onHand += movement.cost.minorUnits
            switch movement.kind {
            case .sale:
                self.costOfSales -= movement.cost.minorUnits
            case .return where movement.origin == nil:
                self.book(.returnedWithoutSale, movement.cost.minorUnits, id)
            case .return:
                self.costOfSales -= movement.cost.minorUnits
            case .costVariance:
                self.costOfSales += movement.amount.minorUnits
            case .restock:
                self.book(.paid, paid.popFirst() ?? 0, id)
            case .adjust:
                self.book(.adjusted, movement.cost.minorUnits + (late[Int(line)] ?? 0), id)
            case .count:
                self.book(.counted, movement.cost.minorUnits + (late[Int(line)] ?? 0), id)
            case .reversal:
                guard let undone = movement.origin else { break }
                self.undo(undone, kindOf(undone), by: movement)
            default:
                break
            }
        }
    }

    /// Late cost, by the line of its own movement.
    private static func lateCosts(_ changes: [Change]) -> [Int: Int64] {
        var late: [Int: Int64] = [:]
        var line = 0
        for case .moved(let movement, _) in changes {
            if movement.kind == .costVariance { late[line] = movement.amount.minorUnits }
            line += 1
        }
        return late
    }

    private mutating func book(_ account: Account, _ value: Int64, _ id: MovementID) {
        self.accounts[account, default: 0] += value
        self.booked[id] = (account, value)
    }

    private mutating func undo(_ id: MovementID, _ undone: Movement, by reversal: Movement) {
        switch undone.kind {
        case .sale: self.costOfSales -= reversal.cost.minorUnits
        case .return where undone.origin != nil: self.costOfSales -= reversal.cost.minorUnits
        case .return: self.accounts[.returnedWithoutSale, default: 0] += reversal.cost.minorUnits
        case .costVariance: self.costOfSales += reversal.amount.minorUnits
        default:
            guard let (account, value) = self.booked[id] else { return }
            self.accounts[account, default: 0] -= value
        }
    }
}
