internal import Bytes

/// Replies of one connection, in order, each waiting for the LSN it reflects to become durable.
///
///     bytes  [ reply | reply | reply | reply ]
///     marks      41      41      42      44        durable is 42: the first three may be sent
///
/// Replies are encoded directly into one buffer and leave it in one write.
struct PendingReplies: ~Copyable {
    private struct Mark {
        var end: Int
        var lsn: LSN
        /// The number of requests that it completes.
        var finals: Int
    }

    /// Encodes the next reply; ``mark(lsn:isFinal:gathered:)`` follows.
    var writer = ByteWriter(capacity: PendingReplies.byteCountAtFirst)
    /// The LSN that every reply waits for at most: the steps of a dry run are never durable.
    var lsnMax: LSN = .max
    private var marks: [Mark] = []
    private var firstMark = 0

    private static let byteCountAtFirst = 4_096

    var isEmpty: Bool { self.firstMark == self.marks.count }
    var byteCount: Int { self.writer.count }

    /// Marks the bytes written since the last mark as reflecting the state at `lsn`.
    ///
    /// `isFinal` says whether they complete a request that counts as in flight. Steps from `gathered` on
    /// become durable together, so replies that wait for any of them share a mark.
    mutating func mark(lsn: LSN, isFinal: Bool, gathered: LSN = .max) {
        let lsn = min(lsn, self.lsnMax)
        let finals = isFinal ? 1 : 0
        let last = self.marks.count - 1
        guard !self.isEmpty else {
            self.marks.append(Mark(end: self.writer.count, lsn: lsn, finals: finals))
            return
        }
        // Replies stay in order: none overtakes an earlier one.
        let before = self.marks[last].lsn
        if lsn <= before || before >= gathered {
            self.marks[last].end = self.writer.count
            self.marks[last].lsn = max(lsn, before)
            self.marks[last].finals += finals
        } else {
            self.marks.append(Mark(end: self.writer.count, lsn: lsn, finals: finals))
        }
    }

    /// Passes on, in one piece, all replies that reflect only durable steps.
    ///
    /// - Returns: The number of requests that they complete.
    mutating func release(
        durable: LSN,
        _ send: (UnsafeRawBufferPointer) -> Void
    ) -> Int {
        var next = self.firstMark
        var finals = 0
        while next < self.marks.count, self.marks[next].lsn <= durable {
            finals += self.marks[next].finals
            next += 1
        }
        guard next > self.firstMark else { return 0 }
        let end = self.marks[next - 1].end
        self.writer.withBytes { send(UnsafeRawBufferPointer(rebasing: $0[0..<end])) }
        if next == self.marks.count {
            self.writer.removeAll()
            self.marks.removeAll(keepingCapacity: true)
            self.firstMark = 0
        } else {
            self.writer.removeFirst(end)
            for index in next..<self.marks.count { self.marks[index].end -= end }
            self.firstMark = next
            self.compact()
        }
        return finals
    }

    /// Frees memory beyond what replies usually need, if none waits.
    mutating func shrink() {
        guard self.isEmpty, self.writer.count == 0 else { return }
        self.writer = ByteWriter(capacity: Self.byteCountAtFirst)
        self.marks = []
        self.firstMark = 0
    }

    private mutating func compact() {
        guard self.firstMark > 1_024, self.firstMark * 2 > self.marks.count else { return }
        self.marks.removeFirst(self.firstMark)
        self.firstMark = 0
    }

    func checkInvariants() {
        precondition(self.firstMark <= self.marks.count, "\(self.firstMark) of \(self.marks.count)")
        let waiting = self.marks[self.firstMark...]
        precondition(
            zip(waiting, waiting.dropFirst()).allSatisfy { $0.end <= $1.end && $0.lsn < $1.lsn },
            "replies are out of order"
        )
        precondition(
            waiting.last.map { $0.end == self.writer.count } ?? (self.writer.count == 0),
            "\(self.writer.count) bytes of replies have no mark"
        )
    }
}
