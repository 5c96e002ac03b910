import InventoryModel
import InventoryWire
import Testing

@testable import InventoryServer

/// A budget and the shares of its connections, whose invariants are checked after each step.
private struct Shares {
    var budget: ByteBudget
    private(set) var all: [ByteBudget.Share]

    init(_ budget: ByteBudget = ByteBudget("things", shareMax: 10, totalMax: 25), count: Int = 1) {
        self.budget = budget
        self.all = [ByteBudget.Share](repeating: .init(), count: count)
    }

    mutating func take(_ byteCount: Int, for index: Int = 0) throws(Refusal) {
        defer { self.budget.checkInvariants(of: self.all) }
        try self.budget.take(byteCount, for: &self.all[index])
    }

    mutating func give(_ byteCount: Int, of index: Int = 0) {
        self.budget.give(byteCount, of: &self.all[index])
        self.budget.checkInvariants(of: self.all)
    }

    mutating func giveAll(of index: Int) {
        self.budget.giveAll(of: &self.all[index])
        self.budget.checkInvariants(of: self.all)
    }
}

/// The memory limits of connections.
@Suite struct ByteBudgetTests {
    private static func refusal(_ what: String, _ value: Int64, _ highest: Int64) -> Refusal {
        Refusal(.overloaded, .range(what, value: value, lowest: 0, highest: highest))
    }

    @Test func `a connection can use its share to the last byte, and no more`() throws {
        var shares = Shares()
        try shares.take(10)
        #expect(throws: Self.refusal("bytes of things of a connection", 11, 10)) {
            try shares.take(1)
        }
        #expect(shares.all[0].byteCount == 10 && shares.budget.byteCount == 10)
        try shares.take(0)
        shares.give(4)
        try shares.take(4)
        #expect(shares.all[0].byteCount == 10 && shares.budget.byteCount == 10)
    }

    @Test func `all connections can use the total to the last byte, and no more`() throws {
        var shares = Shares(count: 3)
        try shares.take(10, for: 0)
        try shares.take(10, for: 1)
        try shares.take(5, for: 2)
        #expect(throws: Self.refusal("bytes of things", 26, 25)) { try shares.take(1, for: 2) }
        #expect(shares.all[2].byteCount == 5)
        // The bytes of a closed connection are free for others.
        shares.giveAll(of: 0)
        shares.giveAll(of: 0)
        #expect(shares.budget.byteCount == 15)
        try shares.take(5, for: 2)
    }

    @Test func `no more is returned than was taken`() async {
        await #expect(processExitsWith: .failure) {
            var budget = ByteBudget("things", shareMax: 10, totalMax: 25)
            var share = ByteBudget.Share()
            try budget.take(3, for: &share)
            budget.give(4, of: &share)
        }
    }

    @Test func `a total that its shares do not add up to stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var budget = ByteBudget("things", shareMax: 10, totalMax: 25)
            var share = ByteBudget.Share()
            try budget.take(3, for: &share)
            budget.checkInvariants(of: [share, share])
        }
    }

    @Test func `the largest request fits into each share`() throws {
        for budget in [ByteBudget.queries, .subscriptions] {
            var shares = Shares(budget)
            try shares.take(ByteBudget.held(body: WireLimits.requestByteCountMax))
            #expect(shares.budget.byteCount > WireLimits.requestByteCountMax)
        }
    }

    @Test func `the maximum number of waiting plain requests fits`() throws {
        var shares = Shares(.queries)
        for _ in 0..<WireLimits.waitingQueriesPerConnectionMax {
            try shares.take(ByteBudget.held(body: 64))
        }
        shares = Shares(.subscriptions)
        let longest = ByteBudget.held(body: 5 * Limits.filterIDsMax)
        for _ in 0..<WireLimits.subscriptionsMax { try shares.take(longest) }
    }
}
