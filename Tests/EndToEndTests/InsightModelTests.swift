import Foundation
import Inventory
import InventoryClient
import InventoryInsights
import Testing

/// Real sales, imported by the real programs: every insight says what SQL says of the same file.
///
/// The cut in the resources is looked at in every run, a whole file if `INVD_SALES` names one.
@Suite struct InsightModelTests {
    private static let zone = "Europe/London"

    private static func file() throws -> Data {
        if let path = ProcessInfo.processInfo.environment["INVD_SALES"] {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        }
        return try Data(contentsOf: Bundle.module.bundleURL.appending(path: "Resources/sales.csv"))
    }

    /// The model's lines, by their first word.
    private static func model(_ file: Data) throws -> [String: Set<String>] {
        let script = Bundle.module.bundleURL.appending(path: "Resources/insights_model.py")
        let lines = try ImportTests.model(file, script.path)
        let words = lines.map { $0.split(separator: "\t", maxSplits: 1).map { String($0) } }
        return Dictionary(grouping: words) { $0[0] }.mapValues { Set($0.map { $0[1] }) }
    }

    /// Every measure that goes with sales.
    private static let measures: [InsightMeasure] = [
        .gross, .returns, .net, .units, .returnedUnits, .netUnits, .cost, .margin, .marginPercent,
        .transactions, .averageValue, .rows, .products,
    ]

    private static func text(_ table: ResultTable, _ row: Int, _ column: String) throws -> String {
        switch table.cell(row, try #require(table.column(named: column))) {
        case .integer(let value): "\(value)"
        case .number(let value): value == value.rounded() ? "\(Int(value))" : "\(value)"
        case .text(let value): value
        case .none: "-"
        }
    }

    /// The rows of an answer as the model writes them: what `key` makes of each, then the columns.
    private static func lines(
        _ answer: InsightAnswer,
        _ columns: [String],
        _ key: (ResultTable, Int) throws -> String
    ) throws -> Set<String> {
        Set(
            try (0..<answer.table.rowCount).map { row in
                let cells = try columns.map { try Self.text(answer.table, row, $0) }
                return ([try key(answer.table, row)] + cells).joined(separator: "\t")
            }
        )
    }

    private static func sales(_ groups: [InsightDimension]) -> Insight {
        .query(InsightQuery(source: .sales, zone: zone, groups: [groups], measures: measures))
    }

    @Test func `every insight over a year of sales is what SQL says, to the penny`() async throws {
        let file = try Self.file()
        let model = try Self.model(file)
        let daemon = try Daemon(["--currency", "GBP"])
        let arguments = ImportTests.mapping + ["--map", "category=Country"]
        let imported = try daemon.invctl(arguments, input: file)
        #expect([0, 8].contains(imported.code), "\(imported.errors.prefix(300))")
        let client = daemon.client()
        let columns = Self.measures.map { "\($0)" }

        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: Self.zone))
        let months = try await client.insight(Self.sales([.month]))
        Self.compare(
            try Self.lines(months, columns) { table, row in
                Self.day(table.integer(row, "month") ?? 0, calendar).prefix(7).description
            },
            model["month"],
            "month"
        )
        let codes = try await client.insight(Self.sales([.product]))
        Self.compare(
            try Self.lines(codes, columns) { NormalizedText.key($0.text($1, "sku")) },
            model["code"],
            "code"
        )
        let countries = try await client.insight(Self.sales([.category]))
        Self.compare(
            try Self.lines(countries, columns) { $0.text($1, "category") },
            model["country"],
            "country"
        )
        let heatmap = NamedInsight(.heatmap, window: .all, zone: Self.zone)
        let clock = try await client.insight(.named(heatmap))
        let cells = try Self.lines(clock, ["net", "units", "transactions"]) { table, row in
            "\(table.integer(row, "weekday") ?? 0)\t\(table.integer(row, "hourOfDay") ?? -1)"
        }
        Self.compare(cells.filter { !$0.hasSuffix("\t0\t0\t0") }, model["clock"], "clock")
        try await self.compareRanks(client, model)
        try await self.compareDeadStock(client, model, calendar)
    }

    private func compareRanks(
        _ client: InventoryClient,
        _ model: [String: Set<String>]
    ) async throws {
        let parameters = NamedInsightParameters(measure: .net)
        let top = NamedInsight(
            .top,
            window: .all,
            zone: Self.zone,
            parameters: parameters,
            limit: 20
        )
        let ranked = try await client.insight(.named(top))
        Self.compare(
            try Self.lines(ranked, ["net"]) { table, row in
                "\(table.integer(row, "rank") ?? 0)\t"
                    + NormalizedText.key(table.text(row, "sku"))
            },
            model["top"],
            "top"
        )
        let abc = try await client.insight(.named(NamedInsight(.abc, window: .all)))
        Self.compare(
            try Self.lines(abc, []) { table, row in
                NormalizedText.key(table.text(row, "sku")) + "\t" + table.text(row, "class")
            },
            model["abc"],
            "abc"
        )
    }

    /// Dead at the end of the file's year: nothing moved since, so as many more days ago.
    private func compareDeadStock(
        _ client: InventoryClient,
        _ model: [String: Set<String>],
        _ calendar: Calendar
    ) async throws {
        let yearEnd = try #require(model["end"]?.first)
        let end = try Date(yearEnd + "T12:00:00Z", strategy: .iso8601)
        let since = calendar.dateComponents(
            [.day],
            from: calendar.startOfDay(for: end),
            to: calendar.startOfDay(for: .now)
        )
        let days = try #require(since.day) + 90
        let parameters = NamedInsightParameters(days: UInt32(days))
        let dead = NamedInsight(.dead, window: .all, zone: Self.zone, parameters: parameters)
        let answer = try await client.insight(.named(dead))
        let found = try Self.lines(answer, ["onHand"]) { table, row in
            NormalizedText.key(table.text(row, "sku"))
        }
        Self.compare(found, model["dead"], "dead")
        let last = try Self.lines(answer, []) { table, row in
            let day = table.integer(row, "lastSoldAt").map { Self.day($0, calendar) }
            return NormalizedText.key(table.text(row, "sku")) + "\t" + (day ?? "never")
        }
        Self.compare(last, model["last"], "last sold")
    }

    private static func day(_ microseconds: Int64, _ calendar: Calendar) -> String {
        let date = Date(timeIntervalSince1970: TimeInterval(microseconds / 1_000_000))
        let parts = calendar.dateComponents([.year, .month, .day], from: date)
        func text(_ value: Int?) -> String {
            (value ?? 0) < 10 ? "0\(value ?? 0)" : "\(value ?? 0)"
        }
        return "\(text(parts.year))-\(text(parts.month))-\(text(parts.day))"
    }

    private static func compare(_ lines: Set<String>, _ model: Set<String>?, _ what: String) {
        let wanted = model ?? []
        print(
            "\(what): \(lines.count) rows, \(lines.symmetricDifference(wanted).count) differences"
        )
        #expect(!wanted.isEmpty && lines == wanted, "\(what): ours \(difference(lines, wanted))")
    }

    private static func difference(_ lines: Set<String>, _ wanted: Set<String>) -> String {
        let ours = lines.subtracting(wanted).sorted().prefix(4)
        return "\(ours), the model's \(wanted.subtracting(lines).sorted().prefix(4))"
    }
}
