/// What scans found out about sealed segments, kept for later scans: such a segment never changes, so
/// neither do the sums of its rows.
///
///     segment      0                     1       2   …
///     whole    rows, sums             rows, …
///     by code  rows, sums of each     rows, …            by one map from value to code
///
/// Nothing is kept that no question asked for. A copy of a table shares what was found; since copies
/// may be appended to apart, each finding names the segment that it is of. Findings by code are forgotten
/// once a value is mapped to another code than it was.
package final class SegmentAggregateCache: Sendable {
    /// Codes up to which sums by code are kept: with five sums, 12 KiB for a segment's 8,192 rows.
    package static let codesMax = 1 << 8

    private struct State {
        var whole = Findings(version: 0)
        var byCode = Findings(version: 0)
        var map: CodeMap?
    }

    private let state = Guarded(State())

    package init() {}

    /// What is known about whole segments.
    package var whole: Findings { self.state.withLock { $0.whole } }

    /// What is known of each code by this map.
    ///
    /// - Complexity: O(values of the map)
    package func byCode(of map: CodeMap) -> Findings {
        precondition(map.limit <= Self.codesMax, "\(map.limit) codes")
        return self.state.withLock { state in
            if let kept = state.map, kept.agrees(with: map) {
                if map.count > kept.count { state.map = map }
            } else {
                state.map = map
                state.byCode = Findings(version: state.byCode.version + 1)
            }
            return state.byCode
        }
    }

    /// Keeps what a scan has found; it had these findings when it began, and the others are dropped if
    /// the map is another by now.
    package func keep(_ found: [Int: Finding], wholeSegments: Bool, after earlier: Findings) {
        guard !found.isEmpty else { return }
        self.state.withLock { state in
            if wholeSegments {
                state.whole.take(found)
            } else if state.byCode.version == earlier.version {
                state.byCode.take(found)
            }
        }
    }

    /// Forgets everything, as if no question had been asked yet.
    package func forget() {
        self.state.withLock {
            $0 = State(
                whole: Findings(version: 0),
                byCode: Findings(version: $0.byCode.version + 1)
            )
        }
    }
}

extension SegmentAggregateCache {
    /// What is known about one segment's rows.
    package struct Finding: Sendable {
        /// The sealed segment of the column that tells the table's segments apart.
        fileprivate let segment: any AnyObject & Sendable
        /// Of how many codes there are sums; those of a whole segment are of one.
        package let codeCount: Int
        /// A bit for each kind of sum that there is.
        package let kinds: UInt32
        /// More than the magnitude of any sum of any of the rows.
        package let headroom: UInt64
        /// How many rows each code has, and then the sums of each kind.
        private let values: [Int64]

        /// Takes what a room has: its rows are those of the kinds in their order.
        ///
        /// Nothing for an open segment.
        package init?<Value>(
            _ segment: Int,
            of column: LedgerColumn<Value>,
            kinds: UInt32,
            headroom: UInt64,
            _ room: GroupSpace
        ) {
            guard segment < column.sealed.count else { return nil }
            self.segment = column.sealed[segment]
            self.codeCount = room.codeCount
            self.kinds = kinds
            self.headroom = headroom
            self.values = Array(room.values)
            let rows = 1 + kinds.nonzeroBitCount
            precondition(self.values.count == rows * self.codeCount, "\(rows) rows expected")
        }

        /// Lends how many rows each code has.
        package func withCounts<Result>(_ body: (UnsafeBufferPointer<Int64>) -> Result) -> Result {
            self.values.withUnsafeBufferPointer {
                body(UnsafeBufferPointer(rebasing: $0[..<self.codeCount]))
            }
        }

        /// Lends the sums of one kind, which must be there, by code.
        package func withSums<Result>(
            _ kind: Int,
            _ body: (UnsafeBufferPointer<Int64>) -> Result
        ) -> Result {
            precondition(self.kinds >> UInt32(kind) & 1 == 1, "no sum \(kind)")
            let below = self.kinds & (1 << UInt32(kind) - 1)
            let start = (1 + below.nonzeroBitCount) * self.codeCount
            return self.values.withUnsafeBufferPointer {
                body(UnsafeBufferPointer(rebasing: $0[start..<(start + self.codeCount)]))
            }
        }
    }

    /// Findings by segment, as they were when a scan began.
    package struct Findings: Sendable {
        fileprivate let version: UInt64
        private var findings: [Finding?] = []

        fileprivate init(version: UInt64) { self.version = version }

        /// What is known about a segment of a table, by the column that tells its segments apart.
        package subscript<Value>(_ segment: Int, _ column: LedgerColumn<Value>) -> Finding? {
            guard segment < self.findings.count, segment < column.sealed.count,
                let finding = self.findings[segment], finding.segment === column.sealed[segment]
            else { return nil }
            return finding
        }

        fileprivate mutating func take(_ found: [Int: Finding]) {
            let missing = (found.keys.max() ?? 0) + 1 - self.findings.count
            if missing > 0 { self.findings += Array(repeating: nil, count: missing) }
            for (segment, finding) in found { self.findings[segment] = finding }
        }
    }
}
