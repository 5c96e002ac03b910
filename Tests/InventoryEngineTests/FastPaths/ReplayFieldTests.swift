import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// A movement and the level that it leaves, as in an entry.
private struct Moved {
    var movement: Movement
    var level: Level
    /// A sale that a return may name.
    var sale: MovementID

    /// Changes a balance of the level, and the movement accordingly.
    mutating func move<Value: AdditiveArithmetic>(
        _ delta: WritableKeyPath<Movement, Value>,
        _ balance: WritableKeyPath<Level, Value>,
        by units: Value
    ) {
        self.movement[keyPath: delta] += units
        self.level[keyPath: balance] += units
    }
}

extension Fields where Value == Moved {
    fileprivate static let movement = Fields([
        "kind": { moved, random in
            let kinds: [MovementKind] = [.adjust, .count, .setUnavailable]
            moved.movement.kind = random.one(of: kinds)
        },
        // The product and location of the level are fixed.
        "product": { _, _ in },
        "location": { _, _ in },
        "onHandDelta": { moved, random in
            let units = Quantity(Int64(random.below(3)))
            moved.move(\.onHandDelta, \.onHand, by: -units)
        },
        "unavailableDelta": { moved, _ in moved.move(\.unavailableDelta, \.unavailable, by: 1) },
        "reservedDelta": { moved, _ in moved.move(\.reservedDelta, \.reserved, by: 1) },
        "incomingDelta": { moved, _ in moved.move(\.incomingDelta, \.incoming, by: 1) },
        "amount": { moved, random in moved.movement.amount = Money(Int64(random.below(900))) },
        "price": { moved, random in
            let basis = Int64(1 + random.below(2))
            moved.movement.price = Price(Int64(random.below(90)), per: basis)
        },
        "cost": { moved, random in
            let minorUnits = Money(Int64(random.below(3)))
            moved.move(\.cost, \.value, by: -minorUnits)
        },
        "reason": { $0.movement.reason = $1.any(Reason.self) },
        "reference": { $0.movement.reference = $1.text(byteCountMax: 200) },
        "note": { $0.movement.note = $1.text(byteCountMax: 200) },
        "origin": { moved, _ in
            moved.movement.kind = .return
            moved.movement.origin = moved.sale
        },
        "occurredAt": { moved, random in
            moved.movement.occurredAt = Instant(microseconds: Int64(random.below(90)))
        },
        "isImported": { $0.movement.isImported = $1.flag() },
    ])

    fileprivate static let level = Fields([
        "product": { _, _ in },
        "location": { _, _ in },
        // Only the fields that the movement moves change these.
        "onHand": { _, _ in },
        "unavailable": { _, _ in },
        "reserved": { _, _ in },
        "incoming": { _, _ in },
        "floor": { $0.level.floor = Quantity(Int64($1.below(9)) - 4) },
        "value": { _, _ in },
        "alerts": { $0.level.alerts = AlertSet(rawValue: UInt8($1.below(8))) },
        "revision": { $0.level.revision = LSN($1.below(100)) },
    ])
}

/// Folding blocks of sales reads every field of an entry, or falls back to the slow path.
@Suite struct ReplayFieldTests {
    /// A shop with two products that were sold once each.
    private static func shop() throws -> BothPaths {
        var shop = try BothPaths()
        try shop.run(.createCategory(name: "A"))
        for number in 0..<2 {
            let draft = ProductDraft(
                sku: "S-\(number)",
                name: "S",
                category: CategoryID(1),
                price: Price(5),
                opening: OpeningStock(quantity: 100_000, unitCost: Money(3))
            )
            try shop.run(.createProduct(draft))
            let line = SaleLine(product: ProductID(UInt32(number + 1)), quantity: 1)
            try shop.run(.sell(Sale(lines: [line])))
        }
        return shop
    }

    private static func moved(in shop: borrowing BothPaths, _ product: ProductID) -> Moved {
        var level = shop.slow.tables.levels.level(product, .main)
        level.onHand -= 2
        level.value -= 6
        level.revision = shop.slow.lsn.next
        let movement = Movement(
            kind: .sale,
            product: product,
            location: .main,
            onHandDelta: -2,
            amount: 10,
            price: Price(5),
            cost: -6,
            occurredAt: shop.time
        )
        let sale = shop.slow.tables.ledger.movementID(product == ProductID(1) ? 1 : 3)
        return Moved(movement: movement, level: level, sale: sale)
    }

    @Test func `the lists of fields are complete`() throws {
        let moved = Self.moved(in: try Self.shop(), ProductID(1))
        Fields<Moved>.movement.checkComplete(moved.movement)
        Fields<Moved>.level.checkComplete(moved.level)
    }

    /// Whether a fold may read such a change ahead, by the masks only.
    private static func isPlain(_ moved: Moved, lsn: LSN, time: Instant) -> Bool {
        moved.movement.kind == .sale && moved.level.revision == lsn
            && moved.movement.presence(recordedAt: time) & ~GatheredMovements.fields == 0
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `entries with any fields fold to the same state`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var shop = try Self.shop()
        var (plainCount, otherCount) = (0, 0)
        for _ in 0..<1_000 {
            let product = ProductID(UInt32(1 + random.below(2)))
            var moved = Self.moved(in: shop, product)
            _ = Fields<Moved>.movement.vary(&moved, oneIn: 9, &random)
            _ = Fields<Moved>.level.vary(&moved, oneIn: 20, &random)
            let (lsn, time) = (shop.slow.lsn.next, shop.time)
            let change = Change.moved(moved.movement, moved.level)
            let entry = Entry(lsn: lsn, time: time, actor: "till", changes: [change])
            let isRead = BothPaths.bytes { entry.encode(into: &$0) }.withUnsafeBytes { bytes in
                var sale = Replay.Sale()
                var reader = ByteReader(bytes)
                return sale.read(&reader)
            }
            #expect(isRead == Self.isPlain(moved, lsn: lsn, time: time), "\(moved)")
            if isRead { plainCount += 1 } else { otherCount += 1 }
            try shop.put([change], by: "till")
            // The ledger has what the entry contains.
            let row = shop.slow.tables.ledger.rowCount - 1
            try #require(shop.slow.tables.movement(row) == moved.movement)
            shop.checkSameRow(row)
        }
        #expect(plainCount > 200, "\(plainCount) sales were read ahead")
        #expect(otherCount > 200, "\(otherCount) were not")
        shop.checkSameTables()
    }

    /// Each bit of the mask is a field of the movement, and every field has one.
    @Test func `every field of a movement and of a level has its bits in the mask`() {
        var random = SplitMix64(seed: 4)
        var seen: UInt64 = 0
        for _ in 0..<2_000 {
            guard case .moved(let movement, _) = random.change(.moved, lsn: 7, time: .zero) else {
                continue
            }
            seen |= movement.presence(recordedAt: .zero)
        }
        let shared = Movement.Mask.sharedReference | Movement.Mask.sharedNote
        #expect(seen | shared == Movement.Mask.all)
        #expect(seen & shared == 0)
        seen = 0
        for _ in 0..<2_000 {
            let level = random.level(at: 7)
            var bytes = BothPaths.bytes { writer in
                writer.append(atMost: Level.byteCountMax) { level.encodeBalances(into: &$0, at: 7) }
            }
            bytes += [0]
            seen |= UInt64(bytes[0] & 0x7F) | UInt64(bytes[0] >> 7 & bytes[1]) << 7
        }
        #expect(seen == Level.Mask.all)
    }
}
