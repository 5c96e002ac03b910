internal import InventoryWire
internal import NIOCore

/// Received bytes of a connection that have not run yet: an incomplete frame, or frames for which a turn of
/// the loop had no time; with the timeout and the space of the incomplete frame.
///
///     read ──────┐
///     buffered ──┴▶ complete frames ──▶ run      rest ──▶ buffered      if large: its space
///
/// A plain value; times are milliseconds of a monotonic clock.
struct FrameIntake {
    private var buffered: ByteBuffer?
    /// When the incomplete frame was begun, or reading resumed since.
    private var begunAt: Int64 = 0
    /// Whether a timer runs for the frame.
    private(set) var isTimed = false
    /// Bytes of the large frame that was begun and has space or waits for it; 0 for none.
    private(set) var begunByteCount = 0
    /// Whether the connection is not read because there is no space for that frame.
    private(set) var isAwaitingSpace = false

    /// Whether no bytes are buffered.
    var isEmpty: Bool { self.buffered == nil }

    // MARK: - Bytes

    /// Appends `read` to the buffered bytes.
    ///
    /// - Returns: All of it, which is no longer buffered.
    mutating func take(_ read: inout ByteBuffer) -> ByteBuffer {
        // Taken out first: a second reference would make each read copy all of it.
        guard var buffered = self.buffered.take() else { return read }
        if buffered.readerIndex > buffered.readableBytes { buffered.discardReadBytes() }
        // Reserves a large frame's size at once, instead of copying at each doubling.
        let missing = self.begunByteCount - buffered.readableBytes
        if missing > buffered.writableBytes {
            buffered.reserveCapacity(minimumWritableBytes: missing)
        }
        buffered.writeBuffer(&read)
        return buffered
    }

    /// Removes and returns the buffered bytes.
    mutating func take() -> ByteBuffer? { self.buffered.take() }

    /// Buffers bytes until more arrive or there is time for them.
    mutating func keep(_ bytes: ByteBuffer) {
        precondition(self.buffered == nil, "bytes are already buffered")
        self.buffered = bytes
    }

    // MARK: - Time

    /// Starts the timeout of a frame that was begun, or whose reading resumed.
    ///
    /// - Returns: Milliseconds after which to call ``look(at:isRead:isSpaceWanted:)``; `nil` if a timer runs.
    mutating func begin(at now: Int64) -> Int64? {
        self.begunAt = now
        guard !self.isTimed else { return nil }
        self.isTimed = true
        return Int64(WireLimits.frameMilliseconds)
    }

    /// Restarts the timeout because reading resumed.
    mutating func resumed(at now: Int64) { self.begunAt = now }

    enum Verdict: Equatable {
        /// Nothing is buffered, so nothing is late.
        case none
        /// Check again after that many milliseconds.
        case later(Int64)
        case late
    }

    /// Checks whether the incomplete frame is late.
    ///
    /// `isRead` says whether the connection is read; while it is not, the client is not late, unless it holds
    /// space that others wait for.
    mutating func look(at now: Int64, isRead: Bool, isSpaceWanted: Bool) -> Verdict {
        self.isTimed = false
        guard self.buffered != nil else { return .none }
        let isHoldingUp = self.begunByteCount > 0 && !self.isAwaitingSpace && isSpaceWanted
        if !isRead, !isHoldingUp { self.begunAt = now }
        let left = self.begunAt + Int64(WireLimits.frameMilliseconds) - now
        guard left > 0 else { return .late }
        self.isTimed = true
        return .later(left)
    }

    // MARK: - Space

    /// Whether the incomplete frame needs space that it has not claimed.
    func needsSpace(_ byteCount: Int) -> Bool {
        byteCount > WireLimits.smallFrameByteCountMax && self.begunByteCount == 0
    }

    /// Records a claim; `hasSpace` says whether there was space; if not, ``spaceFound()`` follows.
    mutating func claimed(_ byteCount: Int, hasSpace: Bool) {
        self.begunByteCount = byteCount
        self.isAwaitingSpace = !hasSpace
    }

    mutating func spaceFound() { self.isAwaitingSpace = false }

    /// The frame is complete or abandoned.
    ///
    /// - Returns: Whether its space must be released.
    mutating func endedFrame() -> Bool {
        defer { (self.begunByteCount, self.isAwaitingSpace) = (0, false) }
        return self.begunByteCount > 0
    }

    /// Traps if an empty buffer is kept, a small frame has claimed space, or space is awaited for none.
    func checkInvariants() {
        precondition(self.buffered.map { $0.readableBytes > 0 } ?? true, "no bytes are buffered")
        precondition(
            self.begunByteCount == 0 || self.begunByteCount > WireLimits.smallFrameByteCountMax,
            "a frame of \(self.begunByteCount) bytes has claimed space"
        )
        precondition(
            !self.isAwaitingSpace || self.begunByteCount > 0,
            "space is awaited for no frame"
        )
    }
}
