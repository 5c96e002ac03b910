import Bytes
import InventoryModel
import Testing

@testable import InventoryClient

@Suite struct ReplicaVerificationTests {
    private func level(_ product: UInt32, onHand: Int64) -> Change {
        .level(Level(product: ProductID(product), location: .main, onHand: Quantity(onHand)))
    }

    /// The digest of some levels, as the server makes it.
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

    @Test func `the digest of one level is what the document says`() {
        #expect(self.digest([(1, 12)]) == 0xEAAD_79ED_DF45_FC79)
    }

    @Test func `the order does not matter, and what has no stock does not count`() {
        #expect(self.digest([(1, 5), (2, 7), (3, 0)]) == self.digest([(2, 7), (1, 5)]))
        #expect(self.digest([]) == 0)
    }

    @Test func `a copy is compared as of the step that the digest is of`() {
        var proof = ReplicaVerification()
        proof.apply(self.level(1, onHand: 5))
        proof.apply(self.level(2, onHand: 7))
        proof.remember(10)
        proof.apply(self.level(1, onHand: 4))
        proof.remember(12)
        #expect(proof.check(10, self.digest([(1, 5), (2, 7)])) == .proven)
        #expect(proof.check(11, self.digest([(1, 5), (2, 7)])) == .proven)
        #expect(proof.check(15, self.digest([(1, 4), (2, 7)])) == .proven)
        #expect(proof.check(9, 0) == .unknown)
    }

    @Test func `a step that was lost, or altered, is noticed`() {
        var proof = ReplicaVerification()
        proof.apply(self.level(1, onHand: 5))
        proof.remember(10)
        // The server went on to 4; this copy never heard.
        guard case .differs = proof.check(11, self.digest([(1, 4)])) else {
            Issue.record("a lost step goes unnoticed")
            return
        }
        proof.apply(self.level(1, onHand: 3))
        proof.remember(12)
        #expect(proof.check(12, self.digest([(1, 4)])) != .proven)
    }

    @Test func `a product that left the filter counts no longer, and counts again once it is back`()
    {
        var proof = ReplicaVerification()
        proof.apply(self.level(1, onHand: 5))
        proof.apply(self.level(2, onHand: 7))
        proof.apply(.productLeft(ProductID(2)))
        proof.remember(10)
        #expect(proof.check(10, self.digest([(1, 5)])) == .proven)
        proof.apply(self.level(2, onHand: 6))
        proof.remember(11)
        #expect(proof.check(11, self.digest([(1, 5), (2, 6)])) == .proven)
    }

    @Test func `only so many steps are remembered`() {
        var proof = ReplicaVerification()
        for lsn in 1...UInt64(ReplicaVerification.rememberedMax + 10) {
            proof.apply(self.level(1, onHand: Int64(lsn)))
            proof.remember(LSN(lsn))
        }
        #expect(proof.check(10, self.digest([(1, 10)])) == .unknown)
        #expect(proof.check(11, self.digest([(1, 11)])) == .proven)
    }
}
