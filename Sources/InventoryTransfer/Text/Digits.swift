/// Numbers inside of words: `last-7-days`, `12:30`, `15m`.
///
/// There a sign is no part of the number: `last--7-days` is a mistake, not minus seven nor seven.
extension FixedWidthInteger {
    /// The number that a word of nothing but digits is.
    ///
    /// - Returns: `nil` if it is empty, has anything else, or does not fit.
    package init?(digits: some StringProtocol) {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        self.init(digits)
    }
}
