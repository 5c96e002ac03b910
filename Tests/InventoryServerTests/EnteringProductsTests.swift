import Bytes
import Testing

@testable import InventoryServer

/// The rows of products that enter a filter.
@Suite struct EnteringProductsTests {
    private static func key(_ lsn: LSN, interest: Int = 1) -> EnteringProducts.Key {
        EnteringProducts.Key(interest: interest, lsn: lsn)
    }

    private static func batch(_ lsn: LSN) -> EventBatch {
        EventBatch(ByteWriter(), requestID: 1, through: lsn)
    }

    /// What to do for a step, by name.
    private static func find(
        _ products: inout EnteringProducts,
        _ lsn: LSN,
        interest: Int = 1,
        durable: LSN = 0
    ) -> String {
        defer { products.checkInvariants() }
        return switch products.find(Self.key(lsn, interest: interest), durable: durable) {
        case .made(_, let lsn): "made at \(lsn)"
        case .wait: "wait"
        case .make: "make"
        }
    }

    @Test func `rows are made once for each interest, and sent once they are durable`() {
        var products = EnteringProducts()
        #expect(Self.find(&products, 5) == "make")
        #expect(Self.find(&products, 5) == "wait")
        #expect(Self.find(&products, 5, interest: 2) == "make")
        let isAwaited = products.made(Self.batch(5), of: Self.key(5), lsn: 8)
        products.checkInvariants()
        #expect(isAwaited)
        #expect(Self.find(&products, 5, durable: 7) == "wait")
        #expect(Self.find(&products, 5, durable: 8) == "made at 8")
        products.removeAll()
        #expect(products.isEmpty)
        let isAwaitedStill = products.made(Self.batch(5), of: Self.key(5, interest: 2), lsn: 9)
        #expect(!isAwaitedStill && products.isEmpty)
    }

    @Test func `beyond the limit the oldest rows are made again`() {
        var products = EnteringProducts(countMax: 2)
        for lsn in [3, 4] as [LSN] {
            #expect(Self.find(&products, lsn) == "make")
            _ = products.made(Self.batch(lsn), of: Self.key(lsn), lsn: lsn)
        }
        #expect(Self.find(&products, 5, durable: 9) == "make")
        #expect(Self.find(&products, 4, durable: 9) == "made at 4")
        #expect(Self.find(&products, 3, durable: 9) == "make")
    }
}
