internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// Server statistics: the query `stats`.
extension EngineDriver {
    /// Answers at once, with the current values; this is cheap.
    func answerStats(to requestID: UInt64, of writer: ConnectionWriter) {
        let view = self.host.readView()
        var table = ResultTable([ResultField("name", .text), ResultField("value", .integer)])
        do throws(Refusal) {
            table = try view.answer(.stats).wholeTable()
        } catch {
            preconditionFailure("the tables cannot be counted: \(error)")
        }
        let now = self.context.now().microseconds
        let rows = self.workRows + self.fileRows(at: now) + self.keyRows(at: now)
        for row in rows { table.append([.text(row.name), .integer(row.value)]) }
        self.queries.answer(table, of: view, to: requestID, of: writer)
    }

    private typealias Rows = [(name: String, value: Int64)]

    /// Statistics of requests, connections and the loop's turns.
    private var workRows: Rows {
        var rows = self.metrics.rows(subscriptions: self.events.registry.count)
        rows.append(("waitingQueries", Int64(self.queries.waitingCount)))
        rows.append(("dryRuns", Int64(self.dryRuns.counts.count)))
        rows.append(("openQueryBytes", Int64(self.queries.bytes.byteCount)))
        rows.append(("subscriptionBytes", Int64(self.events.registry.byteCount)))
        rows.append(("begunFrameBytes", Int64(self.connections.begunFrameByteCount)))
        rows += self.fanoutBoard.rows
        rows += self.loopTurns.rows(at: self.context.clocks.nanoseconds())
        return rows
    }

    private func fileRows(at now: Int64) -> Rows {
        let (log, snapshots) = (self.log.store, self.snapshots.store)
        var rows: Rows = [
            ("durableLsn", Int64(self.host.durable.value)),
            ("logBytes", Int64(log.byteCount)),
            ("firstRetainedLsn", Int64(log.firstRetainedLSN.value)),
            ("backupHeldLogBytes", Int64(self.backups.heldByteCount)),
            ("snapshotLsn", Int64(snapshots.newestLSN?.value ?? 0)),
        ]
        if let time = snapshots.newestTime {
            rows.append(("snapshotAgeSeconds", max(0, now - time) / 1_000_000))
        }
        return rows
    }

    private func keyRows(at now: Int64) -> Rows {
        let keys = self.host.engine.state.keyUse
        let oldest = keys.oldest.map { max(0, now - $0.microseconds) / 1_000_000 }
        let started = self.metrics.startedAt.microseconds
        return [
            ("sessions", Int64(self.host.engine.state.sessionCount)),
            ("keys", Int64(keys.count)),
            ("keyBytes", Int64(keys.byteCount)),
            ("keyBytesMax", Int64(self.configuration.keyByteCountMax)),
            ("keyRetentionSeconds", self.configuration.keyRetentionSeconds),
            ("keyOldestSeconds", oldest ?? 0),
            ("tornTailsDropped", self.recovery.torn == nil ? 0 : 1),
            ("uptimeSeconds", (now - started) / 1_000_000),
        ]
    }
}
