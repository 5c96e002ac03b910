import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Testing

/// A shop with random commands, some of which may be refused.
struct RandomShop {
    private let daemon: Daemon
    private var random: SplitMix64
    private let products = (1...6).map { ProductID(UInt32($0)) }
    private let locations = (1...3).map { LocationID(UInt16($0)) }
    /// The LSNs of executed steps.
    private var lsns: [LSN] = []

    init(_ daemon: Daemon, seed: UInt64) {
        self.daemon = daemon
        self.random = SplitMix64(seed: seed)
    }

    /// Sends `count` random commands, then continues at a slow pace until `isOver`.
    mutating func fill(_ count: Int, until isOver: () -> Bool = { true }) async throws {
        let clients = ["ann", "bob", ""].map { self.daemon.client($0) }
        try await clients[0].done(.createCategory(name: "All"))
        for code in ["back", "depot"] {
            try await clients[0].done(.createLocation(LocationDraft(code: code, name: code)))
        }
        for product in self.products {
            let unit =
                product.value.isMultiple(of: 2)
                ? InventoryModel.Unit(code: "kg", decimals: 2) : .piece
            let draft = ProductDraft(
                sku: "P-\(product.value)",
                name: "Product \(product.value)",
                category: CategoryID(1),
                unit: unit,
                price: Price(self.number(1...5_000), per: unit.decimals == 0 ? 1 : 100),
                opening: OpeningStock(
                    quantity: Quantity(self.number(0...60)),
                    unitCost: Money(self.number(0...900))
                )
            )
            try await clients[0].done(.createProduct(draft))
        }
        var doneCount = 0
        var number = 0
        while number < count || !isOver() {
            number += 1
            if number > count { try await Task.sleep(for: Patience.pause) }
            let client = clients[Int(self.number(0...2))]
            let isBatch = self.number(0...5) == 0
            let commands = (0..<(isBatch ? self.number(1...6) : 1)).map { _ in self.command() }
            let command = isBatch ? Command.batch(commands, .atomic) : commands[0]
            if case .done(let done) = try await client.send(command) {
                self.lsns.append(done.lsn)
                doneCount += 1
            }
        }
        try #require(doneCount > count / 4, "too few commands were executed for a meaningful test")
        for client in clients { try await client.close() }
    }

    private mutating func number(_ range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &self.random)
    }

    private mutating func any<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &self.random)]
    }

    private mutating func occurrence() -> Occurrence? {
        guard self.number(0...1) == 0 else { return nil }
        return Occurrence(
            at: Instant(microseconds: self.number(1_000_000_000_000_000...1_700_000_000_000_000)),
            isImported: true
        )
    }

    private mutating func saleLines() -> [SaleLine] {
        (0..<self.number(1...4)).map { _ in
            SaleLine(
                product: self.any(self.products),
                location: self.any(self.locations),
                quantity: Quantity(self.number(1...9)),
                price: self.number(0...2) == 0 ? Money(self.number(0...999)) : nil
            )
        }
    }

    private mutating func command() -> Command {
        let product = self.any(self.products)
        let location = self.any(self.locations)
        let note = self.any(["", "", "note"])
        let reference = self.any(["", "R-1", "R-2"])
        switch self.number(0...17) {
        case 0, 1, 2:
            return .sell(
                Sale(
                    lines: self.saleLines(),
                    reference: reference,
                    note: note,
                    occurred: self.occurrence()
                )
            )
        case 3, 4:
            let lines = (0..<self.number(1...3)).map { _ in
                RestockLine(
                    product: self.any(self.products),
                    location: self.any(self.locations),
                    quantity: Quantity(self.number(1...30)),
                    unitCost: Money(self.number(0...900))
                )
            }
            return .restock(
                Restock(
                    lines: lines,
                    fromIncoming: self.number(0...1) == 0,
                    reference: reference,
                    occurred: self.occurrence()
                )
            )
        case 5:
            return .returnSale(
                SaleReturn(
                    lines: self.saleLines(),
                    target: self.any([.available, .unavailable]),
                    original: self.number(0...1) == 0
                        ? self.lsns.randomElement(using: &self.random) : nil,
                    reference: reference
                )
            )
        case 6:
            return .reverse(
                Reversal(
                    lsn: self.lsns.randomElement(using: &self.random) ?? 1,
                    reason: .correction,
                    note: note
                )
            )
        case 7:
            return .adjust(
                Adjustment(
                    product: product,
                    location: location,
                    delta: Quantity(self.number(-9...9)),
                    reason: self.any([.lost, .found]),
                    occurred: self.occurrence()
                )
            )
        case 8:
            let counted = self.number(0...40)
            return .count(
                StockCount(
                    product: product,
                    location: location,
                    counted: Quantity(counted),
                    note: note
                )
            )
        case 9:
            let floor = self.number(-20...5)
            return .setFloor(
                FloorChange(product: product, location: location, floor: Quantity(floor))
            )
        case 10:
            return .setUnavailable(
                Hold(
                    product: product,
                    location: location,
                    delta: Quantity(self.number(-5...5)),
                    reason: .damaged
                )
            )
        case 11:
            return .expectIncoming(
                Expectation(
                    product: product,
                    location: location,
                    delta: Quantity(self.number(-9...9)),
                    reference: reference
                )
            )
        case 12:
            let basis = self.number(1...3)
            let update = ProductUpdate(price: Price(self.number(1...999), per: basis))
            return .updateProduct(product, update, ifRevision: nil)
        case 13: return self.reservation(location, note, reference)
        case 14: return self.reservation(location, note, reference)
        case 15:
            let point = self.number(0...2) == 0 ? nil : Quantity(self.number(0...30))
            return .setReorderPoint(
                ReorderPointChange(product: product, location: location, reorderPoint: point)
            )
        case 16:
            return .writeOff(
                WriteOff(
                    product: product,
                    location: location,
                    quantity: Quantity(self.number(1...3)),
                    reason: .damaged,
                    occurred: self.occurrence()
                )
            )
        default: return self.transfer(note, reference)
        }
    }

    private mutating func reservation(
        _ location: LocationID,
        _ note: String,
        _ reference: String
    ) -> Command {
        let line = ReservationLine(
            reservation: ReservationID(UInt32(self.number(1...30))),
            quantity: self.number(0...1) == 0 ? Quantity(self.number(1...3)) : nil
        )
        switch self.number(0...2) {
        case 0:
            let lines = (0..<self.number(1...3)).map { _ in
                ReserveLine(
                    product: self.any(self.products),
                    location: location,
                    quantity: Quantity(self.number(1...6))
                )
            }
            return .reserve(
                Reserve(
                    lines: lines,
                    expiry: .after(seconds: 90_000),
                    reference: reference,
                    note: note
                )
            )
        case 1:
            return .commitReservation(
                CommitReservation(lines: [line], reference: reference, note: note)
            )
        default:
            return .releaseReservation(ReleaseReservation(lines: [line], note: note))
        }
    }

    private mutating func transfer(_ note: String, _ reference: String) -> Command {
        let line = TransferLine(
            transfer: TransferID(UInt32(self.number(1...20))),
            quantity: self.number(0...1) == 0 ? Quantity(self.number(1...3)) : nil
        )
        let settlement = TransferSettlement(lines: [line], note: note)
        switch self.number(0...2) {
        case 0:
            let lines = (0..<self.number(1...2)).map { _ in
                DispatchLine(
                    product: self.any(self.products),
                    quantity: Quantity(self.number(1...5))
                )
            }
            let places = self.locations.shuffled(using: &self.random)
            return .dispatchTransfer(
                DispatchTransfer(
                    from: places[0],
                    to: places[1],
                    lines: lines,
                    reference: reference,
                    note: note
                )
            )
        case 1: return .receiveTransfer(settlement)
        default: return .cancelTransfer(settlement)
        }
    }
}
