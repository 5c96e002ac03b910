import InventoryTestSupport
import Testing

@testable import InventoryTransfer

/// Numbers of JSON with exponents.
@Suite struct JSONNumberTests {
    @Test(arguments: [
        ("1e1", "10"), ("1.0E+2", "100"), ("1.999e1", "19.99"), ("-12.50e-1", "-1.25"),
        ("0.5e1", "5"), ("5e-3", "0.005"), ("0e9", "0"), ("0.00e99999999999999999999", "0"),
        ("1e0", "1"), ("1e00000000000000000000001", "10"), ("1e-00", "1"), ("120e-1", "12"),
        ("9007199254740991e-2", "90071992547409.91"),
        ("1e40", "1" + String(repeating: "0", count: 40)),
    ])
    func `a number loses its exponent, exactly`(written: String, plain: String) {
        #expect(JSONNumber.withoutExponent(written) == plain)
    }

    @Test(arguments: [
        "", "1", "1.5", "e", "1e", "e1", "1e+", "1e1e1", ".5e1", "5.e1", "01e1", "1.2.3e1", "--1e1",
        "+1e1", "1e1.0", "1e--1", "1e99", "1e-99", "1e99999999999999999999", "Infinity", "ABC-1e1",
    ])
    func `what is no such number, or no amount, is left`(written: String) {
        #expect(JSONNumber.withoutExponent(written) == nil)
    }

    @Test func `any small number moves its point`() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<2_000 {
            let number = Int64.random(in: -999_999...999_999, using: &random)
            let exponent = Int.random(in: 0...6, using: &random)
            let wanted = DecimalText.parse("\(number)", decimals: 0)
            let plain = JSONNumber.withoutExponent("\(number)e-\(exponent)")
            let read = plain.flatMap { DecimalText.parse($0, decimals: UInt8(exponent)) }
            #expect(read == wanted, "\(number)e-\(exponent) is \(plain ?? "none")")
        }
    }
}
