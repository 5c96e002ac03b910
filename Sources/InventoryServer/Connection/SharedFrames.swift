internal import DequeModule
internal import NIOCore

/// Frames that a connection shares with others, each waiting for its place between the connection's own answers.
///
///     answers   [ reply | reply ]     [ reply ]      bytes of this connection
///                                ▲
///     shared                     the complete result of a live insight, encoded once, by reference
///
/// A plain value.
struct SharedFrames {
    private var waiting: Deque<(end: Int, frames: [ByteBuffer])> = []
    /// Bytes of the frames that wait.
    private(set) var byteCount = 0

    /// The offset at which the answers before the next frames end; `nil` if none wait.
    var nextEnd: Int? { self.waiting.first?.end }

    /// Appends frames behind the answers that end at `end`.
    mutating func append(_ frames: [ByteBuffer], behind end: Int) {
        precondition(
            end >= self.waiting.last?.end ?? 0,
            "frames behind \(end) come after later ones"
        )
        self.byteCount += Self.byteCount(frames)
        self.waiting.append((end, frames))
    }

    /// Removes and returns the next frames behind answers that end at `end`; `nil` if there are none.
    mutating func next(at end: Int) -> [ByteBuffer]? {
        guard let next = self.waiting.first, next.end <= end else { return nil }
        precondition(next.end == end, "frames behind \(next.end) were passed over at \(end)")
        self.waiting.removeFirst()
        self.byteCount -= Self.byteCount(next.frames)
        return next.frames
    }

    private static func byteCount(_ frames: [ByteBuffer]) -> Int {
        frames.reduce(0) { $0 + $1.readableBytes }
    }

    /// Traps unless the frames wait in order, behind answers that end beyond `released` and up to `last`.
    func checkInvariants(from released: Int, through last: Int) {
        let ends = self.waiting.map { $0.end }
        precondition(ends == ends.sorted(), "shared frames are out of order: \(ends)")
        precondition(
            ends.allSatisfy { $0 > released && $0 <= last },
            "shared frames wait at \(ends), replies from \(released) to \(last)"
        )
        let byteCount = self.waiting.reduce(0) { $0 + Self.byteCount($1.frames) }
        precondition(self.byteCount == byteCount, "\(self.byteCount) bytes, not \(byteCount)")
    }
}
