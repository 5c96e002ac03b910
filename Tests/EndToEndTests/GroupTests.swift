import Bytes
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Testing

/// Groups: atomic batches in a batch of independent commands.
@Suite struct GroupTests {
    @Test func `a group is executed as a whole or refused as a whole, beside other commands`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let products = try await client.stockedProducts(3, stock: 10)
        func count(_ index: Int, _ quantity: Quantity) -> Command {
            .count(
                StockCount(product: products[index], location: .main, counted: quantity)
            )
        }
        func rename(_ index: Int, _ name: String) -> Command {
            var update = ProductUpdate()
            update.name = name
            return .updateProduct(products[index], update, ifRevision: nil)
        }
        let before = try await client.send(rename(2, "Last")).lsn
        let outcome = try await client.send(
            .batch(
                [
                    .batch([rename(0, "A"), count(0, 7)], .atomicErrorsOnly),
                    .batch([rename(1, "B"), count(1, -1)], .atomicErrorsOnly),
                    .batch([count(1, 8), rename(1, "")], .atomicErrorsOnly),
                    count(2, 9),
                ],
                .errorsOnly
            )
        )
        guard case .errorsOnly(let errorsOnly) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(errorsOnly.count == 4)
        #expect(errorsOnly.refused.map { $0.index } == [1, 2])
        // The refusal is that of the command, not of the group around it.
        #expect(errorsOnly.refused.map { $0.refusal.code } == [.outOfRange, .invalidField])
        #expect(errorsOnly.lsn == before + 2)
        for (index, quantity) in [7, 10, 9].enumerated() {
            #expect(try await client.level(products[index]).onHand == Int64(quantity))
        }
        // Both changes of a group have one LSN.
        let first = try #require(try await client.product(.id(products[0])))
        #expect(first.product.name == "A")
        #expect(first.product.revision == before + 1)
        #expect(first.levels.map { $0.revision } == [before + 1])
        let second = try #require(try await client.product(.id(products[1])))
        #expect(second.product.name == "Product 1")
        _ = try await client.verified()
    }

    @Test(arguments: [
        BatchMode.atomic, .independent, .dryRun, .atomicErrorsOnly,
    ])
    func `only a batch that lists errors contains groups`(mode: BatchMode) async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let products = try await client.stockedProducts(1, stock: 10)
        let count = Command.count(
            StockCount(product: products[0], location: .main, counted: 3)
        )
        let group = Command.batch([count], .atomicErrorsOnly)
        let nested = Command.batch([.batch([group], .atomicErrorsOnly)], .errorsOnly)
        for command in [.batch([group], mode), nested] {
            let outcome = try await client.send(command)
            guard case .refused = outcome else {
                Issue.record("\(outcome)")
                continue
            }
        }
        #expect(try await client.level(products[0]).onHand == 10)
    }
}

extension Outcome {
    /// The LSN of a command that was executed; 0 of any other.
    fileprivate var lsn: LSN {
        if case .done(let done) = self { done.lsn } else { 0 }
    }
}
