import InventoryModel
import Testing

@testable import InventoryClient

/// Rows as values, and the errors for an answer with other columns.
@Suite struct RowReaderTests {
    private static let schema = [
        ResultField("name", .text), ResultField("value", .integer),
    ]

    private static func table(
        _ schema: [ResultField],
        _ rows: [[ResultCell]]
    ) -> ResultTable {
        var table = ResultTable(schema)
        for row in rows { table.append(row) }
        return table
    }

    private static func problem<Row: AnswerRow>(
        _ table: ResultTable,
        as type: Row.Type
    ) -> String? {
        do throws(ClientError) {
            _ = try table.rows(as: type)
            return nil
        } catch {
            return error.code == .protocolViolation ? error.message : "\(error)"
        }
    }

    @Test func `columns are found by name, in any order`() throws {
        let rows: [[ResultCell]] = [[.text("lsn"), .integer(7)], [.text("levels"), .integer(-1)]]
        let table = Self.table(Self.schema, rows)
        let turned = Self.table(Self.schema.reversed(), rows.map { $0.reversed() })
        for table in [table, turned] {
            let figures = try table.rows(as: Statistic.self)
            #expect(figures.map { $0.name } == ["lsn", "levels"])
            #expect(figures.map { $0.value } == [7, -1])
        }
        let statistics = Statistics(try table.rows(as: Statistic.self))
        #expect(statistics["lsn"] == 7)
        #expect(statistics["none"] == nil)
    }

    @Test func `an answer without rows is empty, whatever its columns`() throws {
        #expect(try Self.table(Self.schema, []).rows(as: ListedProduct.self).isEmpty)
    }

    @Test func `the error for a missing column names it`() {
        let table = Self.table([ResultField("name", .text)], [[.text("lsn")]])
        #expect(
            Self.problem(table, as: Statistic.self) == "there is no column 'value' in the answer"
        )
    }

    @Test func `the error for a column of another kind names it`() {
        let schema = [ResultField("name", .text), ResultField("value", .money)]
        let table = Self.table(schema, [[.text("lsn"), .integer(7)]])
        #expect(
            Self.problem(table, as: Statistic.self) == "column 'value' is money, not integer"
        )
    }

    @Test func `the error for a missing value names its column and row`() {
        let table = Self.table(Self.schema, [[.text("a"), .integer(1)], [.text("b"), .none]])
        let problem = "there is no value in column 'value' of row 1"
        #expect(Self.problem(table, as: Statistic.self) == problem)
    }

    private struct Anything: AnswerRow {
        var kind: MovementKind?
        var price: Price
        var unit: Unit

        init(from row: inout RowReader) throws(ClientError) {
            self.kind = try row.optionalChoice("kind")
            self.price = try row.price("price")
            self.unit = try row.unit("unit")
        }
    }

    private static func anything(
        kind: ResultCell = .none,
        basis: Int64 = 1,
        decimals: Int64 = 3
    ) -> ResultTable {
        let schema = [
            ResultField("kind", .text), ResultField("price", .money),
            ResultField("priceBasis", .quantity), ResultField("unit", .text),
            ResultField("unitDecimals", .integer),
        ]
        let row: [ResultCell] = [
            kind, .integer(250), .integer(basis), .text("kg"), .integer(decimals),
        ]
        return Self.table(schema, [row])
    }

    @Test func `enumerations, prices and units are read as values`() throws {
        let rows = try Self.anything(kind: .text("transferOut"), basis: 1_000)
            .rows(as: Anything.self)
        #expect(rows.first?.kind == .transferOut)
        #expect(rows.first?.price == Price(250, per: 1_000))
        #expect(rows.first?.unit == Unit(code: "kg", decimals: 3))
        #expect(try Self.anything().rows(as: Anything.self).first?.kind == nil)
    }

    @Test func `values out of range are protocol violations`() {
        let word = Self.anything(kind: .text("barter"))
        #expect(
            Self.problem(word, as: Anything.self)
                == "'barter' in column 'kind' is not a MovementKind"
        )
        let basis = Self.anything(basis: 0)
        #expect(Self.problem(basis, as: Anything.self) == "a price for 0 base units")
        #expect(
            Self.problem(Self.anything(decimals: 256), as: Anything.self)
                == "256 in column 'unitDecimals' is out of range"
        )
    }
}
