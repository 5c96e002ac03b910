/// Global Trade Item Numbers: the barcodes of 8, 12, 13 or 14 digits, of which the last is a check digit (GS1
/// General Specifications, 7.9).
///
///     4 0 0 6 3 8 1 3 3 3 9 3 │ 1      each digit × 1 or 3, alternately, from the right × 3 first
///     the sum and the check digit are together a multiple of 10
///
/// A barcode of any other length, or with another character, is a text without a check digit.
public enum GTIN {
    /// The numbers of digits that a barcode with a check digit has.
    public static let digitCounts = [8, 12, 13, 14]

    /// Returns whether UTF-8 bytes are as many digits as a GTIN has, whatever its check digit is.
    @inlinable
    public static func hasForm(_ utf8: some Collection<UInt8>) -> Bool {
        switch utf8.count {
        case 8, 12, 13, 14: utf8.allSatisfy { 0x30...0x39 ~= $0 }
        default: false
        }
    }

    /// Returns the check digit behind a number's other digits, as a character.
    ///
    /// - Parameter digits: The digits before the check digit, as characters.
    /// - Returns: The check digit.
    /// - Complexity: O(digits)
    @inlinable
    public static func checkDigit(behind digits: some BidirectionalCollection<UInt8>) -> UInt8 {
        var (sum, weight) = (0, 3)
        for digit in digits.reversed() {
            sum += Int(digit &- 0x30) * weight
            weight = 4 - weight
        }
        return 0x30 + UInt8((10 - sum % 10) % 10)
    }

    /// Returns whether a barcode in UTF-8 has the right check digit, or none.
    @inlinable
    public static func isSound(_ utf8: some BidirectionalCollection<UInt8>) -> Bool {
        guard self.hasForm(utf8) else { return true }
        return utf8.last == self.checkDigit(behind: utf8.dropLast())
    }

    /// Returns why a barcode is invalid: its wrong check digit, and the right one; `nil` if it is valid.
    public static func problem(_ barcode: String) -> String? {
        let digits = Array(barcode.utf8)
        if self.isSound(digits) { return nil }
        let right = Character(UnicodeScalar(self.checkDigit(behind: digits.dropLast())))
        return "has a wrong check digit: \(barcode) would end with \(right)"
    }
}
