internal import Bytes
internal import InventoryModel

/// How the fast paths encode their steps: the same bytes as `Outcome` and `EntryWriter` produce, without
/// creating those values.
extension ByteCursor {
    /// Writes what `encode` writes, such as a change, preceded by its byte count.
    @inline(__always)
    mutating func writeCounted(_ encode: (inout ByteCursor) -> Void) {
        let place = self.leaveUInt32()
        encode(&self)
        self.fillWithByteCount(place)
    }
}

extension ByteWriter {
    /// The most bytes of an entry's head without its actor: counts, LSN and time.
    private static let entryHeadByteCountMax = 4 + 8 + 8 + VarintCoding.byteCountMax + 4

    /// Appends an entry of `count` changes, and of the outcome that is remembered behind them.
    ///
    /// `byteCountMax` is the most bytes that `encode` writes: the changes, each with its count.
    @inline(__always)
    mutating func appendEntry(
        lsn: LSN,
        time: Instant,
        by actor: String,
        remembering outcome: RememberedOutcome?,
        changes count: Int,
        atMost byteCountMax: Int,
        _ encode: (inout ByteCursor) -> Void
    ) {
        let outcomeByteCountMax = outcome.map { 4 + $0.byteCountMax } ?? 0
        let limit =
            Self.entryHeadByteCountMax + actor.utf8.count + byteCountMax + outcomeByteCountMax
        self.append(atMost: limit) { cursor in
            cursor.writeCounted { cursor in
                cursor.write(lsn)
                cursor.write(time.microseconds)
                cursor.writeText(actor)
                cursor.write(UInt32(count + (outcome == nil ? 0 : 1)))
                encode(&cursor)
                if let outcome { cursor.writeCounted { outcome.encode(into: &$0) } }
            }
        }
    }

    /// Appends the outcome of a step that left one level, encoded as `Outcome` is.
    ///
    /// - Returns: The range of the level's balances in the writer: the entry contains the same bytes.
    @inline(__always)
    @discardableResult
    mutating func appendOutcome(
        lsn: LSN,
        time: Instant,
        id: UInt64 = 0,
        amount: Money,
        leaving level: Level
    ) -> Range<Int> {
        let start = self.count
        var balances = 0..<0
        let byteCountMax = Outcome.Done.headByteCountMax + Level.byteCountMax + 2
        self.append(atMost: byteCountMax) { cursor in
            Outcome.Done.encodeHead(lsn: lsn, time: time, id: id, amount: amount, into: &cursor)
            cursor.write(1 as UInt8)
            cursor.writeVarint(UInt64(level.product.value))
            cursor.writeVarint(UInt64(level.location.value))
            let first = cursor.count
            level.encodeBalances(into: &cursor, at: lsn)
            balances = (start + first)..<(start + cursor.count)
            cursor.write(0 as UInt8)
        }
        return balances
    }
}
