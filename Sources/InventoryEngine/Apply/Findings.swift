internal import InventoryModel

/// What is wrong with a request.
///
/// Every condition that can be looked at is looked at, in whatever order is convenient, and the one
/// with the lowest code is given; of two with the same code the one that was found first, so that of
/// the lines the earlier counts. A rule therefore collects all it finds and settles once, before it
/// answers. It may skip a condition only where one with a lower code has been found already.
struct Findings {
    private(set) var first: Refusal?
    /// How many there are: a rule that compares it knows whether a line added any.
    private(set) var count = 0

    mutating func add(_ refusal: Refusal) {
        self.count += 1
        if let first, first.code.rawValue <= refusal.code.rawValue { return }
        self.first = refusal
    }

    /// Notes a field whose number lies outside `range`.
    ///
    /// - Returns: Whether it lies inside.
    @discardableResult
    mutating func check(
        _ field: String,
        _ value: Int64,
        in range: ClosedRange<Int64>,
        line: UInt32? = nil
    ) -> Bool {
        if range.contains(value) { return true }
        self.add(
            Refusal(
                .outOfRange,
                line: line,
                .range(field, value: value, lowest: range.lowerBound, highest: range.upperBound)
            )
        )
        return false
    }

    /// Notes a text that is too long, has control characters, or is empty where it must not be.
    mutating func check(_ field: String, _ text: String, byteCountMax: Int, mayBeEmpty: Bool) {
        if text.isEmpty, !mayBeEmpty {
            self.add(Refusal(.invalidField, .field(field, problem: "is empty")))
        } else if text.utf8.count > byteCountMax {
            self.add(
                Refusal(
                    .invalidField,
                    .field(
                        field,
                        problem: "has \(text.utf8.count) bytes; at most \(byteCountMax) are allowed"
                    )
                )
            )
        } else if NormalizedText.hasControlCharacter(text) {
            self.add(Refusal(.invalidField, .field(field, problem: "has a control character")))
        }
    }

    /// Adds an amount to a sum, both of money, and notes where the sum leaves the range.
    ///
    /// - Returns: The amount; `nil` where it, or the sum, is beyond the range.
    mutating func add(_ amount: Money?, to sum: inout Money, line: UInt32?) -> Money? {
        guard let amount, let next = sum.adding(amount) else {
            self.add(.overflow("amount", line: line))
            return nil
        }
        sum = next
        return amount
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
