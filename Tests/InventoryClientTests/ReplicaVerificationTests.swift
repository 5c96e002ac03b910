import Bytes
import InventoryModel
import Testing

@testable import InventoryClient

@Suite struct ReplicaVerificationTests {
    private func level(_ product: UInt32, onHand: Int64) -> Change {
        .level(Level(product: ProductID(product), location: .main, onHand: Quantity(onHand)))
    }

    /// Returns the digest of some levels, as the server computes it.
    private func digest(_ levels: [(UInt32, Int64)]) -> UInt64 {
        var digest = LevelDigest()
        for (product, onHand) in levels {
            digest.replace(
                nil,
                with: Level(product: ProductID(product), location: .main, onHand: Quantity(onHand))
            )
        }
        return digest.value
    }

    @Test func `the digest of one level is that of the document`() {
        #expect(self.digest([(1, 12)]) == 0xEAAD_79ED_DF45_FC79)
    }

    @Test func `the order does not matter, and levels without stock do not count`() {
        #expect(self.digest([(1, 5), (2, 7), (3, 0)]) == self.digest([(2, 7), (1, 5)]))
        #expect(self.digest([]) == 0)
    }

    @Test func `a replica is compared as of the step of the digest`() {
        var replica = ReplicaVerification()
        replica.apply(self.level(1, onHand: 5))
        replica.apply(self.level(2, onHand: 7))
        replica.remember(10)
        replica.apply(self.level(1, onHand: 4))
        replica.remember(12)
        #expect(replica.check(10, self.digest([(1, 5), (2, 7)])) == .verified)
        #expect(replica.check(11, self.digest([(1, 5), (2, 7)])) == .verified)
        #expect(replica.check(15, self.digest([(1, 4), (2, 7)])) == .verified)
        #expect(replica.check(9, 0) == .unknown)
    }

    @Test func `a lost or altered step is detected`() {
        var replica = ReplicaVerification()
        replica.apply(self.level(1, onHand: 5))
        replica.remember(10)
        // The server's level is 4; this replica missed the step.
        guard case .mismatched = replica.check(11, self.digest([(1, 4)])) else {
            Issue.record("a lost step is not detected")
            return
        }
        replica.apply(self.level(1, onHand: 3))
        replica.remember(12)
        #expect(replica.check(12, self.digest([(1, 4)])) != .verified)
    }

    @Test func `a product that left the filter does not count until it is back`() {
        var replica = ReplicaVerification()
        replica.apply(self.level(1, onHand: 5))
        replica.apply(self.level(2, onHand: 7))
        replica.apply(.productLeft(ProductID(2)))
        replica.remember(10)
        #expect(replica.check(10, self.digest([(1, 5)])) == .verified)
        replica.apply(self.level(2, onHand: 6))
        replica.remember(11)
        #expect(replica.check(11, self.digest([(1, 5), (2, 6)])) == .verified)
    }

    @Test func `the number of remembered steps is limited`() {
        var replica = ReplicaVerification()
        for lsn in 1...UInt64(ReplicaVerification.rememberedMax + 10) {
            replica.apply(self.level(1, onHand: Int64(lsn)))
            replica.remember(LSN(lsn))
        }
        #expect(replica.check(10, self.digest([(1, 10)])) == .unknown)
        #expect(replica.check(11, self.digest([(1, 11)])) == .verified)
    }
}
