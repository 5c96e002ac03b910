internal import InventoryModel

/// An element string of GS1: application identifiers, each with its data (GS1 General Specifications, 3).
///
///     (01)04006381333931(3103)001250(17)261231(10)L7      as printed
///     ]C10104006381333931310300125017261231 10L7          as scanned; FNC1 ends data of variable length
///
/// | identifier | data |
/// |---|---|
/// | 01 | the GTIN, 14 digits |
/// | 310n | the net weight in kilograms, 6 digits of which n are decimals |
/// | 17 | the expiration date, YYMMDD; DD of 00 is the end of the month |
/// | 10 | the batch or lot, 1 to 20 characters |
struct ElementString {
    /// FNC1, as scanners send it.
    private static let separator: Character = "\u{1D}"
    /// What scanners send before an element string, for the kind of symbol.
    private static let symbols = ["]C1", "]e0", "]d2", "]Q3"]
    private static let lotCountMax = 20

    private var values: [(identifier: String, data: String)] = []

    /// Splits a code into its elements.
    ///
    /// - Returns: `nil` if it is no element string.
    /// - Throws: The problem if it is one, but invalid.
    init?(_ code: String) throws(ScannedCodeProblem) {
        let symbol = Self.symbols.first { code.hasPrefix($0) }
        let rest = code.dropFirst(symbol?.count ?? 0)
        if rest.hasPrefix("("), rest.contains(")") {
            try self.readPrinted(rest)
        } else if symbol != nil || rest.contains(Self.separator) || Self.beginsWithGTIN(rest) {
            try self.readScanned(rest)
        } else {
            return nil
        }
    }

    /// Whether a code without a symbol's identifier begins with 01 and a GTIN of 14 digits, and continues.
    private static func beginsWithGTIN(_ code: Substring) -> Bool {
        let digits = Array(code.utf8.dropFirst(2).prefix(14))
        return code.hasPrefix("01") && code.utf8.count > 16 && digits.count == 14
            && GTIN.hasForm(digits) && GTIN.isSound(digits)
    }

    private mutating func readPrinted(_ code: Substring) throws(ScannedCodeProblem) {
        var rest = code
        while rest.hasPrefix("("), let end = rest.firstIndex(of: ")") {
            let identifier = String(rest[rest.index(after: rest.startIndex)..<end])
            let data = rest[rest.index(after: end)...].prefix { $0 != "(" }
            self.values.append((identifier, String(data)))
            rest = rest[data.endIndex...]
        }
        guard rest.isEmpty else {
            throw ScannedCodeProblem("'\(code)' has a bracket without an end")
        }
    }

    private mutating func readScanned(_ code: Substring) throws(ScannedCodeProblem) {
        var rest = code.drop { $0 == Self.separator }
        while !rest.isEmpty {
            let identifier = String(rest.prefix(rest.hasPrefix("310") ? 4 : 2))
            rest = rest.dropFirst(identifier.count)
            let count = Self.digitCount(identifier)
            let data = count.map { rest.prefix($0) } ?? rest.prefix { $0 != Self.separator }
            self.values.append((identifier, String(data)))
            rest = rest.dropFirst(data.count).drop { $0 == Self.separator }
            // Without its length, data of another identifier cannot be distinguished from the next element.
            _ = try Self.checked(identifier, String(data))
        }
    }

    /// The digits of an identifier's data; `nil` if their number varies.
    private static func digitCount(_ identifier: String) -> Int? {
        switch identifier {
        case "01": 14
        case "17": 6
        default: identifier.hasPrefix("310") ? 6 : nil
        }
    }

    private static func checked(
        _ identifier: String,
        _ data: String
    ) throws(ScannedCodeProblem) -> String {
        let isWeight = identifier.wholeMatch(of: /310[0-5]/) != nil
        guard ["01", "10", "17"].contains(identifier) || isWeight else {
            throw ScannedCodeProblem(
                "the application identifier \(identifier) is not supported; 01, 10, 17 and 3100 to "
                    + "3105 are"
            )
        }
        if let count = Self.digitCount(identifier) {
            let isNumber = data.utf8.allSatisfy { 0x30...0x39 ~= $0 }
            guard isNumber, data.utf8.count == count else {
                throw ScannedCodeProblem("(\(identifier)) has '\(data)', not \(count) digits")
            }
        } else if !(1...Self.lotCountMax).contains(data.count) {
            throw ScannedCodeProblem(
                "(\(identifier)) has \(data.count) characters, not 1 to \(Self.lotCountMax)"
            )
        }
        return data
    }

    // MARK: - The elements

    /// Returns what the elements say.
    ///
    /// - Throws: The problem of an element that is invalid or unknown, or if there is no GTIN.
    func scanned() throws(ScannedCodeProblem) -> ScannedCode {
        var code = ScannedCode(names: [])
        for (identifier, data) in self.values {
            let data = try Self.checked(identifier, data)
            switch identifier {
            case "01":
                if let problem = GTIN.problem(data) { throw ScannedCodeProblem(problem) }
                code.names = [data]
            case "10": code.lot = data
            case "17": code.expires = try Self.date(data)
            default:
                let decimals = identifier.last.flatMap { Int(String($0)) } ?? 0
                let (whole, rest) = (data.dropLast(decimals), data.suffix(decimals))
                code.measure = .kilograms(rest.isEmpty ? "\(whole)" : "\(whole).\(rest)")
            }
        }
        guard !code.names.isEmpty else {
            throw ScannedCodeProblem("there is no GTIN, application identifier 01")
        }
        return code
    }

    /// Returns a date as `2026-12-31`.
    private static func date(_ digits: String) throws(ScannedCodeProblem) -> String {
        let parts = [0, 2, 4].map { Int(digits.dropFirst($0).prefix(2)) ?? 0 }
        let (year, month) = (2_000 + parts[0], parts[1])
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...12).contains(month), parts[2] <= lengths[month - 1] else {
            throw ScannedCodeProblem("(17) has '\(digits)', which is no date YYMMDD")
        }
        let day = parts[2] == 0 ? lengths[month - 1] : parts[2]
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        return "\(year)-\(two(month))-\(two(day))"
    }
}
