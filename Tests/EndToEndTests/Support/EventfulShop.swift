import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Testing

/// A shop with every kind of event, by several actors.
struct EventfulShop {
    let daemon: Daemon

    init(_ daemon: Daemon) { self.daemon = daemon }

    func fill() async throws {
        let office = self.daemon.client("office")
        let till = self.daemon.client("till \"1\"")
        try await self.makeCatalog(office)
        try await self.moveStock(office, till)
        try await self.sellAndUndo(office, till)
        try await self.reserve(office, till)
        try await self.transfer(office)
        try await self.batch(till)
        try await self.archive(office)
        // The daemon itself releases expired reservations.
        let query = ReservationQuery(id: ReservationID(5))
        let isExpired = try await eventually {
            try await office.reservations(query).rows.first?.state == .expired
        }
        #expect(isExpired)
        try await office.close()
        try await till.close()
    }

    private static let back = LocationID(2)
    private static let kilogram = InventoryModel.Unit(code: "kg", decimals: 3)
    // By id, in order of creation.
    private let apple = ProductID(1)
    private let flour = ProductID(2)
    private let saw = ProductID(4)
    private let lamp = ProductID(5)
    private let rope = ProductID(6)

    private func makeCatalog(_ office: InventoryClient) async throws {
        for name in ["Fruit", "Tools", "Gone"] {
            try await office.done(.createCategory(name: name))
        }
        try await office.done(.createLocation(LocationDraft(code: "back", name: "Back room")))
        try await office.done(
            .createLocation(LocationDraft(code: "depot", name: "Old", kind: .warehouse))
        )
        func product(
            _ sku: String,
            _ category: UInt32,
            _ price: Price,
            _ unit: InventoryModel.Unit = .piece
        ) async throws {
            var draft = ProductDraft(
                sku: sku,
                name: "The \(sku), \"best\"\u{2028}ü",
                category: CategoryID(category),
                unit: unit,
                price: price
            )
            draft.barcode = sku == "APPLE" ? "4006381333931" : ""
            draft.leadTimeDays = 4
            draft.packSize = 6
            draft.opening =
                sku == "NONE" ? nil : OpeningStock(quantity: 10_000, unitCost: Money(123))
            try await office.done(.createProduct(draft))
        }
        try await product("APPLE", 1, Price(120))
        try await product("FLOUR", 1, Price(568, per: 1_000), Self.kilogram)
        try await product("NONE", 1, Price(1))
        try await product("SAW", 2, Price(1_999))
        try await product("LAMP", 2, Price(4_550))
        try await product("ROPE", 3, Price(7, per: 3))
        // A product without history is deleted and leaves a gap in the ids.
        try await office.done(.deleteProduct(ProductID(3), ifRevision: nil))
        try await office.done(
            .updateLocation(
                .main,
                LocationUpdate(name: "Shop", zone: "Europe/Paris"),
                ifRevision: nil
            )
        )
    }

    private func moveStock(_ office: InventoryClient, _ till: InventoryClient) async throws {
        let past = Occurrence(at: Instant(microseconds: 1_700_000_000_123_456), isImported: true)
        try await office.done(
            .restock(
                Restock(
                    lines: [
                        RestockLine(product: self.flour, quantity: 2_500, unitCost: Money(301)),
                        RestockLine(product: self.apple, location: Self.back, quantity: 7),
                    ],
                    reference: "PO-1",
                    note: "two lines",
                    occurred: past
                )
            )
        )
        try await office.done(
            .expectIncoming(
                Expectation(
                    product: self.saw,
                    delta: 20,
                    eta: Instant(microseconds: 1_900_000_000_000_000),
                    reference: "PO-2"
                )
            )
        )
        try await office.done(.expectIncoming(Expectation(product: self.saw, delta: -2)))
        let line = RestockLine(product: self.saw, quantity: 15, unitCost: Money(1_000))
        try await office.done(.restock(Restock(lines: [line], fromIncoming: true)))
        for delta: Int64 in [-3, 5] {
            let reason: Reason = delta < 0 ? .damaged : .found
            try await till.done(
                .adjust(
                    Adjustment(
                        product: self.apple,
                        delta: Quantity(delta),
                        reason: reason,
                        note: "n"
                    )
                )
            )
        }
        for counted: Int64 in [9_000, 9_000, 9_500] {
            try await till.done(.count(StockCount(product: self.apple, counted: Quantity(counted))))
        }
        for delta: Int64 in [40, -15] {
            try await till.done(
                .setUnavailable(Hold(product: self.lamp, delta: Quantity(delta), reason: .damaged))
            )
        }
    }

    private func sellAndUndo(_ office: InventoryClient, _ till: InventoryClient) async throws {
        let lines = [
            SaleLine(product: self.apple, quantity: 3, price: Money(111)),
            SaleLine(product: self.flour, quantity: 1_234),
            SaleLine(product: self.apple, quantity: 2),
        ]
        let sale = try await till.done(.sell(Sale(lines: lines, reference: "R-1", note: "first")))
        let other = try await till.done(
            .sell(Sale(lines: [SaleLine(product: self.rope, quantity: 10)], reference: "R-2"))
        )
        // The price gets another basis, and past sales keep the old one.
        let perPiece = ProductUpdate(price: Price(3))
        try await office.done(.updateProduct(self.rope, perPiece, ifRevision: nil))
        try await till.done(.sell(Sale(lines: [SaleLine(product: self.rope, quantity: 4)])))
        try await till.done(
            .returnSale(
                SaleReturn(
                    lines: [SaleLine(product: self.apple, quantity: 4)],
                    target: .unavailable,
                    original: sale.lsn,
                    reference: "R-1"
                )
            )
        )
        let back = try await till.done(
            .returnSale(SaleReturn(lines: [SaleLine(product: self.lamp, quantity: 1)]))
        )
        try await office.done(.reverse(Reversal(lsn: back.lsn, reason: .correction, note: "no")))
        try await office.done(.reverse(Reversal(lsn: other.lsn, reason: .other)))
        // Stock below zero, down to the floor; the next delivery then has late cost.
        try await office.done(
            .setFloor(FloorChange(product: self.saw, location: Self.back, floor: -5))
        )
        let owed = SaleLine(product: self.saw, location: Self.back, quantity: 4)
        try await till.done(.sell(Sale(lines: [owed])))
        let supply = RestockLine(
            product: self.saw,
            location: Self.back,
            quantity: 3,
            unitCost: Money(1_234)
        )
        let restock = try await office.done(.restock(Restock(lines: [supply])))
        try await office.done(.reverse(Reversal(lsn: restock.lsn, reason: .correction)))
        try await office.done(.setFloor(FloorChange(product: self.apple, floor: 17)))
    }

    private func reserve(_ office: InventoryClient, _ till: InventoryClient) async throws {
        func reserve(_ quantities: [Int64], _ reference: String, _ seconds: Int64) async throws {
            let lines = quantities.map { ReserveLine(product: self.lamp, quantity: Quantity($0)) }
            try await till.done(
                .reserve(
                    Reserve(lines: lines, expiry: .after(seconds: seconds), reference: reference)
                )
            )
        }
        try await reserve([5, 6], "CART-1", 86_400)
        try await reserve([7], "CART-2", 86_400)
        try await reserve([8], "CART-3", 86_400)
        try await reserve([9], "CART-4", 1)
        func line(_ id: UInt32, _ quantity: Int64? = nil, price: Money? = nil) -> ReservationLine {
            ReservationLine(
                reservation: ReservationID(id),
                quantity: quantity.map { Quantity($0) },
                price: price
            )
        }
        // Two carts at once, each with its own reference.
        try await till.done(
            .commitReservation(
                CommitReservation(lines: [line(1, 2), line(3, 3, price: Money(4_000))])
            )
        )
        try await till.done(
            .releaseReservation(ReleaseReservation(lines: [line(2), line(4, 1)], note: "enough"))
        )
        try await till.done(.commitReservation(CommitReservation(lines: [line(1)])))
    }

    private func transfer(_ office: InventoryClient) async throws {
        let lines = [
            DispatchLine(product: self.apple, quantity: 50),
            DispatchLine(product: self.flour, quantity: 750),
        ]
        for reference in ["T-1", "T-2"] {
            try await office.done(
                .dispatchTransfer(
                    DispatchTransfer(
                        from: .main,
                        to: Self.back,
                        lines: lines,
                        reference: reference
                    )
                )
            )
        }
        func part(_ id: UInt32, _ quantity: Int64? = nil) -> TransferLine {
            TransferLine(transfer: TransferID(id), quantity: quantity.map { Quantity($0) })
        }
        try await office.done(
            .receiveTransfer(TransferSettlement(lines: [part(1, 20), part(2)], note: "came"))
        )
        try await office.done(.cancelTransfer(TransferSettlement(lines: [part(3, 10), part(1)])))
    }

    private func batch(_ till: InventoryClient) async throws {
        let sale = try await till.done(
            .sell(Sale(lines: [SaleLine(product: self.apple, quantity: 1)]))
        )
        func sell(_ quantity: Int64, _ reference: String) -> Command {
            let line = SaleLine(product: self.apple, quantity: Quantity(quantity))
            return .sell(Sale(lines: [line], reference: reference))
        }
        try await till.done(
            .batch(
                [
                    sell(1, "A"), sell(2, "B"),
                    .restock(Restock(lines: [RestockLine(product: self.lamp, quantity: 3)])),
                    .reverse(Reversal(lsn: sale.lsn, reason: .correction)),
                    .updateProduct(
                        self.rope,
                        ProductUpdate(price: Price(9, per: 2)),
                        ifRevision: nil
                    ),
                    .sell(Sale(lines: [SaleLine(product: self.rope, quantity: 3)])),
                ],
                .atomic
            )
        )
    }

    /// Archives objects and reuses their names.
    private func archive(_ office: InventoryClient) async throws {
        try await office.done(.count(StockCount(product: self.rope, counted: 0)))
        try await office.done(.deleteProduct(self.rope, ifRevision: nil))
        try await office.done(.archiveCategory(CategoryID(3), ifRevision: nil))
        try await office.done(.archiveLocation(LocationID(3), ifRevision: nil))
        try await office.done(.createCategory(name: "GONE"))
        try await office.done(.createLocation(LocationDraft(code: "Depot", name: "New")))
        try await office.done(
            .createProduct(
                ProductDraft(
                    sku: "rope",
                    name: "Another rope",
                    category: CategoryID(4),
                    price: Price(5),
                    status: .inactive
                )
            )
        )
        try await office.done(
            .updateProduct(self.saw, ProductUpdate(status: .inactive), ifRevision: nil)
        )
    }
}
