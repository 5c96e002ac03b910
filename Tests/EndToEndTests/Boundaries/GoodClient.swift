import InventoryClient
import InventoryModel
import Testing

/// A client that sells and checks its balance while others send arbitrary requests.
///
/// It must be used by one task.
struct GoodClient {
    private let client: InventoryClient
    private let product: ProductID
    private let othersMayTouchIt: Bool
    private var sold: Int64 = 0

    private static let stock: Int64 = 1_000_000

    /// Creates the client's product, with an id that a walk never writes into requests.
    ///
    /// With `othersMayTouchIt` random requests may change the product, so a refusal is a valid answer and
    /// the balance is not checked.
    init(_ daemon: Daemon, othersMayTouchIt: Bool = false) async throws {
        self.client = daemon.client("good")
        self.othersMayTouchIt = othersMayTouchIt
        _ = try await self.client.stockedProducts(10, stock: 10, prefix: "BEFORE")
        self.product = try await self.client.stockedProducts(1, stock: Self.stock, prefix: "GOOD")[
            0
        ]
    }

    /// Sells one unit and checks the balance.
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
            // A walked request may contain the LSN of one of its sales and reverse it.
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
