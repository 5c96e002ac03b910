import Foundation
import InventoryTestSupport
import Testing

@testable import InventoryModel

/// The fast paths for ASCII, compared with the general rules.
@Suite struct NormalizedTextTests {
    private static let letters: [Character] = [
        "a", "Z", "0", "7", "-", " ", "\t", "é", "ß", "e\u{301}", "İ", "\u{A0}", "\u{7F}", "𝔸",
    ]

    private func text(_ random: inout SplitMix64) -> String {
        // Half of them are ASCII only, for the fast path.
        let letters = random.below(2) == 0 ? Self.letters.prefix(7) : Self.letters[...]
        let count = Int(random.below(20))
        return String(
            (0..<count).map { _ in letters[Int(random.below(UInt64(letters.count)))] }
        )
    }

    @Test func `a key is the text trimmed, composed and folded on either path`() {
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

    @Test func `a GTIN of any length is compared as fourteen digits, other barcodes are not`() {
        #expect(NormalizedText.barcodeKey("4006381333931") == "04006381333931")
        #expect(NormalizedText.barcodeKey(" 40063813 ") == "00000040063813")
        #expect(NormalizedText.barcodeKey("04006381333931") == "04006381333931")
        #expect(NormalizedText.barcodeKey("123456789012") == "00123456789012")
        #expect(NormalizedText.barcodeKey("123456789") == "123456789")
        #expect(NormalizedText.barcodeKey("400638133393X") == "400638133393x")
        #expect(NormalizedText.barcodeKey("") == "")
    }

    @Test func `the fast path on bytes folds plain strings as the slow path does`() {
        var random = SplitMix64(seed: 12)
        var plainCount = 0
        for _ in 0..<20_000 {
            let isDigits = random.below(4) == 0
            let text = isDigits ? String(random.below(1 << 47)) : self.text(&random)
            Array(text.utf8).withUnsafeBytes { utf8 in
                let isPlain =
                    !text.isEmpty && text == NormalizedText.trimmed(text)
                    && text.utf8.allSatisfy { $0 < 0x80 }
                    && !NormalizedText.hasControlCharacter(text)
                #expect(NormalizedText.isPlain(utf8) == isPlain, "'\(text)'")
                var keys: [UInt8] = [7]
                NormalizedText.appendKey(ofUTF8: utf8, to: &keys)
                #expect(keys == [7] + Array(NormalizedText.key(text).utf8), "'\(text)'")
                guard isPlain else { return }
                plainCount += 1
                withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { target in
                    guard let start = target.baseAddress else { return }
                    NormalizedText.fold(utf8, to: start)
                    let key = UnsafeRawBufferPointer(rebasing: target[..<utf8.count])
                    #expect(key.elementsEqual(NormalizedText.key(text).utf8), "'\(text)'")
                    let count = NormalizedText.foldBarcode(utf8, to: start)
                    let barcode = UnsafeRawBufferPointer(rebasing: target[..<count])
                    #expect(barcode.elementsEqual(NormalizedText.barcodeKey(text).utf8))
                }
            }
        }
        #expect(plainCount > 2_000, "\(plainCount) were plain")
        // Every byte at every offset of a word.
        for byte in UInt8.min...UInt8.max {
            for place in 0..<11 {
                var bytes = [UInt8](repeating: 0x61, count: 11)
                bytes[place] = byte
                let isEnd = place == 0 || place == 10
                let isPlain = byte < 0x7F && byte >= (isEnd ? 0x21 : 0x20)
                #expect(bytes.withUnsafeBytes { NormalizedText.isPlain($0) } == isPlain)
            }
        }
    }
}
