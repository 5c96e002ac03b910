internal import Bytes
import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer

/// The rows of an export of sales: all of them, without sales and returns that were taken back on the same day.
///
///     sale       R1  + 9.90   Monday    ┐
///     reversal   R1  − 9.90   Monday    ┴─▶ neither
///     sale       R2  + 5.00   Monday    ──▶ sale
///     reversal   R2  − 5.00   Tuesday   ──▶ reversal, which an import reads as goods that came back
///
/// So the net of each day is the same in a database that imports them. The export reverses the answer's order:
/// oldest first, the lines of a receipt are numbered as they were when they were imported.
struct ExportedSales {
    /// Rows that are left out.
    private var omitted: Set<MovementID> = []

    /// Queries the reversals, and, if there are any, what they reversed.
    ///
    /// Days are those of `zone`.
    init(_ client: InventoryClient, zone: TimeZone) async throws {
        var reversals: [MovementID: (id: MovementID, occurredAt: Instant)] = [:]
        let query = LedgerQuery(kinds: MovementKindSet(.reversal), isNewestFirst: false)
        for try await part in client.rows(of: .ledger(query)) {
            let columns = Columns(part.table)
            for row in 0..<part.table.rowCount {
                guard let origin = columns.origin(row) else { continue }
                reversals[origin] = (columns.id(row), columns.occurredAt(row))
            }
        }
        guard !reversals.isEmpty else { return }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        for try await part in client.rows(of: .sales(SalesQuery())) {
            let columns = Columns(part.table)
            for row in 0..<part.table.rowCount {
                let id = columns.id(row)
                guard let reversal = reversals[id] else { continue }
                let (first, second) = (columns.occurredAt(row), reversal.occurredAt)
                guard calendar.isDate(first.date, inSameDayAs: second.date) else { continue }
                self.omitted.insert(id)
                self.omitted.insert(reversal.id)
            }
        }
    }

    /// Returns a table of sales without the rows that are left out.
    func removing(from table: ResultTable) -> ResultTable {
        let columns = Columns(table)
        let kept = (0..<table.rowCount).filter { !self.omitted.contains(columns.id($0)) }
        guard kept.count < table.rowCount else { return table }
        let filtered = table.columns.map { column in
            var result = ResultColumn(column.field)
            for row in kept { result.append(column.cell(row)) }
            return result
        }
        return ResultTable(columns: filtered, rowCount: kept.count)
    }

    /// The columns of an answer that identify a movement.
    private struct Columns {
        private let table: ResultTable

        init(_ table: ResultTable) { self.table = table }

        private func number(_ name: String, _ row: Int) -> Int64? {
            guard let column = self.table.column(named: name),
                case .integer(let value) = self.table.cell(row, column)
            else { return nil }
            return value
        }

        private func id(lsn: String, line: String, at row: Int) -> MovementID? {
            guard let lsn = self.number(lsn, row), let line = self.number(line, row) else {
                return nil
            }
            return MovementID(lsn: LSN(UInt64(clamping: lsn)), line: UInt16(clamping: line))
        }

        func id(_ row: Int) -> MovementID {
            self.id(lsn: "lsn", line: "line", at: row) ?? MovementID(lsn: 0, line: 0)
        }

        func origin(_ row: Int) -> MovementID? {
            self.id(lsn: "originLsn", line: "originLine", at: row)
        }

        func occurredAt(_ row: Int) -> Instant {
            Instant(microseconds: self.number("occurredAt", row) ?? 0)
        }
    }
}

extension Instant {
    fileprivate var date: Date {
        Date(timeIntervalSince1970: Double(self.microseconds) / 1_000_000)
    }
}
