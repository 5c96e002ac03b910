import InventoryModel
import InventoryWire
import Testing

@testable import InventoryServer

/// The memory limits of connections.
@Suite struct ByteBudgetTests {
    private static func refusal(_ what: String, _ value: Int64, _ highest: Int64) -> Refusal {
        Refusal(.overloaded, .range(what, value: value, lowest: 0, highest: highest))
    }

    @Test func `a connection can use its share to the last byte, and no more`() throws {
        var budget = ByteBudget("things", shareMax: 10, totalMax: 25)
        var share = ByteBudget.Share()
        try budget.take(10, for: &share)
        #expect(throws: Self.refusal("bytes of things of a connection", 11, 10)) {
            try budget.take(1, for: &share)
        }
        #expect(share.byteCount == 10 && budget.byteCount == 10)
        try budget.take(0, for: &share)
        budget.give(4, of: &share)
        try budget.take(4, for: &share)
        #expect(share.byteCount == 10 && budget.byteCount == 10)
    }

    @Test func `all connections can use the total to the last byte, and no more`() throws {
        var budget = ByteBudget("things", shareMax: 10, totalMax: 25)
        var shares = [ByteBudget.Share](repeating: .init(), count: 3)
        try budget.take(10, for: &shares[0])
        try budget.take(10, for: &shares[1])
        try budget.take(5, for: &shares[2])
        #expect(throws: Self.refusal("bytes of things", 26, 25)) {
            try budget.take(1, for: &shares[2])
        }
        #expect(shares[2].byteCount == 5)
        // The bytes of a closed connection are free for others.
        budget.giveAll(of: &shares[0])
        budget.giveAll(of: &shares[0])
        #expect(budget.byteCount == 15)
        try budget.take(5, for: &shares[2])
    }

    @Test func `no more is returned than was taken`() async {
        await #expect(processExitsWith: .failure) {
            var budget = ByteBudget("things", shareMax: 10, totalMax: 25)
            var share = ByteBudget.Share()
            try budget.take(3, for: &share)
            budget.give(4, of: &share)
        }
    }

    @Test func `the largest request fits into each share`() throws {
        for var budget in [ByteBudget.queries, .subscriptions] {
            var share = ByteBudget.Share()
            try budget.take(ByteBudget.held(body: WireLimits.requestByteCountMax), for: &share)
            #expect(budget.byteCount > WireLimits.requestByteCountMax)
        }
    }

    @Test func `the maximum number of waiting plain requests fits`() throws {
        var budget = ByteBudget.queries
        var share = ByteBudget.Share()
        for _ in 0..<WireLimits.waitingQueriesPerConnectionMax {
            try budget.take(ByteBudget.held(body: 64), for: &share)
        }
        budget = ByteBudget.subscriptions
        share = ByteBudget.Share()
        let longest = ByteBudget.held(body: 5 * Limits.filterIDsMax)
        for _ in 0..<WireLimits.subscriptionsMax { try budget.take(longest, for: &share) }
    }
}
