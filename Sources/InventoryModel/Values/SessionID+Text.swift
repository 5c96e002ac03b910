/// A session's id as text: 32 lowercase hexadecimal digits.
extension SessionID {
    /// The number of digits.
    public static let hexadecimalCount = 32

    /// Creates an id from 32 hexadecimal digits; `nil` for any other text.
    public init?(hexadecimal text: String) {
        let digits = text.utf8
        guard digits.count == Self.hexadecimalCount,
            digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 | 0x20 >= 0x61 }),
            let high = UInt64(text.prefix(Self.hexadecimalCount / 2), radix: 16),
            let low = UInt64(text.suffix(Self.hexadecimalCount / 2), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    /// 32 lowercase hexadecimal digits.
    public var hexadecimal: String {
        func hex(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        return hex(self.high) + hex(self.low)
    }
}
