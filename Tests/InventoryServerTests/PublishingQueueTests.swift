import InventoryTestSupport
import Testing

@testable import InventoryServer

/// The order in which subscribers are served: calls, and what is taken.
@Suite struct PublishingQueueTests {
    /// A queue that is checked after each step.
    private struct Checked {
        private(set) var queue = PublishingQueue()

        mutating func add(_ subscribers: UInt64..., to insight: UInt64) {
            for subscriber in subscribers { self.queue.add(subscriber, to: insight) }
            self.queue.checkInvariants()
        }

        mutating func remove(_ subscriber: UInt64, from insight: UInt64) {
            self.queue.remove(subscriber, from: insight)
            self.queue.checkInvariants()
        }

        mutating func changed(_ insight: UInt64) {
            self.queue.changed(insight)
            self.queue.checkInvariants()
        }

        mutating func beginAll() {
            self.queue.beginAll()
            self.queue.checkInvariants()
        }

        /// Returns the subscribers taken next, at most `count`.
        mutating func take(_ count: Int = .max) -> [UInt64] {
            var taken: [UInt64] = []
            while taken.count < count, let next = self.queue.take() {
                taken.append(next.subscriber)
                self.queue.checkInvariants()
            }
            return taken
        }
    }

    @Test func `nothing is served before something changes`() {
        var queue = Checked()
        #expect(queue.take().isEmpty)
        queue.changed(1)
        #expect(queue.queue.isIdle)
        queue.add(10, 11, to: 1)
        #expect(queue.queue.isIdle)
        #expect(queue.take().isEmpty)
    }

    @Test func `a change serves each subscriber once, across any number of turns`() {
        var queue = Checked()
        queue.add(10, 11, 12, 13, 14, to: 1)
        queue.changed(1)
        #expect(queue.take(2) == [10, 11])
        #expect(!queue.queue.isIdle)
        #expect(queue.take(2) == [12, 13])
        #expect(queue.take(2) == [14])
        #expect(queue.queue.isIdle)
    }

    @Test func `a change in the middle is served to those that wait, then to those served before`()
    {
        var queue = Checked()
        queue.add(10, 11, 12, to: 1)
        queue.changed(1)
        #expect(queue.take(1) == [10])
        queue.changed(1)
        queue.changed(1)
        #expect(queue.take(2) == [11, 12])
        #expect(queue.take() == [10, 11, 12])
    }

    @Test func `an insight that keeps changing does not hold up another`() {
        var queue = Checked()
        queue.add(10, 11, to: 1)
        queue.add(20, to: 2)
        queue.changed(1)
        queue.changed(2)
        #expect(queue.take(1) == [10])
        queue.changed(1)
        #expect(queue.take() == [11, 20, 10, 11])
    }

    @Test func `a subscriber that joins in the middle is served in the same pass`() {
        var queue = Checked()
        queue.add(10, 11, to: 1)
        queue.changed(1)
        #expect(queue.take(2) == [10, 11])
        queue.add(12, to: 1)
        #expect(queue.take() == [12])
        queue.add(13, to: 1)
        #expect(queue.take().isEmpty)
    }

    @Test func `whoever leaves in the middle, each of the others is served once`() {
        for leaving in 10..<16 as Range<UInt64> {
            for servedCount in 0...6 {
                var queue = Checked()
                queue.add(10, 11, 12, 13, 14, 15, to: 1)
                queue.changed(1)
                var served = queue.take(servedCount)
                let wasServed = served.contains(leaving)
                queue.remove(leaving, from: 1)
                served += queue.take()
                let expected = (10..<16).filter { wasServed || $0 != leaving }
                #expect(served.sorted() == expected, "\(leaving) left after \(servedCount)")
            }
        }
    }

    @Test func `the last subscriber takes its insight along`() {
        var queue = Checked()
        queue.add(10, to: 1)
        queue.add(20, to: 2)
        queue.changed(1)
        queue.changed(2)
        #expect(queue.queue.subscriber(of: 1) == 10)
        queue.remove(10, from: 1)
        #expect(queue.queue.count(of: 1) == 0)
        #expect(queue.queue.subscriber(of: 1) == nil)
        queue.changed(1)
        #expect(queue.take() == [20])
    }

    @Test func `a pass of all insights repeats none that is running`() {
        var queue = Checked()
        queue.add(10, 11, to: 1)
        queue.add(20, to: 2)
        queue.changed(1)
        #expect(queue.take(1) == [10])
        queue.beginAll()
        #expect(queue.take() == [11, 20])
        #expect(queue.queue.isIdle)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `after random steps everyone has the newest result, and nobody got an older one later`(
        seed: UInt64
    ) {
        var random = SplitMix64(seed: seed)
        var queue = Checked()
        // The newest result of each insight, and the one that each subscriber has.
        var newest: [UInt64: Int] = [:]
        var has: [UInt64: (insight: UInt64, result: Int)] = [:]
        func serve(_ count: Int) {
            for subscriber in queue.take(count) {
                guard let (insight, result) = has[subscriber] else {
                    Issue.record("\(subscriber) is gone")
                    continue
                }
                #expect(result <= newest[insight, default: 0])
                has[subscriber] = (insight, newest[insight, default: 0])
            }
        }
        for step in 1...400 as ClosedRange<UInt64> {
            let insight = UInt64.random(in: 1...3, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0...2:
                queue.add(step, to: insight)
                has[step] = (insight, newest[insight, default: 0])
            case 3:
                guard let leaving = has.keys.sorted().randomElement(using: &random),
                    let left = has.removeValue(forKey: leaving)
                else { break }
                queue.remove(leaving, from: left.insight)
            case 4:
                newest[insight, default: 0] += 1
                queue.changed(insight)
            case 5: queue.beginAll()
            default: serve(Int.random(in: 1...5, using: &random))
            }
        }
        serve(.max)
        #expect(has.values.allSatisfy { $0.result == newest[$0.insight, default: 0] })
        #expect(queue.queue.isIdle)
    }
}
