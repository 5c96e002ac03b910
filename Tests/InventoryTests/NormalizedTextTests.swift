import Foundation
import InventoryTestSupport
import Testing

@testable import Inventory

/// The quick ways through texts that are ASCII against what they stand for.
@Suite struct NormalizedTextTests {
    private static let letters: [Character] = [
        "a", "Z", "0", "7", "-", " ", "\t", "é", "ß", "e\u{301}", "İ", "\u{A0}", "\u{7F}", "𝔸",
    ]

    private func text(_ random: inout SplitMix64) -> String {
        // Half of them are ASCII throughout, which is what is quick.
        let letters = random.below(2) == 0 ? Self.letters.prefix(7) : Self.letters[...]
        let count = Int(random.below(20))
        return String(
            (0..<count).map { _ in letters[Int(random.below(UInt64(letters.count)))] }
        )
    }

    @Test func `a key is the text trimmed, composed and folded, however it is made`() {
        var random = SplitMix64(seed: 11)
        for _ in 0..<20_000 {
            let text = self.text(&random)
            let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
                .precomposedStringWithCanonicalMapping
            #expect(NormalizedText.trimmed(text) == trimmed)
            let isASCII = trimmed.utf8.allSatisfy { $0 < 0x80 }
            let key =
                isASCII
                ? trimmed.lowercased()
                : trimmed.uppercased().lowercased().precomposedStringWithCanonicalMapping
            #expect(Array(NormalizedText.key(text).utf8) == Array(key.utf8), "'\(text)'")
            let hasControl = text.unicodeScalars.contains {
                $0.properties.generalCategory == .control
            }
            #expect(NormalizedText.hasControlCharacter(text) == hasControl, "'\(text)'")
        }
    }

    @Test func `a GTIN of any length is compared as fourteen digits, and nothing else is`() {
        #expect(NormalizedText.barcodeKey("4006381333931") == "04006381333931")
        #expect(NormalizedText.barcodeKey(" 40063813 ") == "00000040063813")
        #expect(NormalizedText.barcodeKey("04006381333931") == "04006381333931")
        #expect(NormalizedText.barcodeKey("123456789012") == "00123456789012")
        #expect(NormalizedText.barcodeKey("123456789") == "123456789")
        #expect(NormalizedText.barcodeKey("400638133393X") == "400638133393x")
        #expect(NormalizedText.barcodeKey("") == "")
    }
}
