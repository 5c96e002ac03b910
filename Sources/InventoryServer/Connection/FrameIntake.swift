internal import InventoryWire
internal import NIOCore

/// What a connection has sent that is not run yet: the beginning of a frame, or frames that a turn of the loop
/// had no time for; and the time and the space that the rest of a frame has.
///
///     read ──┐
///     kept ──┴▶ frames that are whole ──▶ run      rest ──▶ kept      a large one: its space, taken or awaited
///
/// A plain value; times are milliseconds of a clock that only rises.
struct FrameIntake {
    private var kept: ByteBuffer?
    /// When the frame was begun that is to be whole, or reading resumed since.
    private var begunAt: Int64 = 0
    /// Whether somebody looks when its time is over.
    private(set) var isTimed = false
    /// Bytes of the large frame that was begun, and has space or waits for it; 0 for none.
    private(set) var begunByteCount = 0
    /// Whether the connection is not read because there is no space for that frame.
    private(set) var isAwaitingSpace = false

    /// Whether something is kept.
    var isEmpty: Bool { self.kept == nil }

    // MARK: - Bytes

    /// Puts what was read behind what is kept.
    ///
    /// - Returns: All of it, which is no longer kept.
    mutating func take(_ read: inout ByteBuffer) -> ByteBuffer {
        // Taken out of its place: while that held it too, each read would copy all of it.
        guard var kept = self.kept.take() else { return read }
        if kept.readerIndex > kept.readableBytes { kept.discardReadBytes() }
        // Room for all of a large frame at once, instead of one copy in each of twice the size.
        let missing = self.begunByteCount - kept.readableBytes
        if missing > kept.writableBytes { kept.reserveCapacity(minimumWritableBytes: missing) }
        kept.writeBuffer(&read)
        return kept
    }

    /// What is kept, which no longer is.
    mutating func take() -> ByteBuffer? { self.kept.take() }

    /// Keeps bytes until more come, or there is time for them.
    mutating func keep(_ bytes: ByteBuffer) {
        precondition(self.kept == nil, "bytes are kept in the place of others")
        self.kept = bytes
    }

    // MARK: - Time

    /// A frame was begun, or reading resumed: its time begins.
    ///
    /// - Returns: After how long somebody is to look at it, for nobody does yet.
    mutating func begin(at now: Int64) -> Int64? {
        self.begunAt = now
        guard !self.isTimed else { return nil }
        self.isTimed = true
        return Int64(WireLimits.frameMilliseconds)
    }

    /// Reading resumed: the client has all the time again.
    mutating func resumed(at now: Int64) { self.begunAt = now }

    enum Verdict: Equatable {
        /// Nothing is kept, so nothing is late.
        case none
        /// Look again after so many milliseconds.
        case later(Int64)
        case late
    }

    /// Somebody looks whether the frame that was begun is late.
    ///
    /// `isRead`: Whether the connection is read; while it is not, the client is not the one who is late, unless
    /// it holds space that others wait for.
    mutating func look(at now: Int64, isRead: Bool, isSpaceWanted: Bool) -> Verdict {
        self.isTimed = false
        guard self.kept != nil else { return .none }
        let isHoldingUp = self.begunByteCount > 0 && !self.isAwaitingSpace && isSpaceWanted
        if !isRead, !isHoldingUp { self.begunAt = now }
        let left = self.begunAt + Int64(WireLimits.frameMilliseconds) - now
        guard left > 0 else { return .late }
        self.isTimed = true
        return .later(left)
    }

    // MARK: - Space

    /// Whether the frame that was begun needs space that it has not claimed.
    func needsSpace(_ byteCount: Int) -> Bool {
        byteCount > WireLimits.smallFrameByteCountMax && self.begunByteCount == 0
    }

    /// `hasSpace`: Whether there was space for the frame; if not, ``spaceFound()`` follows.
    mutating func claimed(_ byteCount: Int, hasSpace: Bool) {
        self.begunByteCount = byteCount
        self.isAwaitingSpace = !hasSpace
    }

    mutating func spaceFound() { self.isAwaitingSpace = false }

    /// The frame is whole, or will never be.
    ///
    /// - Returns: Whether its space is to be given back.
    mutating func endedFrame() -> Bool {
        defer { (self.begunByteCount, self.isAwaitingSpace) = (0, false) }
        return self.begunByteCount > 0
    }
}
