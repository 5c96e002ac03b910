import ColumnStore
import InventoryTestSupport
import Testing

/// Tables in shards: equal to a plain one, and no step moves many entries.
@Suite struct ProbedShardsTests {
    /// A model: the hash of each reference that is in the table.
    private struct Model {
        var table = ProbedShards()
        var hashes: [UInt32: UInt64] = [:]
        var random: SplitMix64

        /// Few shards and few tags, so that shards grow and searches collide.
        mutating func hash() -> UInt64 {
            self.random.below(64) << 32 | self.random.below(2)
        }

        mutating func step() {
            let reference = UInt32(1 + self.random.below(400))
            if let hash = self.hashes.removeValue(forKey: reference) {
                self.table.remove(reference, hash: hash)
            } else {
                let hash = self.hash()
                self.hashes[reference] = hash
                self.table.insert(reference, hash: hash)
            }
        }

        func check() {
            self.table.checkInvariants()
            #expect(self.table.count == self.hashes.count)
            for (reference, hash) in self.hashes {
                #expect(self.table.find(hash) { $0 == reference } == reference)
                #expect(self.table.find(hash ^ 1 << 40) { $0 == reference } == nil)
            }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `every reference is found under its hash, and no other`(seed: UInt64) {
        var model = Model(random: SplitMix64(seed: seed))
        for number in 0..<6_000 {
            model.step()
            if number % 500 == 0 { model.check() }
        }
        model.check()
        for (reference, hash) in model.hashes { model.table.remove(reference, hash: hash) }
        model.hashes = [:]
        model.check()
        #expect(model.table.largestSlotCount == 0, "memory is released")
    }

    @Test func `no insertion moves more than one shard of many keys`() {
        var random = SplitMix64(seed: 4)
        var table = ProbedShards()
        for reference in 1...UInt32(200_000) { table.insert(reference, hash: random.next()) }
        table.checkInvariants()
        // A shard has 195 keys on average. In one piece, the table would have 524,288 slots.
        #expect(table.largestSlotCount <= 512)
    }

    @Test func `a sharded map of strings finds one however it is composed`() {
        var map = ShardedMap<String, Int>()
        for number in 0..<40_000 { map["caf\u{E9} \(number)"] = number }
        map.checkInvariants()
        // A shard has 39 strings on average.
        #expect(map.largestShardCount <= 128)
        for number in 0..<40_000 { #expect(map["cafe\u{301} \(number)"] == number) }
    }

    @Test func `a sharded map agrees with a dictionary`() {
        var random = SplitMix64(seed: 5)
        var map = ShardedMap<Int, Int>()
        var model: [Int: Int] = [:]
        for number in 0..<20_000 {
            let row = Int(random.below(5_000))
            switch random.below(3) {
            case 0:
                map[row] = number
                model[row] = number
            case 1:
                map[row, default: 7] += 1
                model[row, default: 7] += 1
            default:
                map[row] = nil
                model[row] = nil
            }
            #expect(map[row] == model[row] && map.count == model.count)
        }
        map.checkInvariants()
        for row in 0..<5_000 { #expect(map[row] == model[row]) }
        #expect(map.largestShardCount <= 12)
    }
}
