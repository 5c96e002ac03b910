import Bytes
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Testing

/// The objects that the requests of a walk refer to.
///
/// They are created again before each field, so that the effects of earlier requests do not cause early
/// refusals.
struct WalkedWorld: Sendable {
    /// A unique part of each name.
    var unique = ""
    var category = CategoryID(1)
    var emptyCategory = CategoryID(1)
    var emptyLocation = LocationID(1)
    var other = LocationID(1)
    /// A product with stock at the main location and at ``other``, a sale, and an expected delivery.
    var product = ProductID(1)
    /// A product that never had stock.
    var emptyProduct = ProductID(1)
    var sale: LSN = 1
    /// The key of a remembered sale, with the fingerprint 7.
    var key = IdempotencyKey(high: 7, low: 1)
    /// The LSNs of the last change of the category and the locations, of the products, and of the
    /// product's levels, the reservation and the transfer.
    var placesRevision: LSN = 1
    var productRevision: LSN = 1
    var levelRevision: LSN = 1
    var reservation = ReservationID(1)
    var transfer = TransferID(1)
    /// An unfinished run of an import.
    var run: String { "run of \(self.unique)" }
    /// The time of creation, by the server's clock.
    var now = Instant.zero

    static func make(_ number: Int, _ client: InventoryClient) async throws -> WalkedWorld {
        var world = WalkedWorld(unique: "W\(number)")
        let places = try await client.done(
            .batch(
                [
                    .createCategory(name: "\(world.unique) C"),
                    .createCategory(name: "\(world.unique) E"),
                    .createLocation(LocationDraft(code: "\(world.unique) E", name: "Empty")),
                    .createLocation(LocationDraft(code: "\(world.unique) O", name: "Other")),
                ],
                .atomic
            )
        )
        world.placesRevision = places.lsn
        world.category = CategoryID(UInt32(places.ids[0]))
        world.emptyCategory = CategoryID(UInt32(places.ids[1]))
        world.emptyLocation = LocationID(UInt16(places.ids[2]))
        world.other = LocationID(UInt16(places.ids[3]))
        let products = try await client.done(
            .batch([world.draft(""), world.draft("-E", isEmpty: true)], .atomic)
        )
        world.now = products.time
        world.productRevision = products.lsn
        world.product = ProductID(UInt32(products.ids[0]))
        world.emptyProduct = ProductID(UInt32(products.ids[1]))
        let sale = Sale(lines: [SaleLine(product: world.product, quantity: 9)])
        world.sale = try await client.done(.sell(sale)).lsn
        world.key = IdempotencyKey(high: 7, low: world.sale.value)
        let line = SaleLine(product: world.product, quantity: 1)
        _ = try await client.send(
            .sell(Sale(lines: [line])),
            key: world.key,
            fingerprint: RequestFingerprint(7)
        )
        let more = try await client.done(
            .batch(
                [
                    .reserve(
                        Reserve(
                            lines: [ReserveLine(product: world.product, quantity: 400)],
                            expiry: .after(seconds: 86_400)
                        )
                    ),
                    .dispatchTransfer(
                        DispatchTransfer(
                            from: .main,
                            to: world.other,
                            lines: [DispatchLine(product: world.product, quantity: 400)]
                        )
                    ),
                    .expectIncoming(Expectation(product: world.product, delta: 400)),
                    .setUnavailable(
                        Hold(product: world.product, delta: 400, reason: .damaged)
                    ),
                ],
                .atomic
            )
        )
        world.levelRevision = more.lsn
        world.reservation = ReservationID(UInt32(more.ids[0]))
        world.transfer = TransferID(UInt32(more.ids[1]))
        _ = try await client.done(.recordImportRun(world.importRun(world.run, low: 3)))
        return world
    }

    /// Returns the begin of a run, whose session no other run of any world has if `low` differs.
    func importRun(_ name: String, low: UInt64) -> RecordImportRun {
        let high = self.unique.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) }
        let session = SessionID(high: high, low: low).hexadecimal
        return RecordImportRun(run: name, kind: .add, content: "c", session: session)
    }

    private func draft(_ suffix: String, isEmpty: Bool = false) -> Command {
        .createProduct(
            ProductDraft(
                sku: self.unique + suffix,
                name: "Product \(self.unique)",
                category: self.category,
                price: Price(999),
                opening: isEmpty
                    ? nil : OpeningStock(quantity: 100_000, unitCost: Money(500))
            )
        )
    }

    func seconds(_ seconds: Int64) -> Instant { self.now.advanced(bySeconds: seconds) }
}
