/// Parses numbers inside of words: `last-7-days`, `12:30`, `15m`.
///
/// A sign is not accepted there: `last--7-days` is an error, not minus seven or seven.
extension FixedWidthInteger {
    /// Creates a number from decimal digits.
    ///
    /// It is `nil` if the text is empty, has any other character, or overflows.
    package init?(digits: some StringProtocol) {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        self.init(digits)
    }
}
