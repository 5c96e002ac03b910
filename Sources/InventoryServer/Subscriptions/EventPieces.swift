internal import Bytes
internal import DequeModule
internal import InventoryWire

/// Steps encoded once for all subscriptions of one interest that reach them.
struct EventPiece {
    /// The LSN before its first step.
    let after: LSN
    /// The last LSN that it covers, also if nothing of it matched.
    let through: LSN
    let batch: EventBatch
    /// A replica built from it is exact from this LSN on.
    let settledAt: LSN
    /// The end of its window, if the interest is conflated.
    var windowEnd: LSN = 0
    /// Whether its window ends there because it has the maximum number of levels.
    var isCutShort = false

    /// The memory of a cached piece: its bytes, and those of the entry, which an empty piece has too.
    var heldByteCount: Int { self.batch.byteCount + FanoutLimits.pieceOverheadByteCount }
}

/// The cache of the pieces of all interests; the oldest are evicted first.
///
///     interest 1   |──64 KiB──|──64 KiB──|─3 KiB─|       a subscriber within a piece gets the rest of
///     interest 2              |───64 KiB───|              it, and is at its end like the others then
///
/// So however many are behind, and wherever they began, they share the same pieces.
struct EventPieces {
    /// The limit of cached bytes.
    let byteCountMax: Int
    private(set) var byteCount = 0
    /// By interest; each strip is sorted by where its pieces begin.
    private var strips: [Int: [EventPiece]] = [:]
    /// The pieces in the order in which they were made.
    ///
    /// One that replaces another keeps its turn, so there is one entry for each piece.
    private var order: Deque<(interest: Int, after: LSN)> = []

    init(byteCountMax: Int = FanoutLimits.piecesByteCountMax) { self.byteCountMax = byteCountMax }

    /// The number of cached pieces.
    var count: Int { self.order.count }

    /// The index of the first piece that begins at `lsn` or later.
    private static func index(of lsn: LSN, in strip: [EventPiece]) -> Int {
        var low = 0
        var high = strip.count
        while low < high {
            let middle = (low + high) / 2
            if strip[middle].after < lsn { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The cached piece that begins after `lsn` or contains it; `nil` on a cache miss.
    ///
    /// - Complexity: O(log pieces)
    func piece(_ interest: Int, at lsn: LSN) -> EventPiece? {
        guard let strip = self.strips[interest] else { return nil }
        // Usually it is the newest.
        if let last = strip.last, last.after == lsn { return last }
        let index = Self.index(of: lsn, in: strip)
        if index < strip.count, strip[index].after == lsn { return strip[index] }
        guard index > 0, strip[index - 1].through > lsn else { return nil }
        return strip[index - 1]
    }

    /// The beginning of the first piece after `lsn`; `nil` if there is none.
    func next(_ interest: Int, after lsn: LSN) -> LSN? {
        guard let strip = self.strips[interest] else { return nil }
        let index = Self.index(of: lsn + 1, in: strip)
        return index < strip.count ? strip[index].after : nil
    }

    /// Caches a piece and replaces one that begins at the same step.
    mutating func insert(_ piece: EventPiece, _ interest: Int) {
        let index = Self.index(of: piece.after, in: self.strips[interest] ?? [])
        if let old = self.strips[interest]?.dropFirst(index).first, old.after == piece.after {
            self.byteCount -= old.heldByteCount
            self.strips[interest]?[index] = piece
        } else {
            self.strips[interest, default: []].insert(piece, at: index)
            self.order.append((interest, piece.after))
        }
        self.byteCount += piece.heldByteCount
        while self.byteCount > self.byteCountMax, self.order.count > 1 { self.removeOldest() }
    }

    private mutating func removeOldest() {
        let (interest, after) = self.order.removeFirst()
        let strip = self.strips[interest] ?? []
        let index = Self.index(of: after, in: strip)
        precondition(
            index < strip.count && strip[index].after == after,
            "no piece of interest \(interest) begins after LSN \(after)"
        )
        self.byteCount -= strip[index].heldByteCount
        if strip.count == 1 {
            self.strips[interest] = nil
        } else {
            self.strips[interest]?.remove(at: index)
        }
    }

    /// Removes pieces that every subscriber has passed.
    ///
    /// - Complexity: O(interests), or O(pieces) if any is removed
    mutating func remove(through lsn: LSN) {
        var hasRemoved = false
        for (interest, strip) in self.strips {
            let count = strip.prefix { $0.through <= lsn }.count
            guard count > 0 else { continue }
            hasRemoved = true
            for piece in strip[..<count] { self.byteCount -= piece.heldByteCount }
            self.strips[interest] = count < strip.count ? Array(strip[count...]) : nil
        }
        guard hasRemoved else { return }
        self.order.removeAll { made in
            let strip = self.strips[made.interest] ?? []
            let index = Self.index(of: made.after, in: strip)
            return index >= strip.count || strip[index].after != made.after
        }
    }

    mutating func removeAll() {
        self.strips = [:]
        self.order = []
        self.byteCount = 0
    }

    func checkInvariants() {
        var byteCount = 0
        for strip in self.strips.values {
            for piece in strip { byteCount += piece.heldByteCount }
            for (piece, next) in zip(strip, strip.dropFirst()) {
                precondition(piece.after < next.after, "pieces out of order at \(next.after)")
            }
        }
        precondition(byteCount == self.byteCount, "\(byteCount) bytes, not \(self.byteCount)")
        let count = self.strips.values.reduce(0) { $0 + $1.count }
        precondition(self.order.count == count, "\(self.order.count) entries of \(count) pieces")
    }
}
