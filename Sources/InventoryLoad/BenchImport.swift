internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryWire
import Synchronization

/// Imports past sales at full speed, as `invctl import` does: numbered errors-only batches of a session,
/// as many in flight as in an import.
final class BenchImport: BenchPeer {
    /// The progress of the import, read by the thread that waits for its end.
    final class Progress: Sendable {
        private let decided = Atomic(0)
        private let refused = Atomic(0)
        private let lastLSN = Atomic(UInt64(0))

        /// The number of sales acknowledged.
        var count: Int { self.decided.load(ordering: .relaxed) }
        var failures: Int { self.refused.load(ordering: .relaxed) }
        /// The LSN of the last sale acknowledged.
        var lsn: LSN { LSN(self.lastLSN.load(ordering: .relaxed)) }

        fileprivate func add(_ count: Int, lsn: LSN) {
            self.lastLSN.store(max(self.lsn, lsn).value, ordering: .relaxed)
            self.decided.add(count, ordering: .sequentiallyConsistent)
        }
        fileprivate func fail() { self.refused.add(1, ordering: .sequentiallyConsistent) }
    }

    let progress = Progress()
    /// Notified when each batch is acknowledged.
    private let till: TillProgress?
    private let products: [ProductID]
    private let saleCount: Int
    private var random = BenchRandom(seed: 7)
    private var sent = 0
    private var sequence: UInt64 = 0
    private var waiting: [UInt64: Int] = [:]

    private static let batchMax = 1_000
    private static let inFlightMax = 32
    /// The age of the first sale; the last one is a day old.
    private static let daysAgo: Int64 = 365
    private let begin: Int64

    init(_ products: [ProductID], sales: Int, _ till: TillProgress? = nil) {
        self.till = till
        self.products = products
        self.saleCount = sales
        self.begin = benchClock() - Self.daysAgo * 86_400_000_000
    }

    func connected(_ out: inout ByteWriter) {
        out.writeBenchHello()
        Request.openSession(.random(), mayCreate: true).encodeFrame(requestID: .max, into: &out)
    }

    func received(_ bytes: UnsafeRawBufferPointer, _ out: inout ByteWriter) -> Int {
        var frames = BenchFrames(bytes)
        while let frame = frames.next() {
            switch Opcode(rawValue: frame.opcode) {
            case .helloAccepted: break
            case .sessionOpened:
                for _ in 0..<Self.inFlightMax { self.send(&out) }
            case .outcome: self.receive(frame, &out)
            default: self.progress.fail()
            }
        }
        return frames.consumed
    }

    private func receive(_ frame: BenchFrames.Frame, _ out: inout ByteWriter) {
        var reader = ByteReader(frame.body)
        let count = self.waiting.removeValue(forKey: frame.requestID) ?? 0
        guard case .errorsOnly(let errorsOnly)? = try? Outcome(from: &reader),
            errorsOnly.refused.isEmpty
        else {
            self.progress.fail()
            return
        }
        self.progress.add(count, lsn: errorsOnly.lsn)
        self.till?.imported(through: errorsOnly.lsn, at: benchClock())
        self.send(&out)
    }

    func due(_ now: UInt64, _ out: inout ByteWriter) -> UInt64? { nil }

    private func send(_ out: inout ByteWriter) {
        let count = min(Self.batchMax, self.saleCount - self.sent)
        guard count > 0 else { return }
        var batch = BatchEncoder(.errorsOnly)
        let step = (Self.daysAgo - 1) * 86_400_000_000 / Int64(self.saleCount)
        for number in self.sent..<(self.sent + count) {
            let at = Instant(microseconds: self.begin + Int64(number) * step)
            let product = self.products[self.random.next(below: self.products.count)]
            batch.appendSale(
                lineCount: 1,
                reference: UnsafeRawBufferPointer(start: nil, count: 0),
                occurred: Occurrence(at: at, isImported: true)
            ) { _ in SaleLine(product: product, quantity: 1) }
        }
        self.sent += count
        self.sequence += 1
        self.waiting[self.sequence] = count
        batch.finish().encodeFrame(
            sequence: self.sequence,
            requestID: self.sequence,
            into: &out
        )
    }
}
