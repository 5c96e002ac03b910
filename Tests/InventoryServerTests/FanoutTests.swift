import Bytes
import InventoryEngine
import InventoryModel
import InventoryWire
import NIOCore
import Testing

@testable import InventoryServer

@Suite struct EventBatchTests {
    private static func batch(_ body: [UInt8]) -> EventBatch {
        var writer = ByteWriter()
        writer.write(bytes: body)
        return EventBatch(writer, requestID: 7, through: 40)
    }

    private static func bytes(_ batch: EventBatch, _ requestID: UInt64) -> [UInt8] {
        var found: [UInt8] = []
        batch.forEachBuffer(of: requestID) { found += Array($0.readableBytesView) }
        return found
    }

    @Test(arguments: [7, 8, .max] as [UInt64])
    func `every request gets the frame that a writer would make of the body`(id: UInt64) {
        let body = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        var expected = ByteWriter()
        body.withUnsafeBytes {
            FrameWriter.append(.entries, requestID: id, body: $0, into: &expected)
        }
        #expect(Self.bytes(Self.batch(body), id) == expected.array())
    }

    @Test func `an empty batch has no frame`() {
        let batch = Self.batch([])
        #expect(batch.isEmpty)
        batch.forEachBuffer(of: 7) { _ in Issue.record("a frame of no bytes") }
    }

    @Test func `a subscriber within a piece gets the rest of it`() {
        func encoded(_ lsns: ClosedRange<UInt64>) -> EventBatch {
            var writer = ByteWriter()
            for lsn in lsns.map({ LSN($0) }) {
                Entry(lsn: lsn, time: .zero, actor: "a", changes: [.productDeleted(ProductID(1))])
                    .encode(into: &writer)
            }
            return EventBatch(writer, requestID: 1, through: LSN(lsns.upperBound))
        }
        let batch = encoded(5...9)
        #expect(Self.bytes(batch.suffix(after: 7), 1) == Self.bytes(encoded(8...9), 1))
        #expect(Self.bytes(batch.suffix(after: 4), 1) == Self.bytes(batch, 1))
        #expect(batch.suffix(after: 9).isEmpty)
    }

    @Test func `equal interests have one number, also after the table is reset`() {
        var interests = Interests() { didSet { interests.checkInvariants() } }
        func interest(_ category: UInt32) -> Interest {
            let filter = SubscriptionFilter(category: CategoryID(category))
            return Interest(
                matcher: SubscriptionMatcher(
                    Subscription(topics: .stock, filter: filter, start: .now)
                ),
                period: nil
            )
        }
        let first = interests.number(of: interest(1), among: 0)
        #expect(interests.number(of: interest(1), among: 1) == first)
        var conflated = interest(1)
        conflated.period = 100
        var seen: Set<Int> = [first, interests.number(of: conflated, among: 1)]
        #expect(seen.count == 2)
        for category in 2...200 as ClosedRange<UInt32> {
            let number = interests.number(of: interest(category), among: 3)
            #expect(seen.insert(number).inserted)
            #expect(interests.number(of: interest(category), among: 3) == number)
        }
    }
}

@Suite struct EventPiecesTests {
    private static func piece(_ after: LSN, _ through: LSN, bytes: Int = 10) -> EventPiece {
        var writer = ByteWriter()
        writer.writeZeros(bytes)
        return EventPiece(
            after: after,
            through: through,
            batch: EventBatch(writer, requestID: 1, through: through),
            settledAt: 0
        )
    }

    @Test func `a position within a piece finds it, and the next piece begins where it ends`() {
        var pieces = EventPieces()
        pieces.insert(Self.piece(20, 30), 1)
        pieces.insert(Self.piece(10, 20), 1)
        pieces.checkInvariants()
        #expect(pieces.piece(1, at: 10)?.through == 20)
        #expect(pieces.piece(1, at: 15)?.through == 20)
        #expect(pieces.piece(1, at: 20)?.through == 30)
        #expect(pieces.piece(1, at: 30) == nil)
        #expect(pieces.piece(1, at: 9) == nil)
        #expect(pieces.piece(2, at: 15) == nil)
        // A piece made from an earlier position ends there.
        #expect(pieces.next(1, after: 5) == 10)
        #expect(pieces.next(1, after: 10) == 20)
        #expect(pieces.next(1, after: 20) == nil)
    }

    @Test func `the bytes of cached pieces are bounded for any number of interests`() {
        var pieces = EventPieces(byteCountMax: 5_000)
        for number in 0..<2_000 as Range<UInt64> {
            pieces.insert(
                Self.piece(LSN(number * 10), LSN(number * 10 + 10), bytes: 100),
                Int(number % 7)
            )
            pieces.checkInvariants()
            #expect(pieces.byteCount <= 5_000)
        }
        #expect(pieces.piece(1_999 % 7, at: 19_990) != nil)
        #expect(pieces.piece(0, at: 0) == nil)
        // A piece that replaces another counts once.
        pieces.insert(Self.piece(19_990, 19_995, bytes: 50), 1_999 % 7)
        pieces.checkInvariants()
        #expect(pieces.piece(1_999 % 7, at: 19_990)?.through == 19_995)
        pieces.removeAll()
        pieces.checkInvariants()
        #expect(pieces.byteCount == 0)
    }

    @Test func `pieces in which no step matched are bounded too`() {
        let countMax = 100
        var pieces = EventPieces(byteCountMax: countMax * FanoutLimits.pieceOverheadByteCount)
        // One subscriber is stuck at LSN 0, so no piece is ever passed by all.
        for lsn in 0..<10_000 as Range<UInt64> {
            pieces.insert(Self.piece(LSN(lsn), LSN(lsn + 1), bytes: 0), 1)
        }
        pieces.checkInvariants()
        #expect(pieces.count == countMax)
        #expect(pieces.piece(1, at: 9_999) != nil && pieces.piece(1, at: 0) == nil)
    }

    @Test func `a piece that is replaced again and again is stored once, and others stay`() {
        var pieces = EventPieces(byteCountMax: 1 << 20)
        pieces.insert(Self.piece(0, 10), 1)
        for through in 11..<10_000 as Range<UInt64> {
            pieces.insert(Self.piece(10, LSN(through)), 1)
        }
        pieces.checkInvariants()
        #expect(pieces.count == 2)
        #expect(pieces.piece(1, at: 0)?.through == 10)
    }

    @Test func `pieces that all have passed are removed, those with a subscriber within are not`() {
        var pieces = EventPieces(byteCountMax: 4_000)
        for lsn in stride(from: 0, to: 40, by: 10).map({ LSN($0) }) {
            pieces.insert(Self.piece(lsn, lsn + 10), 1)
            pieces.insert(Self.piece(lsn, lsn + 10), 2)
        }
        pieces.remove(through: 25)
        pieces.checkInvariants()
        for interest in 1...2 {
            #expect(pieces.piece(interest, at: 10) == nil)
            #expect(pieces.piece(interest, at: 25)?.through == 30)
            #expect(pieces.piece(interest, at: 30)?.through == 40)
        }
        // The bytes of removed pieces are free for others again.
        for lsn in stride(from: 40, to: 1_000, by: 10).map({ LSN($0) }) {
            pieces.insert(Self.piece(lsn, lsn + 10), 1)
            pieces.remove(through: lsn)
            pieces.checkInvariants()
            #expect(pieces.piece(1, at: lsn) != nil)
        }
        pieces.remove(through: 1_000)
        #expect(pieces.byteCount == 0)
    }
}

@Suite struct FeedBlocksTests {
    private static func block(_ lsns: ClosedRange<UInt64>, actor: String = "") -> IndexedBlock {
        var writer = ByteWriter()
        for lsn in lsns.map({ LSN($0) }) {
            Entry(lsn: lsn, time: .zero, actor: actor, changes: [.productDeleted(ProductID(1))])
                .encode(into: &writer)
        }
        return IndexedBlock(
            FeedBlock(first: LSN(lsns.lowerBound), count: lsns.count, bytes: writer.array())
        )
    }

    @Test func `an entry is found in the middle of a large block, whatever precedes it`() {
        let block = Self.block(1...5_000, actor: String(repeating: "a", count: 60))
        for after in [0, 1, 2_500, 4_998, 4_999, 5_000] as [LSN] {
            var found: [LSN] = []
            block.forEachEntry(after: after, through: 4_999) { entry, bytes in
                found.append(entry.lsn)
                #expect(bytes.count > 80)
                return found.count < 3
            }
            #expect(found == (1..<5_000).map { LSN($0) }.filter { $0 > after }.prefix(3).map { $0 })
        }
    }

    @Test func `the feed retains its newest bytes, and a gap resets it`() {
        let size = Self.block(1...10).byteCount
        var blocks = FeedBlocks(feedByteCountMax: 3 * size, readByteCountMax: 2 * size) {
            didSet { blocks.checkInvariants() }
        }
        for number in 0..<20 as Range<UInt64> {
            blocks.append(Self.block((number * 10 + 1)...(number * 10 + 10)))
            #expect(blocks.feedByteCount <= 3 * size)
        }
        #expect(blocks.block(after: 199)?.first == 191)
        #expect(blocks.block(after: 170)?.first == 171)
        #expect(blocks.block(after: 169) == nil)
        #expect(blocks.block(after: 200) == nil)
        blocks.append(Self.block(301...310))
        #expect(blocks.block(after: 199) == nil)
        #expect(blocks.block(after: 300)?.first == 301)
    }

    @Test func `blocks of the log's files are cached for all subscribers, the latest read ones`() {
        let size = Self.block(1...10).byteCount
        var blocks = FeedBlocks(feedByteCountMax: 3 * size, readByteCountMax: 2 * size) {
            didSet { blocks.checkInvariants() }
        }
        blocks.insert(read: Self.block(21...30))
        blocks.insert(read: Self.block(1...10))
        blocks.insert(read: Self.block(1...10))
        #expect(blocks.readByteCount == 2 * size)
        #expect(blocks.block(after: 25)?.first == 21)
        #expect(blocks.block(after: 0)?.first == 1)
        blocks.insert(read: Self.block(11...20))
        #expect(blocks.block(after: 25) == nil)
        #expect(blocks.block(after: 12)?.first == 11)
        blocks.removeRead()
        #expect(blocks.block(after: 12) == nil)
        #expect(blocks.readByteCount == 0)
    }
}

@Suite struct FanoutQueueTests {
    @Test func `bytes leave in order, however few the socket accepts at once`() {
        var queue = FanoutQueue()
        var expected: [UInt8] = []
        for number in 1...20 as ClosedRange<UInt8> {
            let bytes = [UInt8](repeating: number, count: Int(number))
            expected += bytes
            queue.append(ByteBuffer(bytes: bytes), isAnswer: number % 2 == 0)
            queue.checkInvariants()
        }
        let answers = (1...20).filter { $0 % 2 == 0 }.reduce(0, +)
        #expect(queue.byteCount == expected.count)
        #expect(queue.answerByteCount == answers)
        var found: [UInt8] = []
        while !queue.isEmpty {
            let offered = queue.first(3).flatMap { Array($0.readableBytesView) }
            let taken = min(7, offered.count)
            found += offered.prefix(taken)
            queue.remove(taken)
            queue.checkInvariants()
        }
        #expect(found == expected)
        #expect(queue.byteCount == 0 && queue.answerByteCount == 0)
    }

    @Test func `a queue that never becomes empty frees the parts that were written`() {
        var queue = FanoutQueue()
        queue.append(ByteBuffer(bytes: [0]), isAnswer: true)
        for number in 1...10_000 {
            queue.append(ByteBuffer(bytes: [UInt8(number % 251)]), isAnswer: true)
            queue.remove(1)
            queue.checkInvariants()
        }
        #expect(queue.partCount == 1)
        #expect(queue.first(2).map { Array($0.readableBytesView) } == [[UInt8(10_000 % 251)]])
        #expect(queue.byteCount == 1 && queue.answerByteCount == 1)
    }

    @Test func `an outbox that was full notifies once it has space, and only then`() {
        let outbox = FanoutOutbox()
        outbox.add(FanoutLimits.answerByteCountMax - 1)
        #expect(!outbox.isFull())
        #expect(!outbox.remove(1))
        outbox.add(10)
        #expect(outbox.isFull())
        #expect(outbox.remove(100))
        #expect(!outbox.remove(100))
        #expect(!outbox.isFull())
    }
}

@Suite struct TurnHistogramTests {
    @Test func `a percentile is within an eighth of the exact one`() {
        var histogram = TurnHistogram()
        for value in 1...1_000 as ClosedRange<UInt64> {
            histogram.record(value * 1_000, at: 5)
            histogram.checkInvariants()
        }
        let counts = histogram.recent(at: 5)
        #expect(counts.count == 1_000)
        #expect(counts.max == 1_000_000)
        for share in [0.01, 0.5, 0.9, 0.99] {
            let exact = share * 1_000_000
            let found = Double(counts.value(at: share))
            #expect(found >= exact && found <= exact * 1.13)
        }
        #expect(counts.value(at: 1) == 1_000_000)
    }

    @Test func `turns older than a minute count only for the longest ever`() {
        var histogram = TurnHistogram()
        histogram.record(900, at: 0)
        for second in 1...200 as ClosedRange<UInt64> {
            histogram.record(7, at: second * 1_000_000_000)
            histogram.checkInvariants()
        }
        let recent = histogram.recent(at: 200_000_000_000)
        #expect(recent.max == 7)
        #expect(recent.count <= 61)
        #expect(histogram.maxEver == 900)
        #expect(histogram.recent(at: 400_000_000_000).count == 0)
    }
}

@Suite struct SharedMarkTests {
    /// Adds a reply of one byte.
    private static func add(
        _ byte: UInt8,
        _ pending: inout PendingReplies,
        lsn: LSN,
        gathered: UInt64 = .max
    ) {
        pending.writer.write(byte)
        pending.mark(lsn: lsn, isFinal: true, gathered: LSN(gathered))
    }

    private static func release(
        _ pending: inout PendingReplies,
        durable: LSN
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        let finals = pending.release(durable: durable) { bytes += Array($0) }
        // Each reply here completes a request.
        #expect(finals == bytes.count)
        return bytes
    }

    @Test func `replies that wait for one block leave together, earlier ones before`() {
        var pending = PendingReplies()
        // Steps up to 40 are being written; 41 begins the next block.
        Self.add(1, &pending, lsn: 40, gathered: 41)
        Self.add(2, &pending, lsn: 41, gathered: 41)
        Self.add(3, &pending, lsn: 42, gathered: 41)
        #expect(Self.release(&pending, durable: 40) == [1])
        // That block is being written now, and 43 begins the next.
        Self.add(4, &pending, lsn: 43, gathered: 43)
        #expect(Self.release(&pending, durable: 42) == [2, 3])
        #expect(Self.release(&pending, durable: 43) == [4])
    }
}
