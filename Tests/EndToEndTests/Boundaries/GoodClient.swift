import InventoryClient
import InventoryModel
import Testing

/// A client that sells and looks at its balance while others send what they like.
///
/// Of one task.
struct GoodClient {
    private let client: InventoryClient
    private let product: ProductID
    private let othersMayTouchIt: Bool
    private var sold: Int64 = 0

    private static let stock: Int64 = 1_000_000

    /// Its product's id is none of the numbers that a walk replaces others' by.
    ///
    /// `othersMayTouchIt`: they
    /// write what chance brings, so a refusal is an answer, and its balance is whatever the ledger says.
    init(_ daemon: Daemon, othersMayTouchIt: Bool = false) async throws {
        self.client = daemon.client("good")
        self.othersMayTouchIt = othersMayTouchIt
        _ = try await self.client.stockedProducts(10, stock: 10, prefix: "BEFORE")
        self.product = try await self.client.stockedProducts(1, stock: Self.stock, prefix: "GOOD")[
            0
        ]
    }

    /// Sells one and finds its balance as it must be.
    mutating func serve(after what: String) async throws {
        let sale = Sale(lines: [SaleLine(product: self.product, quantity: 1)])
        let outcome = try await self.client.send(.sell(sale))
        let onHand = try await self.client.level(self.product).onHand
        guard !self.othersMayTouchIt else { return }
        guard case .done = outcome else {
            Issue.record("the good client's sale was answered \(outcome) after \(what)")
            throw Unexpected()
        }
        self.sold += 1
        if onHand != Self.stock - self.sold {
            // A walked request may name just the LSN of one of its sales, and undo it.
            let undone = try await self.undoneCount()
            try #require(onHand == Self.stock - self.sold + undone, "after \(what)")
        }
    }

    private func undoneCount() async throws -> Int64 {
        let query = LedgerQuery(product: self.product, kinds: MovementKindSet(.reversal))
        return Int64(try await self.client.query(.ledger(query)).table.rowCount)
    }

    func verify() async throws { _ = try await self.client.verified() }
}
