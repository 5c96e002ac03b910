/// Numbers of JSON, which may have an exponent, as digits with a point.
///
///     1e1  10      1.0E+2  100      -12.50e-1  -1.25      1.999e1  19.99
enum JSONNumber {
    /// The most digits of a result: more than any number has that fits 64 bits.
    private static let digitsMax = 48

    /// Returns a number without its exponent, exactly; `nil` if it has none, is no number of JSON, or would have
    /// more digits than any amount or quantity.
    static func withoutExponent(_ text: String) -> String? {
        let parts = text.utf8.split(omittingEmptySubsequences: false) { $0 == 0x65 || $0 == 0x45 }
        guard parts.count == 2, let exponent = self.exponent(parts[1]) else { return nil }
        var mantissa = parts[0]
        let isNegative = mantissa.first == 0x2D
        if isNegative { mantissa.removeFirst() }
        let digits = mantissa.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard digits.count <= 2, let whole = digits.first,
            digits.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isDigit } }),
            whole.first != 0x30 || whole.count == 1
        else { return nil }
        let shifted = self.shifted(Array(digits.joined()), point: whole.count + exponent)
        return shifted.map { (isNegative ? "-" : "") + $0 }
    }

    private static func exponent(_ text: Substring.UTF8View) -> Int? {
        var digits = text
        let sign = digits.first
        if sign == 0x2D || sign == 0x2B { digits.removeFirst() }
        guard !digits.isEmpty, digits.allSatisfy({ $0.isDigit }) else { return nil }
        // No exponent of so many digits makes a number that fits.
        guard let value = Int(Substring(digits.drop { $0 == 0x30 }.prefix(5)).orZero) else {
            return nil
        }
        return sign == 0x2D ? -value : value
    }

    /// Returns digits with a point behind the first `point` of them, without zeros that say nothing.
    private static func shifted(_ digits: [UInt8], point: Int) -> String? {
        let leading = digits.prefix { $0 == 0x30 }.count
        var digits = digits[leading...]
        let point = point - leading
        while digits.last == 0x30 { digits.removeLast() }
        guard !digits.isEmpty else { return "0" }
        guard digits.count <= self.digitsMax, abs(point) <= self.digitsMax else { return nil }
        let text = String(decoding: digits, as: UTF8.self)
        if point <= 0 { return "0." + String(repeating: "0", count: -point) + text }
        guard point < digits.count else {
            return text + String(repeating: "0", count: point - digits.count)
        }
        return "\(text.prefix(point)).\(text.dropFirst(point))"
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self >= 0x30 && self <= 0x39 }
}

extension Substring {
    fileprivate var orZero: Substring { self.isEmpty ? "0" : self }
}
