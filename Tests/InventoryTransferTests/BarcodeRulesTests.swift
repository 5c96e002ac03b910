import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryTransfer

/// Codes with a weight, a price or application identifiers, by hand from the General Specifications of GS1.
@Suite struct BarcodeRulesTests {
    private func read(_ code: String, _ rules: String) throws -> ScannedCode? {
        try BarcodeRules(rules).read(code)
    }

    private func problem(_ code: String, _ rules: String = "gs1") -> String {
        do throws(ScannedCodeProblem) {
            _ = try BarcodeRules(rules).read(code)
            return ""
        } catch {
            return error.text
        }
    }

    @Test func `a label of a scale has the item and its quantity`() throws {
        // Of 211234501250: 2 + 1 + 3 + 5 + 1 + 5 + 3 · (1 + 2 + 4 + 0 + 2 + 0) = 44, so the check digit is 6.
        let scanned = try #require(try self.read("2112345012506", "weight:21IIIIINNDDDC"))
        #expect(scanned.names == ["12345", "2112345000008"])
        #expect(scanned.measure == .quantity("01.250"))
        #expect(GTIN.isSound(Array("2112345000008".utf8)))
        #expect(try self.read("2212345012500", "weight:21IIIIINNDDDC") == nil)
        #expect(try self.read("4006381333931", "weight:21IIIIINNDDDC") == nil)
        #expect(
            self.problem("2112345012504", "weight:21IIIIINNDDDC")
                == "has a wrong check digit: 2112345012504 would end with 6"
        )
    }

    @Test func `a label of a scale may have an amount, and a digit that is ignored`() throws {
        let digits = Array("220042712345".utf8)
        let code = String(decoding: digits + [GTIN.checkDigit(behind: digits)], as: UTF8.self)
        let scanned = try #require(try self.read(code, "gs1, price:22IIIIXNNNDDC"))
        #expect(scanned.names.first == "0042" && scanned.names.last == "42")
        #expect(scanned.measure == .amount("123.45"))
        // A UPC-A with number system 2 is an EAN-13 that begins with 02.
        let upc = Array("21234501250".utf8)
        let short = String(decoding: upc + [GTIN.checkDigit(behind: upc)], as: UTF8.self)
        let other = try #require(try self.read(short, "price:02IIIIINNNDDC"))
        #expect(other.names.first == "12345" && other.measure == .amount("012.50"))
    }

    @Test(arguments: [
        "weight", "weight:", "gewicht:21IIIIINNDDDC", "weight:21IIIIINNDDD", "weight:41IIIIINNDDDC",
        "weight:21NNDDDIIIIIC", "weight:21IIIIIIIIIIC", "weight:21IIIIINNDDDX", "gs2",
    ])
    func `a rule that is none is refused, and quoted`(rule: String) {
        do throws(ScannedCodeProblem) {
            _ = try BarcodeRules("gs1 " + rule)
            Issue.record("\(rule) is accepted")
        } catch {
            #expect(error.text.hasPrefix("'"), "\(error.text)")
        }
    }

    @Test func `no rule reads nothing`() throws {
        for rules in ["", "none", " , "] {
            #expect(try self.read("(01)04006381333931", rules) == nil)
            #expect(try self.read("2112345012506", rules) == nil)
        }
    }

    private static let whole = ScannedCode(
        names: ["04006381333931"],
        measure: .kilograms("001.250"),
        lot: "L7",
        expires: "2026-12-31"
    )

    @Test(arguments: [
        "(01)04006381333931(3103)001250(17)261231(10)L7",
        "(17)261200(10)L7(3103)001250(01)04006381333931",
        "]C1010400638133393131030012501726123110L7", "010400638133393131030012501726123110L7",
        "]e010L7\u{1D}01040063813339313103001250\u{1D}17261231",
        "\u{1D}10L7\u{1D}0104006381333931310300125017261231",
        "]d2010400638133393131030012501726123110L7\u{1D}",
    ])
    func `an element string has a GTIN, a weight, a date and a lot`(code: String) throws {
        #expect(try self.read(code, "gs1") == Self.whole)
    }

    @Test func `a weight has as many decimals as its identifier says`() throws {
        for (identifier, weight) in [
            ("3100", "001250"), ("3101", "00125.0"), ("3102", "0012.50"), ("3105", "0.01250"),
        ] {
            let scanned = try self.read("(01)04006381333931(\(identifier))001250", "gs1")
            #expect(scanned?.measure == .kilograms(weight))
        }
    }

    @Test(arguments: [
        ("(01)04006381333932", "check digit"), ("(01)4006381333931", "14 digits"),
        ("(10)L7", "no GTIN"),
        ("(01)04006381333931(21)77", "identifier 21"), ("]C10104006381333931217", "identifier 21"),
        ("(01)04006381333931(17)261301", "no date"), ("(01)04006381333931(17)260230", "no date"),
        ("(01)04006381333931(3103)1250", "6 digits"),
        ("(01)04006381333931(3106)001250", "identifier 3106"),
        ("(01)04006381333931(10)", "0 characters"),
        ("(01)04006381333931(10)123456789012345678901", "21 char"),
        ("]C1010400638133393", "14 digits"),
    ])
    func `an element string that is wrong is refused with the reason`(code: String, reason: String)
    {
        #expect(self.problem(code).contains(reason), "\(self.problem(code))")
    }

    @Test(arguments: [
        "MUG", "4006381333931", "0104006381333931", "01-04", "(large)", "[01]04006381333931",
    ])
    func `other names are not element strings`(name: String) throws {
        if name == "(large)" {
            #expect(self.problem(name).contains("identifier large"))
        } else {
            #expect(try self.read(name, "gs1") == nil)
        }
    }

    @Test func `any code is read or refused, and never stops the program`() throws {
        var random = SplitMix64(seed: 7)
        let rules = try BarcodeRules("gs1 weight:21IIIIINNDDDC price:22IIIIINNNDDC")
        let parts = [
            "01", "(01)", "04006381333931", "3103", "(10)", "17", "\u{1D}", "]C1", "2112345", ")",
            "é", "9",
        ]
        for _ in 0..<5_000 {
            let count = random.below(7)
            let code = (0..<count).map { _ in parts[Int(random.below(UInt64(parts.count)))] }
                .joined()
            do throws(ScannedCodeProblem) {
                if let scanned = try rules.read(code) { #expect(!scanned.names.isEmpty) }
            } catch {
                #expect(!error.text.isEmpty)
            }
        }
    }

    // MARK: - Amounts

    @Test
    func
        `an amount is charged exactly, at the price of the product if a quantity of it allows that`()
    {
        // 12.34 ÷ 5.68 a kg = 2.1725… kg, and 5.68 × 2.173 = 12.3426…, rounded 12.34.
        let weighed = AmountSplit(of: 1_234, at: Price(568, per: 1_000), isWhole: false)
        #expect(weighed?.quantity == 2_173 && weighed?.price == nil)
        let piece = AmountSplit(of: 499, at: Price(550), isWhole: true)
        #expect(piece?.quantity == 1 && piece?.price == 499)
        #expect(AmountSplit(of: 550, at: Price(550), isWhole: true)?.price == nil)
        #expect(AmountSplit(of: 0, at: Price(550), isWhole: true) == nil)
        #expect(AmountSplit(of: 100, at: Price(0, per: 1_000), isWhole: false) == nil)
        for minorUnits in stride(from: Int64(1), to: 20_000, by: 7) {
            for price in [
                Price(99, per: 1_000), Price(3_190, per: 1_000), Price(25_000, per: 1_000),
            ] {
                guard let split = AmountSplit(of: Money(minorUnits), at: price, isWhole: false)
                else {
                    Issue.record("\(minorUnits) at \(price)")
                    continue
                }
                let charged = Price(split.price?.minorUnits ?? price.minorUnits, per: price.basis)
                #expect(charged.amount(of: split.quantity) == Money(minorUnits))
            }
        }
    }

    // MARK: - Spreadsheets

    @Test(arguments: [
        "4.00638E+12", "4,00638E+12", "4E12", "4.00638e+12", "=\"4006381333948\"", "'4006381333948",
        "4006381333948.0", "4006381333948,00",
    ])
    func `what a spreadsheet makes of a barcode is refused`(text: String) {
        #expect(BarcodeCells.damage(text) != nil)
    }

    @Test(arguments: [
        "4006381333931", "SHELF-7", "E12", "1E", "12.5", "7.0", "A=B", "4006381333932",
    ])
    func `other texts are no damage`(text: String) {
        #expect(BarcodeCells.damage(text) == nil)
    }
}
