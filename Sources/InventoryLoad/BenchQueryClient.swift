internal import Bytes
internal import InventoryModel
import InventoryWire

/// A connection that sends the longest queries, one after another, until it is stopped.
final class BenchQueryClient: BenchPeer {
    private let phase: BenchPhase
    private let tally: BenchTally
    private var next: Int
    private var requestID: UInt64 = 1
    private var sentAt: Int64 = 0

    /// Creates a connection.
    ///
    /// - Parameters:
    ///   - number: The index of its first query, so that not all connections send the same at once.
    ///   - phase: Whether to record latencies.
    ///   - tally: The results of the thread.
    init(_ number: Int, phase: BenchPhase, tally: BenchTally) {
        self.next = number
        self.phase = phase
        self.tally = tally
    }

    /// Full scans, many groups, sorted catalogs, and searches without a match.
    private static let queries: [Request] = [
        .query(.verify),
        .insight(.named(NamedInsight(.velocity, window: .all))),
        .insight(.named(NamedInsight(.turnover, window: .all))),
        .insight(.named(NamedInsight(.reorder, window: .all))),
        .insight(.named(NamedInsight(.ageing, window: .all))),
        .insight(
            .query(
                InsightQuery(
                    source: .sales,
                    groups: [[.product, .hour], [.product, .day], [.category, .hour], []],
                    measures: [.net, .units, .margin, .transactions, .products],
                    order: [InsightOrder(.measure(.margin), descending: true)],
                    limit: 1_000
                )
            )
        ),
        .query(.products(ProductSearch(text: "no such thing", sort: .name, isDescending: true))),
        .query(.ledger(LedgerQuery(actor: "nobody"))),
        .query(.sales(SalesQuery(from: Instant.calendar.lowerBound, limit: 1))),
        .query(.levels(LevelQuery(asOf: .lsn(1)))),
        .query(.categoryRollup(asOf: .lsn(1))),
    ]

    func connected(_ out: inout ByteWriter) {
        out.writeBenchHello()
        self.sendQuery(&out)
    }

    func due(_ now: UInt64, _ out: inout ByteWriter) -> UInt64? { nil }

    private func sendQuery(_ out: inout ByteWriter) {
        self.requestID += 1
        self.sentAt = benchClock()
        Self.queries[self.next % Self.queries.count]
            .encodeFrame(requestID: self.requestID, into: &out)
        self.next += 1
    }

    func received(_ bytes: UnsafeRawBufferPointer, _ out: inout ByteWriter) -> Int {
        var frames = BenchFrames(bytes)
        while let frame = frames.next() {
            switch Opcode(rawValue: frame.opcode) {
            case .refused:
                self.tally.refuse(frame.body)
                self.sendQuery(&out)
            case .resultEnd:
                if self.phase.isMeasuring {
                    self.tally.histogram.record(UInt64(max(0, benchClock() - self.sentAt)))
                }
                self.sendQuery(&out)
            case .goodbye: self.tally.refuse(frame.body)
            default: break
            }
        }
        return frames.consumed
    }
}
