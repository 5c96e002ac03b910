internal import Bytes

struct WindowKey: Hashable {
    var interest: Int
    /// The LSN before its first step.
    var after: LSN
}

/// The windows of all conflated interests: those that are complete, those that are being built, and where windows
/// end besides at the end of their time.
///
///     interest 1   tracks ──58──63──90 │ building 90 … 97      the current window
///                        └ building 41 … 60 ─┐                  for a late subscriber
///     cuts                                   └ 60               a state checksum is of this LSN
///
/// A plain value; ``Fanout`` reads the steps and merges them. The time is passed in, in nanoseconds.
struct Conflation {
    /// The completed windows, by interest.
    private var tracks: [Int: ConflationTrack] = [:]
    /// One subscription of each interest, by whose filter its current window is built.
    private var followed: [Int: SharedInterest] = [:]
    private var windows: [WindowKey: WindowBuilder] = [:]
    /// LSNs at which windows end because of a state checksum, by interest.
    private var cuts: [Int: LSN] = [:]
    private let buildersMax: Int

    init(buildersMax: Int = FanoutLimits.windowBuildersMax) {
        precondition(buildersMax > 0, "at most \(buildersMax) windows are built")
        self.buildersMax = buildersMax
    }

    // MARK: - Interests

    /// A conflated subscription has begun, with steps durable up to `durable`.
    mutating func begin(_ interest: SharedInterest, period: UInt64, durable: LSN) {
        if self.followed[interest.number] == nil { self.followed[interest.number] = interest }
        guard self.tracks[interest.number] == nil else { return }
        self.tracks[interest.number] = ConflationTrack(period: period, at: durable)
    }

    var isEmpty: Bool { self.tracks.isEmpty }

    /// Drops the windows of all interests but these.
    mutating func retain(_ followed: [Int: SharedInterest]) {
        self.followed = followed
        guard followed.count < self.tracks.count else { return }
        self.tracks = self.tracks.filter { followed[$0.key] != nil }
        self.windows = self.windows.filter { followed[$0.key.interest] != nil }
        self.cuts = self.cuts.filter { followed[$0.key] != nil }
    }

    mutating func removeAll() { self = Conflation(buildersMax: self.buildersMax) }

    func track(_ interest: Int) -> ConflationTrack {
        guard let track = self.tracks[interest] else {
            preconditionFailure("a conflated subscription without a track")
        }
        return track
    }

    // MARK: - Cuts

    /// Windows of an interest end at this LSN, that of a state checksum; one that is not conflated has none.
    mutating func cut(_ interest: Int, at lsn: LSN) {
        if self.tracks[interest] != nil { self.cuts[interest] = lsn }
    }

    func isCut(_ interest: Int, at lsn: LSN) -> Bool { self.cuts[interest] == lsn }

    private func cut(_ interest: Int, behind lsn: LSN) -> LSN? {
        guard let cut = self.cuts[interest], cut > lsn else { return nil }
        return cut
    }

    // MARK: - What a subscriber needs

    enum Need: Equatable {
        /// The current window, once its time is over.
        case rest(until: UInt64)
        /// The current window, which begins after `after`; its time is over.
        case current(after: LSN)
        /// Complete windows, merged up to `through`; a piece that was made before must reach `least`.
        case merged(through: LSN, least: LSN)
    }

    /// What a subscriber at `lsn` needs next; `windowEnd` is the end of a window of which it has a part.
    func need(_ interest: Int, at lsn: LSN, windowEnd: LSN?, now: UInt64) -> Need {
        let track = self.track(interest)
        guard lsn < track.newest else {
            return now < track.dueAt ? .rest(until: track.dueAt) : .current(after: track.newest)
        }
        // The newest end, or the LSN of a state checksum that will be compared.
        let end = min(self.cut(interest, behind: lsn) ?? .max, track.newest)
        let least = windowEnd ?? end
        return .merged(through: max(end, least), least: least)
    }

    /// The window that a subscriber at `lsn` waits for.
    func key(_ interest: Int, at lsn: LSN) -> WindowKey {
        WindowKey(interest: interest, after: min(lsn, self.tracks[interest]?.newest ?? .max))
    }

    // MARK: - Building

    /// The LSN up to which a window has been built; `nil` if it has not begun.
    func builtLSN(_ key: WindowKey) -> LSN? { self.windows[key]?.through }

    /// Whether no other window than those that were begun may be.
    func isFull(for key: WindowKey) -> Bool {
        self.windows[key] == nil && self.windows.count >= self.buildersMax
    }

    /// Drops the windows that nobody waits for.
    mutating func dropWindows(except used: Set<WindowKey>) {
        self.windows = self.windows.filter { used.contains($0.key) }
    }

    /// Takes a window out to build it up to `end`, or where it was decided before that it ends.
    mutating func takeWindow(_ key: WindowKey, through end: LSN) -> WindowBuilder {
        precondition(!self.isFull(for: key), "more than \(self.buildersMax) windows are built")
        var builder = self.windows.removeValue(forKey: key) ?? WindowBuilder(through: key.after)
        builder.end = builder.end ?? min(end, self.cut(key.interest, behind: key.after) ?? end)
        return builder
    }

    /// A window that is built in parts, and how far it may be built now.
    struct Followed {
        var key: WindowKey
        var interest: SharedInterest
        var builder: WindowBuilder
        var limit: LSN
    }

    /// Takes out the current window that is furthest behind, to build a part of it; `nil` if none has new steps.
    mutating func takeFollowed(durable: LSN) -> Followed? {
        guard self.tracks.count <= FanoutLimits.followedWindowsMax else { return nil }
        var next: (key: WindowKey, through: LSN, limit: LSN)?
        for (interest, track) in self.tracks {
            let key = WindowKey(interest: interest, after: track.newest)
            guard !self.isFull(for: key) else { continue }
            let builder = self.windows[key]
            let through = builder?.through ?? track.newest
            let limit = min(self.cut(interest, behind: track.newest) ?? .max, durable)
            let isOver = builder.map { $0.end != nil || $0.isFull } ?? false
            guard !isOver, through < limit, through < next?.through ?? .max else { continue }
            next = (key, through, limit)
        }
        guard let next, let interest = self.followed[next.key.interest] else { return nil }
        let builder = self.windows.removeValue(forKey: next.key)
        return Followed(
            key: next.key,
            interest: interest,
            builder: builder ?? WindowBuilder(through: next.through),
            limit: next.limit
        )
    }

    /// Puts a window back, of which steps are missing.
    mutating func put(_ builder: WindowBuilder, _ key: WindowKey) {
        precondition(self.windows[key] == nil, "a window after \(key.after) is built twice")
        self.windows[key] = builder
    }

    /// A window is complete; if it is the current one of its interest, the next one begins.
    mutating func completed(
        _ builder: WindowBuilder,
        _ key: WindowKey,
        as batches: [EventBatch],
        now: UInt64
    ) {
        guard self.tracks[key.interest]?.newest == key.after else { return }
        let byteCountMax = FanoutLimits.windowsByteCountMax / self.tracks.count
        self.tracks[key.interest]?.close(
            at: builder.through,
            batches,
            settledAt: builder.settledAt,
            now: now,
            byteCountMax: byteCountMax
        )
    }

    /// The log's files up to `lsn` are gone: current windows that need them restart with the steps after
    /// `durable`.
    mutating func restart(at lsn: LSN, durable: LSN) {
        for (interest, track) in self.tracks {
            let key = WindowKey(interest: interest, after: track.newest)
            guard let builder = self.windows[key], builder.through == lsn else { continue }
            self.windows[key] = nil
            self.tracks[interest] = ConflationTrack(period: track.period, at: durable)
        }
    }

    /// Traps if a window is of no interest, ends before it begins, or there are too many.
    ///
    /// - Complexity: O(windows)
    func checkInvariants() {
        precondition(
            self.windows.count <= self.buildersMax,
            "\(self.windows.count) windows are built"
        )
        precondition(
            Set(self.followed.keys).isSubset(of: self.tracks.keys),
            "an interest without a track is followed"
        )
        precondition(
            Set(self.cuts.keys).isSubset(of: self.tracks.keys),
            "windows of an interest without a track are cut"
        )
        for track in self.tracks.values { track.checkInvariants() }
        for (key, builder) in self.windows {
            builder.checkInvariants()
            precondition(
                self.tracks[key.interest] != nil,
                "a window of \(key.interest), of no track"
            )
            precondition(builder.through >= key.after, "a window ends before \(key.after)")
        }
    }
}
