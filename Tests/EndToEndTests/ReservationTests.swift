import Foundation
import InventoryClient
import InventoryModel
import InventoryWire
import Testing

/// Reservations over the network and across a kill of the daemon.
@Suite struct ReservationTests {
    private static func reserve(
        _ product: ProductID,
        _ quantity: Int64,
        until: Instant
    ) -> Command {
        let line = ReserveLine(product: product, quantity: Quantity(quantity))
        return .reserve(Reserve(lines: [line], expiry: .at(until), reference: "CART"))
    }

    private static func hour(_ client: InventoryClient) async throws -> Instant {
        try await client.connect().serverTime.advanced(bySeconds: 3_600)
    }

    private static func state(
        _ client: InventoryClient,
        _ id: UInt64
    ) async throws -> ReservationState? {
        let query = ReservationQuery(id: ReservationID(UInt32(id)))
        return try await client.reservations(query).rows.first?.state
    }

    @Test func `a reservation that expires while the daemon is down is released after its restart`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 10)[0]
        let until = try await client.connect().serverTime.advanced(bySeconds: 4)
        let first = try await client.done(Self.reserve(product, 4, until: until)).id
        let kept = try await client.done(
            Self.reserve(product, 1, until: until.advanced(bySeconds: 3_600))
        ).id
        daemon.kill()
        while TimeOfDay.now() < until { try await Task.sleep(for: .milliseconds(50)) }
        try daemon.start()
        let after = daemon.client("after")
        // The tick runs without any write.
        while try await Self.state(after, first) == .active {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try await Self.state(after, first) == .expired)
        #expect(try await Self.state(after, kept) == .active)
        #expect(try await after.level(product).available == 9)
        let ledger = LedgerQuery(kinds: MovementKindSet(.expire))
        let rows = try await after.movements(ledger).rows
        #expect(rows.map { $0.actor } == [""] && rows.map { $0.reference } == ["CART"])
        #expect(rows.map { $0.reservedDelta } == [-4])
        let digest = try await after.verified()
        // Replay agrees: the tick was logged and is not repeated.
        daemon.kill()
        try daemon.start()
        let again = daemon.client("again")
        #expect(try await again.verified() == digest)
        let late = CommitReservation(lines: [
            ReservationLine(reservation: ReservationID(UInt32(first)))
        ])
        #expect(try await again.refused(.commitReservation(late)).code == .reservationExpired)
    }

    @Test func `a reservation and a sale that race for the last unit get it once`()
        async throws
    {
        let daemon = try Daemon()
        let setup = daemon.client()
        let products = try await setup.stockedProducts(60, stock: 1)
        let until = try await Self.hour(setup)
        @Sendable func wins(
            _ name: String,
            _ command: @Sendable (ProductID) -> Command
        )
            async throws -> Set<ProductID>
        {
            let client = daemon.client(name)
            var won: Set<ProductID> = []
            for product in products {
                switch try await client.send(command(product)) {
                case .done: won.insert(product)
                case .refused(let refusal): #expect(refusal.code == .insufficientStock)
                case .batch, .errorsOnly: Issue.record("an unexpected batch outcome")
                }
            }
            try await client.close()
            return won
        }
        async let reserved = wins("cart") { Self.reserve($0, 1, until: until) }
        async let sold = wins("till") {
            .sell(Sale(lines: [SaleLine(product: $0, quantity: 1)]))
        }
        let (carts, tills) = try await (reserved, sold)
        #expect(carts.isDisjoint(with: tills))
        #expect(carts.count + tills.count == products.count)
        let refusals = try await setup.query(.refusals(RefusalQuery())).table
        #expect(refusals.rowCount == products.count)
        for product in products {
            let level = try await setup.level(product)
            #expect(level.available == 0 && level.onHand == (carts.contains(product) ? 1 : 0))
        }
        _ = try await setup.verified()
    }

    @Test func `a subscriber gets open reservations and transfers, then their changes`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let products = try await client.stockedProducts(2, stock: 10)
        try await client.done(.createLocation(LocationDraft(code: "back", name: "Back")))
        let until = try await Self.hour(client)
        for product in products { try await client.done(Self.reserve(product, 2, until: until)) }
        let line = DispatchLine(product: products[0], quantity: 3)
        let dispatch = DispatchTransfer(from: .main, to: LocationID(2), lines: [line])
        try await client.done(.dispatchTransfer(dispatch))
        // Levels and sales are other topics, and the filter excludes the second product.
        let subscription = Subscription(
            topics: [.reservations, .transfers],
            filter: SubscriptionFilter(products: [products[0]]),
            start: .snapshot
        )
        var received: [String] = []
        for try await event in daemon.client("listener").subscribe(subscription) {
            switch event {
            case .snapshot(let changes):
                received += changes.map(Self.words)
            case .caughtUp:
                received.append("caught up")
                for number in [2, 1] as [UInt32] {
                    let part = ReservationLine(
                        reservation: ReservationID(number),
                        quantity: 1
                    )
                    try await client.done(
                        .commitReservation(CommitReservation(lines: [part]))
                    )
                }
                let transfer = TransferLine(transfer: TransferID(1))
                try await client.done(
                    .receiveTransfer(TransferSettlement(lines: [transfer]))
                )
            case .entry(let entry):
                received += entry.changes.map(Self.words)
            default:
                break
            }
            if received.last == "transfer 1 received 0" { break }
        }
        #expect(
            received == [
                "reservation 1 active 2", "transfer 1 inTransit 3", "caught up",
                "reservation 1 active 1", "transfer 1 received 0",
            ]
        )
    }

    private static func words(_ change: Change) -> String {
        switch change {
        case .reservation(let row): "reservation \(row.id.value) \(row.state) \(row.remaining)"
        case .transfer(let row): "transfer \(row.id.value) \(row.state) \(row.remaining)"
        default: "\(change)"
        }
    }
}

private enum TimeOfDay {
    static func now() -> Instant {
        Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }
}
