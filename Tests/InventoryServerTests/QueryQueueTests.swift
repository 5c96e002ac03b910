import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryServer

/// The scheduling policy of query threads.
@Suite struct QueryQueueTests {
    private typealias Owner = QueryQueue.Owner

    private let ann = Owner(number: 20)
    private let bob = Owner(number: 21)

    @Test func `sixty scans of one connection delay another's by one`() throws {
        var queue = QueryQueue()
        for _ in 0..<60 { _ = try queue.add(self.ann, .scan) }
        let first = queue.next()
        #expect(first?.owner == self.ann)
        _ = try queue.add(self.bob, .scan)
        queue.ran(self.ann, for: 5_000_000)
        let second = queue.next()
        #expect(second?.owner == self.bob)
    }

    @Test func `a slice goes before a short query, and that before a scan`() throws {
        var queue = QueryQueue()
        let scan = try queue.add(self.ann, .scan)
        let short = try queue.add(self.ann, .short)
        let slice = try queue.add(self.ann, .slice)
        let order = (0..<4).map { _ in queue.next()?.ticket }
        #expect(order == [slice, short, scan, nil])
    }

    @Test func `beside a scan only shorter work is taken`() throws {
        var queue = QueryQueue()
        _ = try queue.add(self.ann, .scan)
        let none = queue.next(upTo: .short)
        #expect(none == nil)
        let short = try queue.add(self.bob, .short)
        let taken = queue.next(upTo: .short)
        #expect(taken?.ticket == short)
    }

    @Test func `a scan is not passed over forever`() throws {
        var queue = QueryQueue()
        let scan = try queue.add(self.ann, .scan)
        var passes = 0
        while true {
            _ = try queue.add(self.bob, .slice)
            guard let next = queue.next(), next.ticket != scan else { break }
            passes += 1
        }
        #expect(passes == QueryQueue.passesMax)
    }

    @Test func `connections share the threads evenly, whatever each piece of work costs`() throws {
        var random = SplitMix64(seed: 71)
        var queue = QueryQueue()
        let owners = (0..<7).map { Owner(number: 30 + UInt64($0)) }
        var served: [Owner: UInt64] = [:]
        for owner in owners { for _ in 0..<50 { _ = try queue.add(owner, .scan) } }
        for _ in 0..<200 {
            guard let next = queue.next() else { break }
            // Each has work of a different size.
            let cost = (1 + next.owner.number % 5) * 1_000_000 + random.next() % 100_000
            queue.ran(next.owner, for: cost)
            served[next.owner, default: 0] += cost
        }
        let shares = owners.map { served[$0] ?? 0 }
        let (least, most) = (shares.min() ?? 0, shares.max() ?? 0)
        #expect(most - least <= 2 * 5_100_000, "\(shares)")
    }

    @Test(arguments: UInt64(1)...4)
    func `in any order of events the counts equal the waiting work`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var queue = QueryQueue(ownerMax: 9, totalMax: 30)
        let owners = (0..<5).map { Owner(number: 30 + UInt64($0)) }
        var waiting: Set<QueryQueue.Ticket> = []
        for _ in 0..<2_000 {
            let owner = owners[Int(random.below(5))]
            switch random.below(8) {
            case 0..<4:
                let kind = QueryQueue.Class.allCases[Int(random.below(4))]
                if let ticket = try? queue.add(owner, kind) { waiting.insert(ticket) }
            case 4, 5:
                guard let next = queue.next() else { break }
                #expect(waiting.remove(next.ticket) != nil)
                queue.ran(next.owner, for: random.below(30_000_000))
            case 6:
                guard let ticket = waiting.first else { break }
                waiting.remove(ticket)
                let hasWaited = queue.withdraw(ticket)
                #expect(hasWaited)
            default:
                for ticket in queue.remove(owner) { waiting.remove(ticket) }
            }
            queue.checkInvariants()
            #expect(queue.count == waiting.count)
            #expect(queue.storedTicketCount <= 2 * waiting.count)
        }
    }

    @Test func `a late connection has no credit for the time before`() throws {
        var queue = QueryQueue()
        for _ in 0..<100 { _ = try queue.add(self.ann, .scan) }
        for _ in 0..<50 {
            _ = queue.next()
            queue.ran(self.ann, for: 1_000_000)
        }
        for _ in 0..<50 { _ = try queue.add(self.bob, .scan) }
        var turns: [Owner] = []
        for _ in 0..<10 {
            guard let next = queue.next() else { break }
            queue.ran(next.owner, for: 1_000_000)
            turns.append(next.owner)
        }
        #expect(turns.count { $0 == self.ann } >= 4, "\(turns)")
    }

    @Test func `a line that never becomes empty frees the tickets that were taken`() throws {
        var queue = QueryQueue()
        var waiting = try queue.add(self.ann, .scan)
        for _ in 0..<10_000 {
            let following = try queue.add(self.ann, .scan)
            let taken = queue.next()
            #expect(taken?.ticket == waiting)
            waiting = following
        }
        #expect(queue.count == 1)
        #expect(queue.storedTicketCount == 1)
        queue.checkInvariants()
    }

    @Test func `work withdrawn behind a waiting scan is not stored`() throws {
        var queue = QueryQueue(ownerMax: 3, totalMax: 5)
        let scan = try queue.add(self.ann, .scan)
        for _ in 0..<10_000 {
            let ticket = try queue.add(self.ann, .scan)
            let hasWaited = queue.withdraw(ticket)
            #expect(hasWaited)
        }
        #expect(queue.count == 1)
        #expect(queue.storedTicketCount <= 2)
        queue.checkInvariants()
        let taken = queue.next()
        #expect(taken?.ticket == scan)
    }

    @Test func `beyond its limit a connection is refused, and others are not`() throws {
        var queue = QueryQueue(ownerMax: 3, totalMax: 5)
        for _ in 0..<3 { _ = try queue.add(self.ann, .scan) }
        let ofAnn = Self.refusal(of: &queue, self.ann)
        #expect(ofAnn == Self.overloaded("waiting queries of a connection", 4, 3))
        for _ in 0..<2 { _ = try queue.add(self.bob, .scan) }
        let ofAnother = Self.refusal(of: &queue, Owner(number: 22))
        #expect(ofAnother == Self.overloaded("waiting queries", 6, 5))
        // Continuations of admitted work, and the server's own work, are accepted.
        _ = try queue.add(self.ann, .slice, isContinuation: true)
        _ = try queue.add(.server, .slice)
        #expect(queue.count == 7)
    }

    private static func refusal(of queue: inout QueryQueue, _ owner: Owner) -> Refusal? {
        do throws(Refusal) {
            _ = try queue.add(owner, .slice)
            return nil
        } catch {
            return error
        }
    }

    private static func overloaded(_ what: String, _ count: Int64, _ limit: Int64) -> Refusal {
        Refusal(.overloaded, .range(what, value: count, lowest: 0, highest: limit))
    }

    @Test func `withdrawn work is not taken, and frees its place`() throws {
        var queue = QueryQueue(ownerMax: 2, totalMax: 5)
        let first = try queue.add(self.ann, .scan)
        let second = try queue.add(self.ann, .scan)
        let withdrawals = [queue.withdraw(first), queue.withdraw(first)]
        #expect(withdrawals == [true, false])
        let third = try queue.add(self.ann, .short)
        let order = (0..<3).map { _ in queue.next()?.ticket }
        #expect(order == [third, second, nil] && queue.count == 0)
        let isLate = !queue.withdraw(second)
        #expect(isLate)
    }

    @Test func `a closed connection's work is dropped`() throws {
        var queue = QueryQueue()
        var tickets = Set<QueryQueue.Ticket>()
        for kind in QueryQueue.Class.allCases { tickets.insert(try queue.add(self.ann, kind)) }
        let other = try queue.add(self.bob, .scan)
        let dropped = Set(queue.remove(self.ann))
        #expect(dropped == tickets)
        let order = (0..<2).map { _ in queue.next()?.ticket }
        #expect(order == [other, nil])
    }

    @Test func `service that no other owner needed does not count against an owner`() throws {
        var queue = QueryQueue()
        // Alone for a long time, like short queries beside scans.
        _ = try queue.add(self.bob, .scan)
        for _ in 0..<1_000 {
            _ = try queue.add(self.ann, .short)
            _ = queue.next(upTo: .short)
            queue.ran(self.ann, for: 1_000_000)
        }
        let others = (0..<4).map { Owner(number: 30 + UInt64($0)) }
        for owner in others { for _ in 0..<50 { _ = try queue.add(owner, .scan) } }
        _ = try queue.add(self.ann, .scan)
        var waited: UInt64 = 0
        while let next = queue.next(), next.owner != self.ann {
            queue.ran(next.owner, for: 10_000_000)
            waited += 10_000_000
        }
        #expect(waited <= UInt64(others.count + 1) * (QueryQueue.arrearsMax + 10_000_000))
    }

    @Test func `the cost of a kind is the last one, and an earlier peak fades`() {
        var costs = QueryCosts() { didSet { costs.checkInvariants() } }
        let kind = QueryCosts.Kind(number: 7)
        #expect(costs.kind(kind, rows: 100, of: self.ann) == .short)
        #expect(costs.kind(kind, rows: 10_000_000, of: self.ann) == .scan)
        costs.ran(kind, rows: 100, of: self.ann, for: 80_000_000)
        #expect(costs.kind(kind, rows: 100, of: self.ann) == .medium)
        #expect(costs.kind(kind, rows: 1_000, of: self.ann) == .scan)
        var runs = 0
        while costs.kind(kind, rows: 100, of: self.ann) == .medium, runs < 100 {
            costs.ran(kind, rows: 100, of: self.ann, for: 1_000)
            runs += 1
        }
        #expect((20...40).contains(runs))
    }

    @Test func `of unknown kinds, one that follows each product counts as a scan`() {
        let costs = QueryCosts()
        let plain = QueryCosts.Kind(number: 7)
        let dear = QueryCosts.Kind(number: 8, isExpensive: true)
        #expect(costs.kind(plain, rows: 500_000, of: self.ann) == .medium)
        #expect(costs.kind(dear, rows: 500_000, of: self.ann) == .scan)
        #expect(costs.kind(dear, rows: 1_000, of: self.ann) == .short)
    }

    @Test func `an expensive query of one connection does not affect a cheap one of another`() {
        var costs = QueryCosts() { didSet { costs.checkInvariants() } }
        let kind = QueryCosts.Kind(number: 7)
        costs.ran(kind, rows: 100, of: self.bob, for: 1_000)
        costs.ran(kind, rows: 100, of: self.ann, for: 900_000_000)
        #expect(costs.kind(kind, rows: 100, of: self.ann) == .scan)
        #expect(costs.kind(kind, rows: 100, of: self.bob) == .short)
        // For an unknown connection the cost of all connections counts.
        let other = Owner(number: 40)
        #expect(costs.kind(kind, rows: 100, of: other) == .scan)
        costs.forget(self.bob)
        #expect(costs.kind(kind, rows: 100, of: self.bob) == .scan)
    }
}
