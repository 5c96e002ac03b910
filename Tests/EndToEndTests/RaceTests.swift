import InventoryClient
import InventoryModel
import Testing

@Suite struct RaceTests {
    @Test func `64 clients that race for the last 1,000 units sell exactly 1,000`() async throws {
        let daemon = try Daemon()
        let setup = daemon.client()
        let product = try await setup.stockedProducts(1, stock: 1_000)[0]
        let results = try await withThrowingTaskGroup(of: (sold: Int64, refused: Int).self) {
            group in
            for number in 0..<64 {
                group.addTask {
                    let client = daemon.client("racer-\(number)")
                    var sold: Int64 = 0
                    var refused = 0
                    for attempt in 0..<12 {
                        let quantity = Int64((number + attempt) % 5 + 1)
                        let line = SaleLine(product: product, quantity: Quantity(quantity))
                        switch try await client.send(.sell(Sale(lines: [line]))) {
                        case .done: sold += quantity
                        case .refused(let refusal):
                            #expect(refusal.code == .insufficientStock)
                            refused += 1
                        case .batch, .errorsOnly: Issue.record("an unexpected batch outcome")
                        }
                    }
                    // The rest is sold one by one.
                    while case .done = try await client.send(
                        .sell(Sale(lines: [SaleLine(product: product, quantity: 1)]))
                    ) { sold += 1 }
                    try await client.close()
                    return (sold, refused + 1)
                }
            }
            return try await group.reduce(into: (sold: Int64(0), refused: 0)) {
                $0.sold += $1.sold
                $0.refused += $1.refused
            }
        }
        #expect(results.sold == 1_000)
        #expect(try await setup.level(product).onHand == 0)
        let refusals = try await setup.query(.refusals(RefusalQuery())).table
        #expect(refusals.rowCount == results.refused)
        _ = try await setup.verified()
    }
}
