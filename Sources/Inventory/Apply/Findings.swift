/// What is wrong with a request: all of it is looked at, and the first by the order of codes is
/// told.
///
/// Where two have the same code, the earlier line is.
struct Findings {
    private(set) var first: Refusal?

    mutating func add(_ refusal: Refusal) {
        if let first, first.code.rawValue <= refusal.code.rawValue { return }
        self.first = refusal
    }

    /// Notes a field whose number lies outside `range`.
    mutating func check(
        _ field: String,
        _ value: Int64,
        in range: ClosedRange<Int64>,
        line: UInt32? = nil
    ) {
        guard !range.contains(value) else { return }
        self.add(
            Refusal(
                .outOfRange,
                line: line,
                .range(field, value: value, lowest: range.lowerBound, highest: range.upperBound)
            )
        )
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

    /// Throws the first finding, if there is any.
    func settle() throws(Refusal) {
        if let first = self.first { throw first }
    }
}
