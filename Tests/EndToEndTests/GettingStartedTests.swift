import Foundation
import InventoryClient
import InventoryModel
import InventoryWire
import Synchronization
import Testing

/// The code of the client's page "Getting started", compiled and run against a real server.
///
/// A region from `// page` to `// end` is a code block of the page, and every code block is such a region.
@Suite struct GettingStartedTests {
    // page
    struct Seller: AnswerRow {
        var sku: String
        var units: Quantity

        init(from row: inout RowReader) throws(ClientError) {
            self.sku = try row.text("sku")
            self.units = try row.quantity("units")
        }
    }
    // end

    @Test func `the code of the page works as the page says`() async throws {
        let daemon = try Daemon()
        let address = daemon.address
        // page
        let client = InventoryClient(ClientConfiguration(address: address, actor: "till-3"))
        let server = try await client.connect()
        print("\(server.software) has amounts in \(server.currencyCode)")
        // end
        // page
        let made = try await client.send(.createCategory(name: "Cameras"))
        guard case .done(let category) = made else { throw Unexpected() }
        let draft = ProductDraft(
            sku: "CAM-01",
            name: "Camera",
            category: CategoryID(UInt32(category.id)),
            price: Price(499_99),
            opening: OpeningStock(quantity: 10, unitCost: Money(310_00))
        )
        guard case .done(let created) = try await client.send(.createProduct(draft)) else {
            throw Unexpected()
        }
        let camera = ProductID(UInt32(created.id))
        // end
        // page
        let sale = Sale(lines: [SaleLine(product: camera, quantity: 2)], reference: "POS-7781")
        let key = IdempotencyKey.random()
        let answer = try await client.send(.sell(sale), key: key)
        switch answer.outcome {
        case .done(let done):
            print("sold for \(done.amount) minor units; \(done.levels[0].available) are left")
        case .refused(let refusal):
            print("not sold: \(refusal.code.name)")
        case .batch, .errorsOnly:
            break
        }
        // end
        guard case .done(let done) = answer.outcome else { throw Unexpected() }
        #expect(done.amount == 999_98 && done.levels[0].available == 8 && !answer.isReplayed)
        // page
        let search = ProductSearch(statuses: .active, sort: .sku)
        for product in try await client.products(search).rows {
            print(product.sku, product.categoryName, product.available, product.unit.code)
        }
        let levels = try await client.levels(LevelQuery(product: camera))
        print("as of \(levels.lsn):", levels.rows.map { ($0.locationCode, $0.onHand) })
        // end
        #expect(levels.rows.map { $0.onHand } == [8] && levels.lsn == done.lsn)
        // page
        var sold: Quantity = 0
        let sales = LedgerQuery(kinds: MovementKindSet(.sale))
        for try await block in client.rows(of: .ledger(sales)) {
            for movement in try block.rows(as: ListedMovement.self) { sold -= movement.onHandDelta }
        }
        // end
        #expect(sold == 2)
        // page
        let byUnits = NamedInsightParameters(measure: .units)
        let top = Insight.named(NamedInsight(.top, window: .last(7, .day), parameters: byUnits))
        for seller in try await client.insight(top).table.rows(as: Seller.self) {
            print(seller.sku, seller.units)
        }
        // end
        #expect(try await client.insight(top).table.rows(as: Seller.self).map { $0.units } == [2])
        let shelf = Shelf()
        let watching = Task { try await Self.watch(client, shelf) }
        #expect(try await eventually { shelf.available(camera) == 8 })
        watching.cancel()
        await #expect(throws: ClientError(.cancelled)) { try await watching.value }
        // page
        let check = Task { try await client.verify() }
        check.cancel()
        do {
            print("the checks returned \(try await check.value.rows.count) findings")
        } catch let error as ClientError where error.code == .cancelled {
            print("the checks were cancelled")
        }
        // end
        #expect(try await self.settled(sale, key, client) == answer.outcome)
        // page
        try await client.close()
        // end
    }

    // page
    func settled(
        _ sale: Sale,
        _ key: IdempotencyKey,
        _ client: InventoryClient
    ) async throws -> Outcome {
        let firstTried = Instant(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000))
        while true {
            do throws(ClientError) {
                return try await client.send(.sell(sale), key: key, firstTried: firstTried).outcome
            } catch {
                guard error.code == .unknown else { throw error }
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
    // end

    /// A program's own copy of the stock.
    private final class Shelf: Sendable {
        private let levels = Mutex<[ProductID: Level]>([:])

        func show(_ level: Level) { self.levels.withLock { $0[level.product] = level } }

        func forget() { self.levels.withLock { $0 = [:] } }

        func available(_ product: ProductID) -> Quantity? {
            self.levels.withLock { $0[product]?.available }
        }
    }

    private static func watch(_ client: InventoryClient, _ shelf: Shelf) async throws {
        // page
        for try await event in client.subscribe(Subscription(topics: .stock, start: .snapshot)) {
            switch event {
            case .snapshot(let rows):
                for case .level(let level) in rows { shelf.show(level) }
            case .entry(let entry):
                for case .moved(_, let level) in entry.changes { shelf.show(level) }
            case .reset, .mismatched:
                // All previous events are void: a snapshot follows.
                shelf.forget()
            case .disconnected(let error):
                print("the connection was lost and is remade: \(error)")
            case .began, .caughtUp, .progress, .verified:
                break
            }
        }
        // end
    }

    // MARK: - The page

    /// Returns the lines between two markers, without the indentation of the first.
    private static func blocks(
        _ file: String,
        from start: (Substring) -> Bool,
        to end: (Substring) -> Bool
    ) throws -> [String] {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: file), encoding: .utf8)
        var blocks: [String] = []
        var block: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let lines = block, end(line) {
                let indentation = lines.first?.prefix { $0 == " " }.count ?? 0
                blocks.append(lines.map { $0.dropFirst(indentation) }.joined(separator: "\n"))
                block = nil
            } else if block != nil {
                block?.append(line)
            } else if start(line) {
                block = []
            }
        }
        #expect(block == nil, "\(file) ends within a block")
        return blocks
    }

    @Test func `every code block of the page runs here`() throws {
        func isMarker(_ marker: String) -> (Substring) -> Bool {
            { $0.drop { $0 == " " } == "// \(marker)" }
        }
        let run = try Self.blocks(
            "Tests/EndToEndTests/GettingStartedTests.swift",
            from: isMarker("page"),
            to: isMarker("end")
        )
        let shown = try Self.blocks(
            "Sources/InventoryClient/InventoryClient.docc/GettingStarted.md",
            from: { $0 == "```swift" },
            to: { $0 == "```" }
        )
        #expect(shown.count >= 8)
        #expect(shown.sorted() == run.sorted())
    }
}
