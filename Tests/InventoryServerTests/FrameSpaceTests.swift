import InventoryTestSupport
import InventoryWire
import Testing

@testable import InventoryServer

/// Back-pressure on connections that have begun large frames.
@Suite struct FrameSpaceTests {
    /// A reference, so that mutating calls can be made within an expectation.
    private final class Space {
        private var space: FrameSpace<Int>
        init(_ space: FrameSpace<Int>) { self.space = space }
        var byteCount: Int { self.space.byteCount }
        var hasWaiting: Bool { self.space.hasWaiting }
        func begun(_ owner: Int, _ byteCount: Int) -> Bool { self.space.begun(owner, byteCount) }
        var storedCount: Int { self.space.storedCount }
        func checkInvariants() { self.space.checkInvariants() }
        func ended(_ owner: Int) -> [Int] { self.space.ended(owner) }
    }

    private static func space() -> Space {
        Space(FrameSpace(byteCountMax: 100, freeByteCount: 10, frameByteCountMax: 60))
    }

    @Test func `small frames need no space, and large ones get it to the last byte`() {
        let space = Self.space()
        for owner in 0..<100 { #expect(space.begun(owner, 10)) }
        #expect(space.byteCount == 0)
        #expect(space.begun(1, 60))
        #expect(space.begun(2, 40))
        #expect(space.byteCount == 100 && !space.hasWaiting)
        #expect(!space.begun(3, 11))
        #expect(space.hasWaiting)
        // A repeated claim, with or without space, changes nothing.
        #expect(space.begun(1, 60) && !space.begun(3, 11))
        #expect(space.byteCount == 100)
    }

    @Test func `waiting connections get space in order, without overtaking`() {
        let space = Self.space()
        #expect(space.begun(1, 60) && space.begun(2, 40))
        for (owner, byteCount) in [(3, 50), (4, 20), (5, 30)] {
            #expect(!space.begun(owner, byteCount))
        }
        // There is space for 4, but 3 comes first.
        #expect(space.ended(2).isEmpty)
        #expect(!space.begun(6, 11))
        #expect(space.ended(1) == [3, 4, 5])
        #expect(space.byteCount == 100)
        #expect(space.ended(3) == [6])
        #expect(!space.hasWaiting)
    }

    @Test func `a connection that closes while it waits is skipped`() {
        let space = Self.space()
        #expect(space.begun(1, 60) && space.begun(2, 40))
        for owner in 3...5 { #expect(!space.begun(owner, 30)) }
        #expect(space.ended(3).isEmpty)
        #expect(space.ended(1) == [4, 5])
        #expect(space.ended(9).isEmpty)
        for owner in [2, 4, 5] { #expect(space.ended(owner).isEmpty) }
        #expect(space.byteCount == 0 && !space.hasWaiting)
    }

    @Test func `connections that wait and close behind a waiting one are not stored`() {
        let space = Self.space()
        #expect(space.begun(1, 60) && space.begun(2, 40) && !space.begun(3, 30))
        for owner in 4..<10_000 {
            #expect(!space.begun(owner, 30))
            #expect(space.ended(owner).isEmpty)
        }
        #expect(space.storedCount <= 2)
        space.checkInvariants()
        #expect(space.ended(1) == [3])
    }

    @Test func `in any order of events the limit holds and no connection is forgotten`() {
        var random = SplitMix64(seed: 11)
        let space = Self.space()
        var (reading, waiting): (Set<Int>, Set<Int>) = ([], [])
        for _ in 0..<100_000 {
            let owner = Int(random.next() % 40)
            if reading.contains(owner) || waiting.contains(owner) {
                reading.remove(owner)
                waiting.remove(owner)
                let granted = space.ended(owner)
                #expect(waiting.isSuperset(of: granted))
                waiting.subtract(granted)
                reading.formUnion(granted)
            } else if space.begun(owner, 11 + Int(random.next() % 50)) {
                reading.insert(owner)
            } else {
                waiting.insert(owner)
            }
            #expect(space.byteCount <= 100)
            #expect(space.hasWaiting == !waiting.isEmpty)
            #expect(waiting.isEmpty || !reading.isEmpty)
        }
        for owner in reading.union(waiting) { _ = space.ended(owner) }
        #expect(space.byteCount == 0 && !space.hasWaiting)
    }

    @Test func `the largest possible frame finds space`() {
        let space = Space(FrameSpace())
        #expect(space.begun(1, WireLimits.requestByteCountMax + FrameHeader.byteCount))
    }
}
