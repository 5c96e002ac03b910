internal import Bytes
import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer

/// The rows of an export of sales: those of past sales with their write-offs, and all others, without what was
/// taken back on the same day.
///
///     sale       R1  + 9.90   Monday    ┐
///     reversal   R1  − 9.90   Monday    ┴─▶ neither
///     sale       R2  + 5.00   Monday    ──▶ sale
///     reversal   R2  − 5.00   Tuesday   ──▶ reversal, which an import reads as goods that came back
///     write-off  R3    0.00   Monday    ──▶ adjust, which an import reads as a write-off, unless it was undone
///
/// So the net of each day is the same in a database that imports them. The export reverses the answer's order:
/// oldest first, the lines of a receipt are numbered as they were when they were imported.
struct ExportedSales {
    /// All rows of past and other sales, newest first.
    static let query = Query.sales(SalesQuery(includesPastWriteOffs: true))

    /// Rows that are left out.
    private var omitted: Set<MovementID> = []

    /// Queries the reversals, and, if there are any, what they reversed.
    ///
    /// Days are those of `zone`.
    init(_ client: InventoryClient, zone: TimeZone) async throws {
        var reversals: [MovementID: Reversed] = [:]
        let query = LedgerQuery(kinds: MovementKindSet(.reversal), isNewestFirst: false)
        for try await part in client.rows(of: .ledger(query)) {
            for row in try part.rows(as: Reversed.self) { reversals[row.origin] = row }
        }
        guard !reversals.isEmpty else { return }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        for try await part in client.rows(of: Self.query) {
            for row in try part.rows(as: Sold.self) {
                guard let reversal = reversals[row.id] else { continue }
                let isSameDay = calendar.isDate(
                    row.occurredAt.date,
                    inSameDayAs: reversal.occurredAt.date
                )
                // The reversal of a write-off is in no answer about sales.
                guard isSameDay || row.kind == .adjust else { continue }
                self.omitted.insert(row.id)
                self.omitted.insert(reversal.id)
            }
        }
    }

    /// Returns a table of sales without the rows that are left out.
    ///
    /// - Throws: `ClientError` if the table has other columns than ``query`` answers with.
    func removing(from table: ResultTable) throws(ClientError) -> ResultTable {
        if self.omitted.isEmpty { return table }
        let rows = try table.rows(as: Sold.self)
        let kept = rows.indices.filter { !self.omitted.contains(rows[$0].id) }
        return kept.count == rows.count ? table : table.rows(kept)
    }

    /// A row of the sales.
    private struct Sold: AnswerRow {
        let id: MovementID
        let occurredAt: Instant
        let kind: MovementKind

        init(from row: inout RowReader) throws(ClientError) {
            self.id = MovementID(lsn: try row.lsn("lsn"), line: try row.integer("line"))
            self.occurredAt = try row.instant("occurredAt")
            self.kind = try row.choice("kind")
        }
    }

    /// A reversal in the ledger.
    private struct Reversed: AnswerRow {
        let id: MovementID
        let occurredAt: Instant
        /// What it reversed.
        let origin: MovementID

        init(from row: inout RowReader) throws(ClientError) {
            self.id = MovementID(lsn: try row.lsn("lsn"), line: try row.integer("line"))
            self.occurredAt = try row.instant("occurredAt")
            self.origin = MovementID(
                lsn: try row.lsn("originLsn"),
                line: try row.integer("originLine")
            )
        }
    }
}

extension Instant {
    fileprivate var date: Date {
        Date(timeIntervalSince1970: Double(self.microseconds) / 1_000_000)
    }
}
