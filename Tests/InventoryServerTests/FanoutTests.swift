import ColumnStore
import Inventory
import InventoryWire
import NIOCore
import Testing

@testable import InventoryServer

@Suite struct FanoutPaceTests {
    @Test func `the first block is told of at once`() {
        var pace = FanoutPace()
        #expect(pace.becameDurable(at: 0) == .deliverNow)
    }

    @Test func `after a round the loop rests for half of what it took, and one wait serves all`() {
        var pace = FanoutPace()
        pace.delivered(from: 1_000, to: 5_000)
        #expect(pace.becameDurable(at: 5_000) == .wait(nanoseconds: 2_000))
        #expect(pace.becameDurable(at: 5_500) == .nothing)
        pace.waited()
        #expect(pace.becameDurable(at: 6_999) == .wait(nanoseconds: 1))
        pace.waited()
        #expect(pace.becameDurable(at: 7_000) == .deliverNow)
    }

    @Test func `a round that takes no time needs no rest`() {
        var pace = FanoutPace()
        pace.delivered(from: 9, to: 9)
        #expect(pace.becameDurable(at: 9) == .deliverNow)
    }
}

@Suite struct EventBatchTests {
    private static func batch(_ body: [UInt8]) -> EventBatch {
        var writer = ByteWriter()
        writer.write(bytes: body)
        return EventBatch(writer, requestID: 7, through: 40, needsReset: false)
    }

    @Test(arguments: [7, 8, .max] as [UInt64])
    func `every request gets the frame that a writer would make of the body`(id: UInt64) {
        let body = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        var expected = ByteWriter()
        body.withUnsafeBytes {
            FrameWriter.append(.entries, requestID: id, body: $0, into: &expected)
        }
        var found: [UInt8] = []
        var buffers = 0
        Self.batch(body).forEachBuffer(of: id) { buffer in
            found += Array(buffer.readableBytesView)
            buffers += 1
        }
        #expect(found == expected.array())
        #expect(buffers == (id == 7 ? 1 : 2))
    }

    @Test func `a batch of nothing has no frame`() {
        let batch = Self.batch([])
        #expect(batch.isEmpty)
        batch.forEachBuffer(of: 7) { _ in Issue.record("a frame of nothing") }
    }

    @Test func `equal interests have one number, also when the table begins anew`() {
        var interests = Interests()
        func matcher(_ category: UInt32) -> SubscriptionMatcher {
            let filter = SubscriptionFilter(category: CategoryID(category))
            return SubscriptionMatcher(Subscription(topics: .stock, filter: filter, start: .now))
        }
        let first = interests.number(of: matcher(1), among: 0)
        #expect(interests.number(of: matcher(1), among: 1) == first)
        var seen: Set<Int> = [first]
        for category in 2...200 as ClosedRange<UInt32> {
            let number = interests.number(of: matcher(category), among: 3)
            #expect(seen.insert(number).inserted)
            #expect(interests.number(of: matcher(category), among: 3) == number)
        }
    }
}

@Suite struct SharedMarkTests {
    /// Adds a reply of one byte.
    private static func add(
        _ byte: UInt8,
        _ pending: inout PendingReplies,
        lsn: UInt64,
        gathered: UInt64 = .max
    ) {
        pending.writer.write(byte)
        pending.mark(lsn: lsn, isFinal: true, gathered: gathered)
    }

    private static func release(
        _ pending: inout PendingReplies,
        durable: UInt64
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        let finals = pending.release(durable: durable) { bytes += Array($0) }
        // Each reply here completes a request.
        #expect(finals == bytes.count)
        return bytes
    }

    @Test func `replies that wait for one block leave together, those before it earlier`() {
        var pending = PendingReplies()
        // Steps up to 40 are on their way to the disk; 41 begins the next block.
        Self.add(1, &pending, lsn: 40, gathered: 41)
        Self.add(2, &pending, lsn: 41, gathered: 41)
        Self.add(3, &pending, lsn: 42, gathered: 41)
        #expect(Self.release(&pending, durable: 40) == [1])
        // That block is on its way now, and 43 begins the next.
        Self.add(4, &pending, lsn: 43, gathered: 43)
        #expect(Self.release(&pending, durable: 42) == [2, 3])
        #expect(Self.release(&pending, durable: 43) == [4])
    }
}
