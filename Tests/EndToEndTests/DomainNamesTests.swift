import Foundation
import InventoryModel
import Testing

/// DOMAIN.md names everything of the code that it is the specification of.
@Suite struct DomainNamesTests {
    private let document: DomainDocument

    init() throws { self.document = try DomainDocument() }

    private func rows(_ title: String, _ count: Int) -> [[String]] {
        (self.document.tables[title] ?? []).map { Array($0.prefix(count)) }
    }

    /// The names written as code in the first column of a table.
    private func named(_ title: String) -> [String] {
        self.rows(title, 1).flatMap { row in
            row[0].matches(of: /`([^`]+)`/).map { String($0.output.1) }
        }
    }

    @Test func `every source, dimension and measure has a row`() {
        #expect(self.named("`source`") == InsightSource.allCases.map { "\($0)" })
        #expect(self.named("`dimension`") == InsightDimension.allCases.map { "\($0)" })
        #expect(Set(self.named("`measure`")) == Set(InsightMeasure.allCases.map { "\($0)" }))
        #expect(self.named("`measure`").count == InsightMeasure.allCases.count)
    }

    @Test func `every insight, alert and kind of change of stock is named`() {
        let names = self.document.names
        for name in NamedInsight.Name.allCases { #expect(names.contains("\(name)"), "\(name)") }
        for kind in AlertKind.allCases { #expect(names.contains("\(kind)"), "\(kind)") }
        for status in ProductStatus.allCases { #expect(names.contains("\(status)"), "\(status)") }
        for stage in StockStage.allCases { #expect(names.contains("\(stage)"), "\(stage)") }
    }

    @Test func `every error is in the table of their order`() {
        let named = self.rows("codes", 3).flatMap { row in
            row[2].matches(of: /`([^`]+)`/).map { String($0.output.1) }
        }
        #expect(named == RefusalCode.allCases.map { $0.name })
    }

    @Test func `the bounds are those of the descriptions`() {
        var bounds: [String: [String]] = [:]
        for tag in CommandTag.described {
            for (field, range) in Self.bounded(tag.fields) {
                bounds["\(field) | \(range.lowerBound) | \(range.upperBound)", default: []]
                    .append("\(tag)")
            }
        }
        let expected = bounds.map { key, tags in
            var seen: Set<String> = []
            return "\(key) | \(tags.filter { seen.insert($0).inserted }.joined(separator: ", "))"
        }
        let rows = self.rows("field", 4).map { row in
            "\(row[0]) | \(row[1].filter { $0 != "," }) | \(row[2].filter { $0 != "," }) | \(row[3])"
        }
        #expect(rows.sorted() == expected.sorted())
    }

    /// The fields of a command that have bounds, those of its lines and parts included.
    private static func bounded(
        _ fields: [FieldDescription]
    ) -> [(String, ClosedRange<Int64>)] {
        fields.flatMap { field -> [(String, ClosedRange<Int64>)] in
            switch field.kind {
            case .part(let parts):
                return Self.bounded(parts).map { ("\(field.name).\($0.0)", $0.1) }
            case .update(let parts), .lines(let parts, _), .masked(let parts):
                return Self.bounded(parts)
            default:
                let isBounded = field.bounds.lowerBound > .min || field.bounds.upperBound < .max
                return isBounded ? [(field.name, field.bounds)] : []
            }
        }
    }

    @Test(arguments: ["Values/Limits.swift", "Insights/InsightLimits.swift"])
    func `every limit is named here or in the page of the protocol`(_ file: String) throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let source = try String(
            contentsOf: root.appending(path: "Sources/InventoryModel").appending(path: file),
            encoding: .utf8
        )
        let limits = source.matches(of: /static let (\w+)/).map { $0.output.1 }
        #expect(limits.count >= 10)
        let pages = try ["DOMAIN.md", "PROTOCOL.md"].map {
            try String(contentsOf: root.appending(path: $0), encoding: .utf8)
        }
        for limit in limits {
            #expect(pages.contains { $0.contains(limit) }, "\(limit)")
        }
    }
}
