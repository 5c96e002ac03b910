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
            "\($0.sku) \($0.name) \($0.price) \($0.pricedAt) \($0.category) \($0.firstRow)"
        }
        lines += file.products.merged.map { "\($0.code) = \($0.sku)" }
        let products = file.products.lines.enumerated().map { index, line in
            SoldUnit(
                product: ProductID(UInt32(index + 1)),
                decimals: line.newDecimals
            )
        }
        var batches = SalesBatches(file, linesMax: 16)
        while let batch = try batches.batch() {
            let rows = Self.rows(of: batch)
            let request = batch.request(products, openedAt: file.earliest)
            lines.append("\(rows) \(request.bytes)")
        }
        return lines
    }

    /// The numbers of the rows of each group.
    private static func rows(of batch: SalesBatch) -> [[Int]] {
        batch.groups.map { batch.lines[$0.lines].map { $0.row.number } }
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
    func `parts reject the same rows, and rows that are ahead do not affect the products`(
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
        #expect(whole.products.lines.allSatisfy { $0.pricedAt <= options.latest })
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

    @Test func `batches have at most linesMax rows, in the order of the file`() async throws {
        var random = SplitMix64(seed: 7)
        let file = try await Self.read(Self.file(400, &random), partCount: 3)
        var batches = SalesBatches(file, linesMax: 10)
        var rows: [Int] = []
        while let batch = try batches.batch() {
            #expect(batch.lineCount <= 10)
            rows += Self.rows(of: batch).flatMap { $0 }
        }
        #expect(rows.count == file.acceptedCount)
        #expect(rows == rows.sorted())
    }

    // MARK: - Receipts

    /// The lines of a file's receipts, in its order: `reference@day/number`, `-` without a reference.
    private static func lines(
        _ text: String,
        zone: String = "UTC",
        linesMax: Int = 250
    ) async throws -> [String] {
        var options = Self.options
        options.reading.zone = try #require(TimeZone(identifier: zone))
        let file = try await Self.read(text, partCount: 1, options)
        var batches = SalesBatches(file, linesMax: linesMax)
        let first = try #require(CalendarDay(text: "2026-03-01")).ordinal
        var lines: [String] = []
        while let batch = try batches.batch() {
            for group in batch.groups {
                guard let day = group.day else {
                    lines.append("-")
                    continue
                }
                let name = String(decoding: batch.references[group.reference], as: UTF8.self)
                for index in 0..<group.lines.count {
                    let number = Int(group.firstLine) + index
                    lines.append("\(name)@\(Int(day.ordinal) - Int(first) + 1)/\(number)")
                }
            }
        }
        return lines
    }

    private static let head = "sku,quantity,price,occurredAt,reference\n"

    @Test func `lines of a receipt are numbered wherever in the file they are`() async throws {
        let text =
            Self.head + """
                A,1,1.00,2026-03-01 12:00,R1
                B,1,1.00,2026-03-01 12:00,R2
                C,1,1.00,2026-03-01 12:05,R1
                D,1,1.00,2026-03-02 12:00,R1
                E,1,1.00,2026-03-01 12:00,
                F,1,1.00,2026-03-01 12:00,
                G,1,1.00,2026-03-01 12:00,R2

                """
        #expect(
            try await Self.lines(text) == [
                "R1@1/0", "R2@1/0", "R1@1/1", "R1@2/0", "-", "-", "R2@1/1",
            ]
        )
    }

    @Test func `a receipt that continues after midnight keeps the day of its first line`()
        async throws
    {
        let text =
            Self.head + """
                A,1,1.00,2026-03-01 23:58,R1
                B,1,1.00,2026-03-02 00:01,R1
                C,1,1.00,2026-03-02 06:01,R1
                D,1,1.00,2026-03-03 06:00,R1

                """
        #expect(try await Self.lines(text) == ["R1@1/0", "R1@1/1", "R1@2/0", "R1@3/0"])
    }

    @Test func `the day of a receipt is that of the file's zone`() async throws {
        let text = Self.head + "A,1,1.00,2026-03-01T23:30:00Z,R1\nB,1,1.00,2026-03-02 00:30,R1\n"
        #expect(try await Self.lines(text) == ["R1@1/0", "R1@1/1"])
        #expect(try await Self.lines(text, zone: "Europe/Berlin") == ["R1@2/0", "R1@2/1"])
    }

    @Test func `a rejected row keeps the number of its line`() async throws {
        let rows = ["A,1,1.00", "B,many,1.00", "C,1,1.00"]
        let text = Self.head + rows.map { $0 + ",2026-03-01 12:00,R1\n" }.joined()
        #expect(try await Self.lines(text) == ["R1@1/0", "R1@1/2"])
    }

    @Test func `a receipt that is longer than a request continues in the next one`() async throws {
        let text = Self.head + (0..<25).map { "A\($0),1,1.00,2026-03-01 12:00,R1\n" }.joined()
        #expect(try await Self.lines(text, linesMax: 10) == (0..<25).map { "R1@1/\($0)" })
    }
}
