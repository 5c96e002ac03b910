import Foundation
package import InventoryModel

/// Formats floating-point numbers, which only derived values such as averages are.
package enum NumberText {
    /// Returns the shortest digits that round-trip; a whole number has no decimal point.
    package static func exact(_ value: Double) -> String {
        guard let whole = Int64(exactly: value), whole.magnitude < 1 << 53 else {
            return "\(value)"
        }
        return String(whole)
    }

    /// Returns two decimals, or four significant digits for a magnitude below 0.1.
    package static func readable(_ value: Double) -> String {
        if value == 0 || value.magnitude >= 0.1 {
            return value.magnitude < 1e15 ? String(format: "%.2f", value) : "\(value)"
        }
        return String(format: "%.4g", value)
    }
}

/// Formats and parses decimal numbers: 19.99 for 1,999 minor units.
package enum DecimalText {
    /// Parses a number of at most `decimals` decimals into whole smallest units.
    ///
    /// Further decimals may be zeros. The result is `nil` if the text is not a number, has more decimals,
    /// or overflows.
    package static func parse(_ text: String, decimals: UInt8) -> Int64? {
        var digits = Substring(text)
        let isNegative = digits.hasPrefix("-")
        if isNegative || digits.hasPrefix("+") { digits = digits.dropFirst() }
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = parts.first, !digits.isEmpty else {
            return nil
        }
        let fraction = parts.count == 2 ? parts[1] : ""
        let used = fraction.reversed().drop { $0 == "0" }.count
        guard used <= Int(decimals), !(whole.isEmpty && fraction.isEmpty) else { return nil }
        var value: Int64 = 0
        let scaled =
            String(whole) + fraction.prefix(used)
            + String(repeating: "0", count: Int(decimals) - used)
        for byte in scaled.utf8 {
            guard (0x30...0x39).contains(byte) else { return nil }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = shifted.addingReportingOverflow(Int64(byte - 0x30))
            if overflow || overflow2 { return nil }
            value = sum
        }
        return isNegative ? -value : value
    }

    /// Formats a quantity of a unit with `decimals`: 1,250 with 3 decimals is `1.250`.
    package static func format(_ quantity: Quantity, decimals: UInt8) -> String {
        self.format(quantity.baseUnits, decimals: decimals)
    }

    /// As ``format(_:decimals:)``, of an amount.
    package static func format(_ money: Money, decimals: UInt8) -> String {
        self.format(money.minorUnits, decimals: decimals)
    }

    /// Formats smallest units: `1999` with 2 decimals is `19.99`.
    package static func format(_ value: some FixedWidthInteger, decimals: UInt8) -> String {
        guard decimals > 0 else { return String(value) }
        let digits = String(value.magnitude)
        let count = Int(decimals)
        let padded =
            digits.utf8.count > count
            ? digits : String(repeating: "0", count: count + 1 - digits.utf8.count) + digits
        let split = padded.index(padded.endIndex, offsetBy: -count)
        return (value < 0 ? "-" : "") + padded[..<split] + "." + padded[split...]
    }

    /// Groups digits by thousands, for people: `2039.97` is `2,039.97`.
    package static func grouped(_ text: String) -> String {
        let sign = text.hasPrefix("-") ? "-" : ""
        let parts = text.dropFirst(sign.count).split(separator: ".", maxSplits: 1)
        guard let whole = parts.first else { return text }
        var grouped = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0 { grouped += "," }
            grouped.append(digit)
        }
        return sign + grouped + (parts.count == 2 ? "." + parts[1] : "")
    }

    /// Formats a count with its noun: `1 line`, `2,039 lines`.
    package static func counted(_ count: Int64, _ noun: String) -> String {
        "\(self.grouped(String(count))) \(noun)\(count == 1 ? "" : "s")"
    }
}

/// Saturating arithmetic for untrusted numbers from a server or a file, which never traps.
extension FixedWidthInteger where Self: SignedInteger {
    /// Returns the sum, clamped to the limits of the type.
    package func addingSaturated(_ other: Self) -> Self {
        let (sum, overflow) = self.addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// Returns the difference, clamped to the limits of the type.
    package func subtractingSaturated(_ other: Self) -> Self {
        let (difference, overflow) = self.subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }

    /// The negated number, clamped to the limits of the type.
    package var negatedSaturated: Self { Self.zero.subtractingSaturated(self) }
}

extension Quantity {
    /// Returns the sum, or the largest or smallest quantity that 64 bits hold.
    package func addingSaturated(_ other: Quantity) -> Quantity {
        Quantity(self.baseUnits.addingSaturated(other.baseUnits))
    }

    /// Returns the difference, or the largest or smallest quantity that 64 bits hold.
    package func subtractingSaturated(_ other: Quantity) -> Quantity {
        Quantity(self.baseUnits.subtractingSaturated(other.baseUnits))
    }

    /// The quantity with the opposite sign, clamped to what 64 bits hold.
    package var negatedSaturated: Quantity { Quantity(self.baseUnits.negatedSaturated) }
}

extension Double {
    /// The number in plain digits, rounded to 15 significant ones.
    var rounded15: String {
        let digits = String(format: "%.14e", self)
        guard let exponent = digits.split(separator: "e").last.flatMap({ Int($0) }) else {
            return digits
        }
        return String(format: "%.\(max(0, 14 - exponent))f", self)
    }
}
