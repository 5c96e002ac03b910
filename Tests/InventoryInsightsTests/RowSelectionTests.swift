import Bytes
import InventoryEngine
import InventoryInsights
import InventoryModel
import InventoryTestSupport
import Testing

/// Selection of a result's rows by a condition, an order and a limit.
@Suite struct RowSelectionTests {
    private let view: ReadView
    private let now: Instant
    private let insight = Insight.named(NamedInsight(.velocity, window: .all))

    init() throws {
        var shop = try Shop(["A", "B", "C", "D"])
        for product: UInt32 in 1...4 {
            try shop.restock(product, 100, cost: 50, "2025-01-01T00:00:00Z")
        }
        try shop.sell(1, 2, "2025-01-02T00:00:00Z")
        try shop.sell(3, 9, "2025-01-03T00:00:00Z")
        try shop.sell(4, 5, "2025-01-03T00:00:00Z")
        self.view = shop.view
        self.now = try Shop.at("2025-06-01T12:00:00Z")
    }

    private func skus(_ selection: RowSelection) throws -> [String] {
        let answer = try self.view.answer(.rows(selection, of: self.insight), at: self.now)
        #expect(answer.keyColumnCount == 3)
        let column = try #require(answer.table.column(named: "sku"))
        return answer.table.columns[column].strings
    }

    private static func units(
        _ comparison: RowCondition.Comparison,
        _ number: Int64
    ) -> RowCondition {
        .test(
            RowCondition.Test("units", comparison: comparison, operand: .number(number * 1_000_000))
        )
    }

    @Test func `a condition selects matching rows in their order`() throws {
        #expect(try self.skus(RowSelection()) == ["C", "D", "A", "B"])
        #expect(try self.skus(RowSelection(condition: Self.units(.greater, 2))) == ["C", "D"])
        #expect(try self.skus(RowSelection(condition: Self.units(.atMost, 2))) == ["A", "B"])
        let text = RowCondition.test(
            RowCondition.Test("sku", comparison: .equal, operand: .text(" a "))
        )
        #expect(try self.skus(RowSelection(condition: text)) == ["A"])
        let either = RowCondition.or(text, .not(Self.units(.atLeast, 1)))
        #expect(try self.skus(RowSelection(condition: either)) == ["A", "B"])
        let both = RowCondition.and(Self.units(.notEqual, 9), Self.units(.greater, 0))
        #expect(try self.skus(RowSelection(condition: both)) == ["D", "A"])
    }

    @Test func `an order and a limit apply after the condition`() throws {
        let condition = Self.units(.greater, 0)
        let byName = RowSelection(condition: condition, order: [.init("sku")], limit: 2)
        #expect(try self.skus(byName) == ["A", "C"])
        let turned = RowSelection(order: [.init("sku", descending: true)])
        #expect(try self.skus(turned) == ["D", "C", "B", "A"])
        #expect(try self.skus(RowSelection(limit: 1)) == ["C"])
    }

    @Test func `an unknown column and a limit out of range are refused by name`() {
        func refusal(_ selection: RowSelection) -> Refusal? {
            do throws(Refusal) {
                _ = try self.view.answer(.rows(selection, of: self.insight), at: self.now)
                return nil
            } catch {
                return error
            }
        }
        let condition = RowCondition.test(
            RowCondition.Test("unit price", comparison: .equal, operand: .none)
        )
        #expect(refusal(RowSelection(condition: condition))?.code == .invalidField)
        #expect(refusal(RowSelection(order: [.init("x")]))?.code == .invalidField)
        #expect(refusal(RowSelection(limit: .max))?.code == .outOfRange)
    }

    @Test func `a result of too many rows is accepted if few are selected`() throws {
        let count = InsightLimits.liveInsightRowsMax + 2
        var shop = try Shop([])
        for number in 0..<count {
            let draft = ProductDraft(
                sku: "P\(number)",
                name: "P",
                category: CategoryID(1),
                price: Price(100)
            )
            try shop.run(.createProduct(draft))
        }
        let cover = Insight.named(NamedInsight(.cover))
        var all = IncrementalInsight(cover)
        do throws(Refusal) {
            _ = try all.advance(to: shop.view, at: self.now)
            Issue.record("\(count) rows were accepted")
        } catch {
            #expect(error.code == .outOfRange)
            guard case .field("rows", let problem) = error.detail else {
                Issue.record("\(error)")
                return
            }
            #expect(problem.contains("\(count)") && problem.contains("ask for fewer"))
        }
        let condition = RowCondition.test(
            RowCondition.Test("sku", comparison: .contains, operand: .text("p99"))
        )
        let selection = RowSelection(condition: condition, limit: 40)
        var some = IncrementalInsight(.rows(selection, of: cover))
        #expect(try some.advance(to: shop.view, at: self.now).table.rowCount == 40)
    }

    // MARK: - Encoding

    @Test func `the encoding of a selection of forty rows to order`() throws {
        let test = RowCondition.Test("suggestedOrder", comparison: .greater, operand: .number(0))
        let selection = RowSelection(
            condition: .and(
                .test(test),
                .not(.test(.init("sku", comparison: .contains, operand: .text("x"))))
            ),
            order: [.init("sku", descending: true)],
            limit: 40
        )
        let insight = Insight.rows(selection, of: .named(NamedInsight(.reorder)))
        let name = Array("suggestedOrder".utf8)
        let expected: [UInt8] =
            [3, 1, 2, 4, 14] + name + [5, 1, 0]
            + [3, 4, 3, 0x73, 0x6B, 0x75, 7, 3, 1, 0x78]
            + [1, 3, 0x73, 0x6B, 0x75, 1, 40]
            + [2, 6, 3, 30, 2, 0, 0, 0, 0, 0]
        #expect(bytes(of: insight) { $0.encode(into: &$1) } == expected)
        let again = try read(expected) { (reader) throws(ByteReaderError) in
            try Insight(from: &reader)
        }
        #expect(again == insight)
    }

    @Test func `the parts and the depth of a condition are limited`() {
        func decoded(_ condition: [UInt8]) -> ByteReaderError? {
            let tail: [UInt8] = [0, 0, 2, 6, 1, 0, 0, 0, 0, 0]
            do throws(ByteReaderError) {
                _ = try read([3, 1] + condition + tail) { (reader) throws(ByteReaderError) in
                    try Insight(from: &reader)
                }
                return nil
            } catch {
                return error
            }
        }
        func nested(_ count: Int) -> [UInt8] {
            [UInt8](repeating: 3, count: count - 1) + [4, 1, 0x61, 1, 0]
        }
        func wide(_ count: Int) -> [UInt8] {
            // A balanced tree with that many tests.
            if count == 1 { return [4, 1, 0x61, 1, 0] }
            return [1] + wide(count / 2) + wide(count - count / 2)
        }
        let deepest = InsightLimits.conditionDepthMax
        #expect(decoded(nested(deepest)) == nil)
        guard case .outOfRange(_, _, UInt64(deepest), "condition") = decoded(nested(deepest + 1))
        else {
            Issue.record("too deep, and read")
            return
        }
        let most = InsightLimits.conditionPartsMax
        #expect(decoded(wide(most / 2)) == nil)
        #expect(decoded(wide(most)) != nil)
    }
}
