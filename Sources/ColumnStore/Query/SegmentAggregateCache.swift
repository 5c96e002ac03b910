internal import Bytes

/// Cached segment aggregates: results of scans over sealed segments, which never change.
///
///     segment      0                     1       2   …
///     whole    rows, sums             rows, …
///     by code  rows, sums of each     rows, …            by one map from value to code
///
/// Only the results of executed queries are cached. Copies of a table share the cache; since copies may
/// diverge, each finding identifies its segment. Findings by code are dropped once the map assigns a
/// value another code.
package final class SegmentAggregateCache: Sendable {
    /// The maximum number of codes with cached sums: with five sums, 12 KiB for a segment's 8,192 rows.
    package static let codesMax = 1 << 8

    private struct State {
        var whole = Findings(version: 0)
        var byCode = Findings(version: 0)
        var map: CodeMap?
    }

    private let state = Guarded(State())

    package init() {}

    /// The findings about whole segments.
    package var whole: Findings { self.state.withLock { $0.whole } }

    /// Returns the findings per code of this map.
    ///
    /// - Complexity: O(values of the map)
    package func byCode(of map: CodeMap) -> Findings {
        precondition(map.limit <= Self.codesMax, "\(map.limit) codes")
        return self.state.withLock { state in
            if let current = state.map, current.agrees(with: map) {
                if map.count > current.count { state.map = map }
            } else {
                state.map = map
                state.byCode = Findings(version: state.byCode.version + 1)
            }
            return state.byCode
        }
    }

    /// Caches what a scan has found, unless the map has changed since the scan began with `earlier`.
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

    /// Empties the cache.
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
    /// The cached aggregates of one segment's rows.
    package struct Finding: Sendable {
        /// The sealed segment of the column that identifies the table's segments.
        fileprivate let segment: any AnyObject & Sendable
        /// The number of codes with sums; 1 for a whole segment.
        package let codeCount: Int
        /// One bit for each kind of sum.
        package let kinds: UInt32
        /// An upper bound of the magnitude of any sum of any of the rows.
        package let headroom: UInt64
        /// The row counts of all codes, then the sums of each kind.
        private let values: [Int64]

        /// Copies the sums of a group space, whose rows are those of the kinds in their order.
        ///
        /// Returns `nil` for an open segment.
        package init?<Value>(
            _ segment: Int,
            of column: LedgerColumn<Value>,
            kinds: UInt32,
            headroom: UInt64,
            _ space: GroupSpace
        ) {
            guard segment < column.sealed.count else { return nil }
            self.segment = column.sealed[segment]
            self.codeCount = space.codeCount
            self.kinds = kinds
            self.headroom = headroom
            self.values = Array(space.values)
            let rows = 1 + kinds.nonzeroBitCount
            precondition(self.values.count == rows * self.codeCount, "\(rows) rows expected")
        }

        /// Calls `body` with the row count of each code.
        package func withCounts<Result>(_ body: (UnsafeBufferPointer<Int64>) -> Result) -> Result {
            self.values.withUnsafeBufferPointer {
                body(UnsafeBufferPointer(rebasing: $0[..<self.codeCount]))
            }
        }

        /// Calls `body` with the sums of one kind, which must exist, by code.
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

    /// The findings by segment at the start of a scan.
    package struct Findings: Sendable {
        fileprivate let version: UInt64
        private var findings: [Finding?] = []

        fileprivate init(version: UInt64) { self.version = version }

        /// The finding about a segment of a table, by the column that identifies its segments.
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
