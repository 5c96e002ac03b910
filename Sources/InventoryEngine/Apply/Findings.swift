internal import InventoryModel

/// What is wrong with a request.
///
/// Every condition that can be looked at is looked at, in whatever order is convenient, and the one
/// with the lowest code is given; of two with the same code the one that was found first, so that of
/// the lines the earlier counts. A rule therefore collects all it finds and settles once, before it
/// answers. It may skip a condition only where one with a lower code has been found already.
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
    /// An amount beyond what money can be.
    static func overflow(_ field: String, line: UInt32? = nil) -> Refusal {
        let problem = "is beyond \(Limits.moneyMax) minor units"
        return Refusal(.amountOverflow, line: line, .field(field, problem: problem))
    }

    /// An entity that may no longer be used.
    static func archived(_ id: UInt64, line: UInt32? = nil) -> Refusal {
        Refusal(.archived, line: line, .id(id))
    }
}
