import Foundation
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryTransfer

/// A file of sales has the same result whether it is read in one part or in several.
@Suite struct SalesFileTests {
    /// Rows with codes in several spellings, quoted fields with line ends, empty lines, and rows
    /// that are rejected.
    private static func file(_ rowCount: Int, _ random: inout SplitMix64) -> String {
        var text = "sku,quantity,price,occurredAt,reference,name\n"
        var reference = 0
        for row in 0..<rowCount {
            let number = Int.random(in: 0..<40, using: &random)
            let code = Bool.random(using: &random) ? "SKU-\(number)" : "sku-\(number)"
            if Int.random(in: 0..<3, using: &random) == 0 { reference += 1 }
            let isReturn = Int.random(in: 0..<9, using: &random) == 0
            let quantity =
                switch Int.random(in: 0..<12, using: &random) {
                case 0: "0"
                case 1: "many"
                default: "\(isReturn ? -1 : Int.random(in: 1..<9, using: &random))"
                }
            let name =
                switch Int.random(in: 0..<5, using: &random) {
                case 0: ""
                case 1: "\"a \"\"name\"\"\nof\n\(number),lines \(row)\""
                case 2: "\"\n\n\""
                default: "name \(number)"
                }
            let minute = 10 + reference % 50
            text += "\(code),\(quantity),\(number).50,2026-03-01 12:\(minute):00,"
            text += "\(isReturn ? "C" : "")R\(reference),\(name)"
            text += ["\n", "\r\n", "\n\n", "\n\r\n\n"].randomElement(using: &random) ?? "\n"
        }
        return text
    }

    private static let options = SalesReader.Options(
        currency: FileCurrency(code: "EUR", decimals: 2),
        returnPrefix: "C",
        negative: .writeOff,
        category: "Imported",
        latest: Instant(microseconds: .max)
    )

    private static func read(
        _ text: String,
        partCount: Int,
        _ options: SalesReader.Options = Self.options
    ) async throws -> SalesFile {
        try await SalesFile(
            FileBytes(Array(text.utf8)),
            options,
            listedMax: 50,
            partCount: partCount
        )
    }

    /// Everything that is sent and reported for a file.
    private static func summary(_ file: SalesFile) throws -> [String] {
        var lines = [
            "\(file.rowCount) \(file.acceptedCount) \(file.saleCount) \(file.returnCount)",
            "\(file.earliest)",
        ]
        lines += file.problems.rows.lines
        lines += file.products.lines.map {
            "\($0.sku) \($0.name) \($0.price) \($0.pricedAt) \($0.category) \($0.firstRow) "
                + "\($0.balance.opening)"
        }
        lines += file.products.merged.map { "\($0.code) = \($0.sku)" }
        let products = file.products.lines.enumerated().map { index, line in
            SoldUnit(
                product: ProductID(UInt32(index + 1)),
                decimals: line.newDecimals,
                basis: line.newPrice.basis
            )
        }
        var batches = SalesBatches(file, linesMax: 16)
        while let batch = try batches.batch() {
            let rows = (0..<batch.groupCount).map { batch.rows(ofGroup: $0) }
            lines.append("\(rows) \(batch.request(products).bytes)")
        }
        return lines
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `several parts have the result of one part`(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let text = Self.file(Int.random(in: 0..<120, using: &random), &random)
        let whole = try Self.summary(try await Self.read(text, partCount: 1))
        for partCount in 2...9 {
            let file = try await Self.read(text, partCount: partCount)
            #expect(try Self.summary(file) == whole, "\(partCount) parts of\n\(text)")
        }
    }

    /// Rows of few products with quantities near the stock limit, at times around the latest.
    private static func largeFile(_ random: inout SplitMix64) -> String {
        let quantities = ["1", "-1", "400000000000", "-400000000000", "1000000000000"]
        var text = "sku,quantity,price,occurredAt,reference,name,category\n"
        for row in 0..<Int.random(in: 0..<60, using: &random) {
            let quantity = quantities.randomElement(using: &random) ?? "1"
            let price = ["0.01", "0.02", "90000000000.00"].randomElement(using: &random) ?? "1"
            let day = Int.random(in: 1...9, using: &random)
            let reference = quantity.hasPrefix("-") && Bool.random(using: &random) ? "C1" : "R1"
            text += "S\(Int.random(in: 0..<3, using: &random)),\(quantity),\(price),"
            text += "2026-03-0\(day) 12:00:00,\(reference),name \(row),category \(row % 4)\n"
        }
        return text
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `parts reject the same rows, and rejected rows do not affect the opening stock`(
        seed: UInt64
    ) async throws {
        var random = SplitMix64(seed: seed)
        let text = Self.largeFile(&random)
        var options = Self.options
        options.latest = Instant(microseconds: 1_772_798_400_000_000)
        let whole = try await Self.read(text, partCount: 1, options)
        for partCount in 2...7 {
            let file = try await Self.read(text, partCount: partCount, options)
            #expect(try Self.summary(file) == Self.summary(whole), "\(partCount) parts of\n\(text)")
        }
        // The stock after each accepted row stays between 0 and the limit.
        var stock = whole.products.lines.map { $0.balance.opening }
        let numbers = whole.productsOfRows.flatMap { $0 }
        var (reader, times) = (whole.reader, FileTimes(zone: TimeText.utc))
        var (index, rows) = (0, 0)
        while let reading = try reader.next(&times) {
            guard case .row(let row) = reading else { continue }
            defer { index += 1 }
            guard numbers[index] != SalesFile.noProduct else { continue }
            rows += 1
            if row.isAhead { continue }
            let product = Int(numbers[index])
            let quantity = row.quantity.millionths
            stock[product] += row.kind == .return ? quantity : -quantity
            #expect(
                (0...Limits.quantityMax * FileQuantity.perUnit).contains(stock[product]),
                "row \(row.number) of\n\(text)"
            )
        }
        #expect(rows == whole.acceptedCount)
        #expect(
            whole.products.lines.allSatisfy {
                $0.balance.opening <= Limits.quantityMax * FileQuantity.perUnit
            }
        )
    }

    @Test func `a quoted field across several parts is one field`() async throws {
        let head = "sku,quantity,price,occurredAt,name\n"
        let name = String(repeating: "A,1,1.00,2026-03-01 12:00:00,x\n", count: 30)
        let text =
            head + "A,2,1.00,2026-03-01 12:00:00,\"\(name)\"\nB,1,1.00,2026-03-01 12:00:00,b\n"
        for partCount in 1...8 {
            let file = try await Self.read(text, partCount: partCount)
            #expect(file.rowCount == 2)
            #expect(file.products.lines.map(\.sku) == ["A", "B"])
            #expect(file.products.lines.first?.balance.opening == 2 * FileQuantity.perUnit)
        }
    }

    @Test func `an unterminated quote is reported with its line, in any part`()
        async throws
    {
        var text = "sku,quantity,price,occurredAt,name\n"
        for row in 0..<40 { text += "A,1,1.00,2026-03-01 12:00:00,\(row == 33 ? "\"" : "")x\n" }
        for partCount in 1...8 {
            do {
                _ = try await Self.read(text, partCount: partCount)
                Issue.record("read in \(partCount) parts")
            } catch let failure as Failure {
                #expect(failure.message.contains("line 35"), "\(partCount) parts: \(failure)")
            }
        }
    }

    @Test func `batches have whole groups and at most linesMax rows`() async throws {
        var random = SplitMix64(seed: 7)
        let file = try await Self.read(Self.file(400, &random), partCount: 3)
        var batches = SalesBatches(file, linesMax: 10)
        var rows: [Int] = []
        while let batch = try batches.batch() {
            #expect(batch.lineCount <= 10 || batch.groupCount == 1)
            rows += (0..<batch.groupCount).flatMap { batch.rows(ofGroup: $0) }
        }
        #expect(rows.count == file.acceptedCount)
        #expect(rows == rows.sorted())
    }
}
