/// The currency of a database: its ISO 4217 code and the decimals of its minor unit.
public struct Currency: Hashable, Sendable {
    /// The ISO 4217 code in capitals, such as `EUR`.
    public let code: String
    /// Decimals of the minor unit, 0 to 4: 2 for euros and cents.
    public let decimals: UInt8

    /// Creates the currency with this ISO 4217 code; returns `nil` unless the code is three Latin letters.
    ///
    /// Case is ignored. Decimals are 2 unless ISO 4217 says otherwise; unknown codes are accepted.
    public init?(code: String) {
        let upper = code.uppercased()
        guard upper.utf8.count == 3, upper.utf8.allSatisfy({ (65...90).contains($0) }) else {
            return nil
        }
        self.code = upper
        self.decimals = Self.unusualDecimals[upper] ?? 2
    }

    /// The active currencies of ISO 4217 whose minor unit is not a hundredth.
    private static let unusualDecimals: [String: UInt8] = [
        "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0,
        "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
        "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
        "CLF": 4, "UYW": 4,
    ]
}
