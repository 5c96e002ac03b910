import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryTransfer

/// Ten thousand rows with every damage: each is read right, refused with its number, or no row at all.
@Suite struct DirtyFileTests {
    private enum Fate: Equatable {
        /// The amount in cents, negative for a return or a discount.
        case right(Int64)
        /// The beginning of the reason.
        case refused(String)
        case passed
    }

    private struct Row {
        var bytes: [UInt8]
        var fate: Fate
    }

    /// A row in the format of the file: `;`, decimal commas, German dates.
    private static func row(_ number: Int, _ random: inout SplitMix64) -> Row {
        let cents = Int64.random(in: 1...2_000_000, using: &random)
        let quantity = Int64.random(in: 1...9, using: &random)
        var fields = [
            "ÄPFEL-\(number % 50)", "\(quantity)", Self.written(cents, &random),
            "0\(1 + number % 9).10.2026",
            "R\(number)",
        ]
        var fate = Fate.right(cents * quantity)
        switch Int.random(in: 0..<24, using: &random) {
        case 0: (fields[0], fate) = ("", .refused("sku: is empty"))
        case 1: (fields[1], fate) = ("0", .refused("quantity: is 0"))
        case 2: (fields[1], fate) = ("zwei", .refused("quantity: \"zwei\" is not a number"))
        case 3: (fields[2], fate) = ("", .refused("price: is empty"))
        case 4: (fields[2], fate) = ("$1,00", .refused("price: \"$1,00\" is not in EUR"))
        case 5:
            // A price has at most six decimals more than the currency.
            (fields[2], fate) = (
                "1,000000005", .refused("price: \"1,000000005\" is not a number with at most 8")
            )
        case 6:
            (fields[2], fate) = (
                "1.2.3", .refused("price: \"1.2.3\" is not a number with at most 8")
            )
        case 7: (fields[3], fate) = ("31.02.2026", .refused("occurredAt: \"31.02.2026\" is not"))
        case 8: (fields[3], fate) = ("2026-10-05", .refused("occurredAt: \"2026-10-05\" is not"))
        case 9: (fields[1], fate) = ("-\(quantity)", .right(-cents * quantity))
        case 10: (fields[2], fate) = ("-" + Self.written(cents, &random), .right(-cents * quantity))
        case 11: (fields, fate) = (["", "", "", "", ""], .passed)
        case 12:
            (fields, fate) = (["sku", "quantity", "price", "occurredAt", "reference"], .passed)
        case 13: (fields, fate) = (["", "Summe:", "99,00", "", ""], .passed)
        case 14: fields[0] = "  \(fields[0])\u{A0}"
        case 15: fields[4] = "\"R;\(number) \"\"x\"\"\""
        case 16: fields[1] = "\(quantity),0"
        case 17: (fields[0], fate) = (String(repeating: "x", count: 65), .refused("sku: \""))
        case 18:
            var bytes = Array(fields.joined(separator: ";").utf8)
            bytes.insert(0xE4, at: 0)
            return Row(bytes: bytes, fate: .refused("sku: has a byte"))
        default: break
        }
        return Row(bytes: Array(fields.joined(separator: ";").utf8), fate: fate)
    }

    /// An amount as people write it, in one of the forms that a column of decimal commas has.
    private static func written(_ cents: Int64, _ random: inout SplitMix64) -> String {
        let fraction = "\(cents % 100 / 10)\(cents % 10)"
        let whole = cents / 100
        let thousands = whole >= 1_000 ? "\(whole / 1_000)" : ""
        let rest = String("\(whole % 1_000 + 1_000)".dropFirst())
        let grouped = ["", ".", " ", "'", "\u{A0}"].map { thousands + $0 + rest }
        let number = whole >= 1_000 ? grouped.randomElement(using: &random) ?? "" : "\(whole)"
        let plain =
            cents % 100 == 0 && Bool.random(using: &random) ? number : "\(number),\(fraction)"
        return ["\(plain)", "\(plain) €", "€ \(plain)", "EUR \(plain)"].randomElement(
            using: &random
        ) ?? plain
    }

    @Test(arguments: 0..<3 as Range<UInt64>)
    func `each row is right, refused with its number and reason, or no row`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let rows = (0..<10_000).map { Self.row($0, &random) }
        var bytes = Array("Umsätze Oktober;;;;\nsku;quantity;price;occurredAt;reference\n".utf8)
        for row in rows {
            bytes += row.bytes + (Bool.random(using: &random) ? [0x0A] : [0x0D, 0x0A])
        }
        var options = SalesReader.Options(
            currency: FileCurrency(code: "EUR", decimals: 2),
            negative: .return,
            category: "Imported",
            latest: Instant(microseconds: .max)
        )
        options.reading.encoding = .utf8
        options.reading.pattern = DatePattern("dd.MM.yyyy")
        var reader = try SalesReader(FileBytes(bytes), options)
        var times = FileTimes(options.reading.times)
        var seen: [Int: Fate] = [:]
        while let reading = try reader.next(&times) {
            let number = reader.records.number
            switch reading {
            case .row(let row):
                let isNegative = row.kind == .return || row.kind == .discount
                seen[number] = .right(row.amount.minorUnits * (isNegative ? -1 : 1))
            case .problem(let reason): seen[number] = .refused(reason)
            case .passed: seen[number] = .passed
            }
        }
        // The title and the header are rows 1 and 2.
        for (index, row) in rows.enumerated() {
            let fate = seen[index + 3] ?? .passed
            if case .refused(let wanted) = row.fate, case .refused(let reason) = fate {
                #expect(reason.hasPrefix(wanted), "row \(index + 3)")
            } else {
                #expect(
                    fate == row.fate,
                    "row \(index + 3): \(String(decoding: row.bytes, as: UTF8.self))"
                )
            }
        }
    }
}
