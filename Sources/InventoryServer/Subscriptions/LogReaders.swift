internal import Bytes

/// The positions from which blocks of the log are being read for subscribers, and cursors that continue
/// where they are.
///
///     begin ──a cursor──▶ reading ──ended──▶ the cursor waits at its next position
///
/// A plain value.
struct LogReaders {
    private var reading: Set<LSN> = []
    private var waiting: [LSN: any LogStoreCursor] = [:]
    private let countMax: Int

    init(countMax: Int = FanoutLimits.logReadersMax) {
        precondition(countMax > 0, "at most \(countMax) readers")
        self.countMax = countMax
    }

    /// Begins to read after `lsn`.
    ///
    /// - Returns: The cursor to read with; `nil` if that is being read, or no more may be.
    mutating func begin(after lsn: LSN, in log: any LogStore) -> (any LogStoreCursor)? {
        guard !self.reading.contains(lsn), self.reading.count < self.countMax else { return nil }
        self.reading.insert(lsn)
        let cursor = self.waiting.removeValue(forKey: lsn) ?? log.cursor(after: lsn)
        if self.waiting.count >= self.countMax { self.waiting = [:] }
        return cursor
    }

    /// Reading after `lsn` has ended.
    mutating func ended(after lsn: LSN) {
        precondition(self.reading.remove(lsn) != nil, "LSN \(lsn) is not being read")
    }

    /// Keeps a cursor for the next subscriber that gets there.
    mutating func keep(_ cursor: any LogStoreCursor) { self.waiting[cursor.next.previous] = cursor }

    /// Closes the cursors that wait.
    mutating func closeWaiting() { self.waiting = [:] }

    /// Traps if there are too many readers, or a cursor waits elsewhere than where it continues.
    ///
    /// - Complexity: O(readers)
    func checkInvariants() {
        precondition(self.reading.count <= self.countMax, "\(self.reading.count) are read")
        precondition(
            self.waiting.count <= 2 * self.countMax,
            "\(self.waiting.count) cursors wait"
        )
        for (lsn, cursor) in self.waiting {
            precondition(cursor.next == lsn.next, "LSN \(cursor.next) waits behind LSN \(lsn)")
        }
    }
}
