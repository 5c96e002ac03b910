import InventoryModel
import Testing

@Suite struct GTINTests {
    /// Numbers with their check digits: those of the General Specifications of GS1, and usual examples.
    @Test(arguments: [
        "4006381333931", "96385074", "614141007349", "5012345678900", "00614141007349",
        "0614141007349",
        "10012345678902", "00000000",
    ])
    func `the last digit of a GTIN is that of the others`(code: String) {
        let digits = Array(code.utf8)
        #expect(GTIN.checkDigit(behind: digits.dropLast()) == digits.last)
        #expect(GTIN.isSound(digits) && GTIN.problem(code) == nil)
        for wrong in 0x30...0x39 where wrong != Int(digits[digits.count - 1]) {
            let other = digits.dropLast() + [UInt8(wrong)]
            #expect(!GTIN.isSound(other))
            let text = String(decoding: other, as: UTF8.self)
            let right = Character(UnicodeScalar(digits[digits.count - 1]))
            #expect(
                GTIN.problem(text) == "has a wrong check digit: \(text) would end with \(right)"
            )
        }
    }

    @Test(arguments: [
        "", "1", "1234567", "123456789", "12345678901", "123456789012345", "4006381X", "SHELF-7",
    ])
    func `any other text has no check digit`(text: String) {
        #expect(!GTIN.hasForm(Array(text.utf8)) && GTIN.problem(text) == nil)
    }

    @Test func `a product has a first barcode and further ones`() {
        var fields = ProductFields()
        #expect(fields.barcodes.isEmpty)
        fields.moreBarcodes = "A  B\tC"
        #expect(fields.barcodes == ["A", "B", "C"])
        fields.barcode = "96385074"
        #expect(fields.barcodes == ["96385074", "A", "B", "C"])
    }
}
