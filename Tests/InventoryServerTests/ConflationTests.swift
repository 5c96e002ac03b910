import Bytes
import InventoryEngine
import InventoryModel
import Testing

@testable import InventoryServer

/// The windows of conflated interests as a transcript; the test builds them in place of the fan-out.
@Suite struct ConflationTests {
    private static func interest(_ number: Int) -> SharedInterest {
        SharedInterest(
            number: number,
            matcher: SubscriptionMatcher(Subscription(topics: .stock, start: .now)),
            requestID: 1
        )
    }

    /// Two windows may be built; interest 1 begins at LSN 10.
    private static func begun() -> Conflation {
        var conflation = Conflation(buildersMax: 2)
        conflation.begin(Self.interest(1), period: 100, durable: 10)
        conflation.checkInvariants()
        return conflation
    }

    /// Builds the window behind `after` up to `end`, or where it has to end.
    private func build(_ conflation: inout Conflation, after: LSN, through end: LSN, now: UInt64) {
        let key = WindowKey(interest: 1, after: after)
        var builder = conflation.takeWindow(key, through: end)
        builder.through = builder.end ?? end
        conflation.completed(builder, key, as: [], now: now)
        conflation.checkInvariants()
    }

    @Test
    func `the current window is built once its time is over, late ones are merged to its start`() {
        var conflation = Self.begun()
        #expect(conflation.need(1, at: 10, windowEnd: nil, now: 0) == .current(after: 10))
        self.build(&conflation, after: 10, through: 20, now: 50)
        #expect(conflation.need(1, at: 20, windowEnd: nil, now: 99) == .rest(until: 100))
        #expect(conflation.need(1, at: 20, windowEnd: nil, now: 100) == .current(after: 20))
        #expect(
            conflation.need(1, at: 14, windowEnd: nil, now: 60) == .merged(through: 20, least: 20)
        )
        // One that has a part of a longer window gets the rest of it.
        #expect(
            conflation.need(1, at: 14, windowEnd: 18, now: 60) == .merged(through: 20, least: 18)
        )
        #expect(conflation.key(1, at: 14).after == 14 && conflation.key(1, at: 25).after == 20)
    }

    @Test func `windows end at a state checksum, once`() {
        var conflation = Self.begun()
        conflation.cut(1, at: 15)
        // One of an interest without windows concerns nobody.
        conflation.cut(2, at: 15)
        conflation.checkInvariants()
        #expect(conflation.isCut(1, at: 15) && !conflation.isCut(2, at: 15))
        self.build(&conflation, after: 10, through: 20, now: 50)
        #expect(conflation.need(1, at: 15, windowEnd: nil, now: 100) == .current(after: 15))
        #expect(
            conflation.need(1, at: 12, windowEnd: nil, now: 50) == .merged(through: 15, least: 15)
        )
        self.build(&conflation, after: 15, through: 20, now: 150)
        #expect(conflation.need(1, at: 20, windowEnd: nil, now: 200) == .current(after: 20))
    }

    @Test func `a window that lacks steps keeps its end, and no more than so many are built`() {
        var conflation = Self.begun()
        let keys = [3, 5, 7].map { WindowKey(interest: 1, after: LSN($0)) }
        for key in keys.prefix(2) {
            #expect(!conflation.isFull(for: key))
            var builder = conflation.takeWindow(key, through: 10)
            builder.through = key.after + 1
            conflation.put(builder, key)
            conflation.checkInvariants()
        }
        #expect(conflation.isFull(for: keys[2]) && !conflation.isFull(for: keys[0]))
        #expect(conflation.builtLSN(keys[0]) == 4 && conflation.builtLSN(keys[2]) == nil)
        let again = conflation.takeWindow(keys[0], through: 99)
        #expect(again.end == 10 && again.through == 4)
        conflation.put(again, keys[0])
        conflation.dropWindows(except: [keys[1]])
        #expect(!conflation.isFull(for: keys[2]) && conflation.builtLSN(keys[0]) == nil)
    }

    @Test
    func `the current window furthest behind is followed, up to what is durable or a checksum`() {
        var conflation = Self.begun()
        conflation.begin(Self.interest(2), period: 100, durable: 12)
        #expect(conflation.takeFollowed(durable: 10)?.key == nil)
        conflation.cut(1, at: 11)
        guard var first = conflation.takeFollowed(durable: 20) else {
            Issue.record("no window is followed")
            return
        }
        #expect(first.key.interest == 1 && first.limit == 11)
        first.builder.through = first.limit
        conflation.put(first.builder, first.key)
        // The first is where it ends; the other one is behind.
        guard let second = conflation.takeFollowed(durable: 20) else {
            Issue.record("the other window is not followed")
            return
        }
        #expect(second.key == WindowKey(interest: 2, after: 12) && second.limit == 20)
        conflation.put(second.builder, second.key)
        conflation.checkInvariants()
    }

    @Test func `a window whose steps are gone restarts, and unused interests leave nothing`() {
        var conflation = Self.begun()
        let key = WindowKey(interest: 1, after: 10)
        let begun = conflation.takeWindow(key, through: 20)
        conflation.put(begun, key)
        conflation.restart(at: 9, durable: 90)
        #expect(conflation.builtLSN(key) == 10)
        conflation.restart(at: 10, durable: 90)
        conflation.checkInvariants()
        #expect(conflation.builtLSN(key) == nil)
        #expect(conflation.need(1, at: 90, windowEnd: nil, now: 0) == .current(after: 90))
        conflation.cut(1, at: 95)
        conflation.retain([:])
        conflation.checkInvariants()
        #expect(conflation.isEmpty && !conflation.isCut(1, at: 95))
    }
}
