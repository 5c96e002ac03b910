import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// A draft finds what the step has done so far, however much that is.
@Suite struct DraftTests {
    private static func level(_ product: UInt64, _ location: UInt64, onHand: Int64) -> Level {
        Level(
            product: ProductID(UInt32(1 + product)),
            location: LocationID(UInt16(1 + location)),
            onHand: Quantity(onHand)
        )
    }

    private static func sale(of level: Level) -> Movement {
        Movement(
            kind: .sale,
            product: level.product,
            location: level.location,
            onHandDelta: -1,
            occurredAt: .zero
        )
    }

    /// Around the number of levels from which they are found by key.
    @Test(arguments: [1, 7, 8, 9, 10, 60] as [UInt64])
    func `a level is as the step has left it last`(count: UInt64) {
        var random = SplitMix64(seed: count)
        var draft = Draft(lsn: 7, time: .zero, isBatch: false)
        var expected: [LevelKey: Quantity] = [:]
        for _ in 0..<300 {
            let level = Self.level(
                random.below(count),
                random.below(3),
                onHand: Int64(random.below(90))
            )
            let key = LevelKey(product: level.product, location: level.location)
            expected[key] = level.onHand
            if random.flag() {
                draft.move(Self.sale(of: level), leaving: level)
            } else {
                draft.set(level)
            }
            draft.checkInvariants()
            if draft.levels.count > 1 {
                let index = Int(random.below(UInt64(draft.levels.count)))
                draft.setAlert(.lowStock, isRaised: random.flag(), at: index, threshold: 3)
            }
            draft.checkInvariants()
        }
        #expect(draft.levels.count == expected.count)
        for (key, onHand) in expected {
            let level = draft.level(key.product, key.location)
            #expect(level?.onHand == onHand && level?.revision == 7)
        }
        #expect(draft.level(ProductID(9_999), .main) == nil)
    }

    @Test func `products are found by id, the first as all others`() {
        var random = SplitMix64(seed: 3)
        var products = DraftProducts()
        var expected: [ProductID: Product] = [:]
        for step in 0..<400 {
            let id = ProductID(UInt32(1 + random.below(6)))
            var fields = ProductFields()
            fields.name = "step \(step)"
            let product: Product? = random.below(3) == 0 ? nil : Product(id: id, fields)
            products[id] = product
            expected[id] = product
            products.checkInvariants()
            #expect(products.isEmpty == expected.isEmpty)
            for row in 1...6 as ClosedRange<UInt32> {
                #expect(products[ProductID(row)] == expected[ProductID(row)])
            }
        }
    }

    @Test func `open items are counted from the start of the step on`() {
        var random = SplitMix64(seed: 5)
        var items = DraftItems<Reservation>()
        /// Those that were open before the step: 1 to 3.
        var open: Set<UInt32> = [1, 2, 3]
        var next: UInt32 = 4
        for _ in 0..<60 {
            let isNew = open.isEmpty || random.flag()
            let number = isNew ? next : random.one(of: open.sorted())
            if isNew { next += 1 }
            let isClosed = random.flag()
            items.put(Self.reservation(number, isOpen: !isClosed), isNew: isNew)
            if isClosed { open.remove(number) } else { open.insert(number) }
            items.checkInvariants()
            #expect(items.openedCount == open.count - 3)
        }
        #expect(items.createdCount == next - 4)
    }

    private static func reservation(_ number: UInt32, isOpen: Bool) -> Reservation {
        Reservation(
            id: ReservationID(number),
            product: ProductID(1),
            location: .main,
            quantity: 2,
            remaining: isOpen ? 1 : 0,
            expiresAt: .zero,
            state: isOpen ? .active : .released,
            origin: MovementID(lsn: 1, line: 0),
            revision: 1
        )
    }
}
