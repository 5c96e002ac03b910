internal import InventoryModel

/// A collector of what a rule finds wrong with a request.
///
/// A rule is written once, generic over collectors, and both paths of a command call it:
///
///     rule ──▶ Findings     slow path: which refusal is returned, with its details
///          └─▶ Soundness    fast path: whether there is any; no refusal is made
///
/// Functions on the fast path are inlined, so that values that only a refusal needs are not
/// computed there.
protocol Checks {
    /// The number of refusals so far: a rule that compares it can see whether a line added any.
    var count: Int { get }

    mutating func add(_ refusal: @autoclosure () -> Refusal)
}

extension Checks {
    /// Reports a field whose value lies outside `range`.
    ///
    /// - Returns: Whether the value lies inside.
    @inline(__always)
    @discardableResult
    mutating func check(
        _ field: @autoclosure () -> String,
        _ value: Int64,
        in range: ClosedRange<Int64>,
        line: UInt32? = nil
    ) -> Bool {
        if range.contains(value) { return true }
        self.add(
            Refusal(
                .outOfRange,
                line: line,
                .range(
                    field(),
                    value: value,
                    lowest: range.lowerBound,
                    highest: range.upperBound
                )
            )
        )
        return false
    }

    /// Reports a string whose UTF-8 bytes are outside `byteCount`, or that has control characters.
    @inline(__always)
    mutating func check(
        _ field: @autoclosure () -> String,
        _ text: String,
        byteCount: ClosedRange<Int>
    ) {
        if text.isEmpty {
            if byteCount.lowerBound > 0 { self.addInvalid(field(), "is empty") }
        } else if text.utf8.count > byteCount.upperBound {
            self.addInvalid(
                field(),
                "has \(text.utf8.count) bytes; at most \(byteCount.upperBound) are allowed"
            )
        } else if NormalizedText.hasControlCharacter(text) {
            self.addInvalid(field(), "has a control character")
        }
    }

    /// Reports a field that is invalid.
    @inline(__always)
    mutating func addInvalid(
        _ field: @autoclosure () -> String,
        _ problem: @autoclosure () -> String
    ) {
        self.add(Refusal(.invalidField, .field(field(), problem: problem())))
    }

    /// Adds an amount of money to a sum, and reports an overflow.
    ///
    /// - Returns: The amount; `nil` if it or the sum is out of range.
    mutating func add(_ amount: Money?, to sum: inout Money, line: UInt32?) -> Money? {
        guard let amount, let next = sum.adding(amount) else {
            self.add(.overflow("amount", line: line))
            return nil
        }
        sum = next
        return amount
    }
}

/// The checks of the fast path, which only count findings.
struct Soundness: Checks {
    private(set) var count = 0

    var isSound: Bool { self.count == 0 }

    @inline(__always)
    mutating func add(_ refusal: @autoclosure () -> Refusal) { self.count += 1 }
}
