/// Numbers in bytes, without a string.
extension DecimalText {
    /// As ``parse(_:decimals:)``, of bytes: a sign, digits, at most one point.
    static func parse(_ bytes: UnsafeRawBufferPointer, decimals: UInt8) -> Int64? {
        var value: Int64 = 0
        var fraction = -1
        var digitCount = 0
        let isNegative = bytes.first == 0x2D
        for byte in bytes[(isNegative || bytes.first == 0x2B ? 1 : 0)...] {
            if byte == 0x2E, fraction < 0 {
                fraction = 0
                continue
            }
            guard (0x30...0x39).contains(byte) else { return nil }
            if fraction >= Int(decimals) {
                // Further decimals must be zeros.
                guard byte == 0x30 else { return nil }
                continue
            }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = shifted.addingReportingOverflow(Int64(byte - 0x30))
            if overflow || overflow2 { return nil }
            value = sum
            digitCount += 1
            if fraction >= 0 { fraction += 1 }
        }
        guard digitCount > 0 else { return nil }
        for _ in max(0, fraction)..<max(Int(decimals), max(0, fraction)) {
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = shifted
        }
        return isNegative ? -value : value
    }
}
