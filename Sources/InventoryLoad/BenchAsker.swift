internal import Bytes
internal import InventoryModel
import InventoryWire

/// One connection that asks the longest questions there are, one behind the other, without an end.
final class BenchAsker: BenchPeer {
    private let phase: BenchPhase
    private let tally: BenchTally
    private var next: Int
    private var requestID: UInt64 = 1
    private var askedAt: Int64 = 0

    /// `number`: Which question it begins with, so that not all ask the same at once.
    init(_ number: Int, phase: BenchPhase, tally: BenchTally) {
        self.next = number
        self.phase = phase
        self.tally = tally
    }

    /// Full scans, groups without number, sorted catalogs, and searches that find nothing.
    private static let questions: [Request] = [
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
        self.ask(&out)
    }

    func due(_ now: UInt64, _ out: inout ByteWriter) -> UInt64? { nil }

    private func ask(_ out: inout ByteWriter) {
        self.requestID += 1
        self.askedAt = benchClock()
        Self.questions[self.next % Self.questions.count]
            .encodeFrame(requestID: self.requestID, into: &out)
        self.next += 1
    }

    func received(_ bytes: UnsafeRawBufferPointer, _ out: inout ByteWriter) -> Int {
        var frames = BenchFrames(bytes)
        while let frame = frames.next() {
            switch Opcode(rawValue: frame.opcode) {
            case .refused:
                self.tally.refuse(frame.body)
                self.ask(&out)
            case .resultEnd:
                if self.phase.isMeasuring {
                    self.tally.histogram.record(UInt64(max(0, benchClock() - self.askedAt)))
                }
                self.ask(&out)
            case .goodbye: self.tally.refuse(frame.body)
            default: break
            }
        }
        return frames.consumed
    }
}
