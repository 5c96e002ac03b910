/// The strings that name a currency in a file: its code, and the signs that it shares with others.
struct CurrencyText: Sendable {
    /// The ISO 4217 code of the database's currency.
    let code: String

    private static let signs: [String: Set<String>] = [
        "€": ["EUR"], "£": ["GBP", "EGP", "GIP", "FKP", "SHP", "SYP", "LBP", "SSP"],
        "$": [
            "USD", "AUD", "BBD", "BMD", "BND", "BSD", "BZD", "CAD", "CLP", "COP", "FJD", "GYD",
            "HKD",
            "JMD", "KYD", "LRD", "MXN", "NAD", "NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "XCD",
            "ARS",
            "UYU", "DOP",
        ],
        "us$": ["USD"], "a$": ["AUD"], "c$": ["CAD"], "ca$": ["CAD"], "nz$": ["NZD"],
        "hk$": ["HKD"],
        "s$": ["SGD"], "r$": ["BRL"], "¥": ["JPY", "CNY"], "円": ["JPY"], "元": ["CNY"],
        "kr": ["SEK", "NOK", "DKK", "ISK"], "kr.": ["DKK", "SEK", "NOK", "ISK"], "zł": ["PLN"],
        "kč": ["CZK"], "ft": ["HUF"], "fr.": ["CHF"], "fr": ["CHF"], "sfr.": ["CHF"], "₹": ["INR"],
        "rs": ["INR", "PKR", "LKR", "NPR"], "rs.": ["INR", "PKR", "LKR", "NPR"], "₽": ["RUB"],
        "₺": ["TRY"], "₩": ["KRW"], "₪": ["ILS"], "฿": ["THB"], "₫": ["VND"], "₴": ["UAH"],
        "₱": ["PHP"], "₦": ["NGN"], "lei": ["RON"], "лв": ["BGN"], "лв.": ["BGN"],
    ]

    /// Whether a text beside a number can name this currency; an empty one can.
    func accepts(_ text: String) -> Bool {
        if text.isEmpty || text.uppercased() == self.code { return true }
        return Self.signs[text.lowercased()]?.contains(self.code) ?? false
    }

    /// Whether a text names any currency: a known sign, or three letters.
    static func isCurrency(_ text: String) -> Bool {
        Self.signs[text.lowercased()] != nil
            || text.utf8.count == 3 && text.allSatisfy { $0.isASCII && $0.isLetter }
    }
}
