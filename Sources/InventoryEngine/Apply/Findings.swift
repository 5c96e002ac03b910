internal import InventoryModel

/// The refusals that a request deserves, of which it keeps the first.
///
/// A rule checks every condition it can, in any convenient order. The finding with the lowest code is
/// returned; of two with the same code, the one found first, so the earlier line counts. A rule
/// therefore collects all findings and calls `settle()` once, before it answers. It may skip a
/// condition only if one with a lower code has already failed.
struct Findings: Checks {
    private(set) var first: Refusal?
    private(set) var count = 0

    mutating func add(_ refusal: @autoclosure () -> Refusal) {
        self.count += 1
        let refusal = refusal()
        if let first, first.code.rawValue <= refusal.code.rawValue { return }
        self.first = refusal
    }

    /// Throws the first finding, if there is any.
    func settle() throws(Refusal) {
        if let first = self.first { throw first }
    }
}

extension Refusal {
    /// An amount out of the range of money.
    static func overflow(_ field: String, line: UInt32? = nil) -> Refusal {
        let problem = "is beyond \(Limits.moneyMax) minor units"
        return Refusal(.amountOverflow, line: line, .field(field, problem: problem))
    }

    /// An entity that may no longer be used.
    static func archived(_ id: UInt64, line: UInt32? = nil) -> Refusal {
        Refusal(.archived, line: line, .id(id))
    }
}
