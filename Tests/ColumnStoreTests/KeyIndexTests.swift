import ColumnStore
import InventoryTestSupport
import Testing

@Suite struct KeyIndexTests {
    @Test(arguments: [1, 2] as [UInt64])
    func `an index agrees with a dictionary, growing and shrinking`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var strings = TextColumn()
        strings.append("")
        var index = KeyIndex()
        var rows: [String: UInt32] = [:]
        for _ in 0..<20_000 {
            let key = "key \(random.below(3_000))"
            switch random.below(5) {
            case 0:
                if let row = rows.removeValue(forKey: key) { index.remove(row: row, in: strings) }
            case 1:
                guard rows[key] == nil else { continue }
                strings.append(key)
                rows[key] = UInt32(strings.count - 1)
                index.insert(row: UInt32(strings.count - 1), in: strings)
            case 2:
                let bytes = Array(key.utf8)
                let next = UInt32(strings.count)
                let found = bytes.withUnsafeBytes {
                    index.findOrInsert($0, row: next, in: strings)
                }
                #expect(found == rows[key])
                if found == nil {
                    strings.append(key)
                    rows[key] = next
                }
            case 3:
                // As case 1, but with a precomputed hash.
                let bytes = Array(key.utf8)
                let hash = bytes.withUnsafeBytes { KeyIndex.hash($0) }
                index.prefetch(hash: hash)
                let found = bytes.withUnsafeBytes { index.find($0, hash: hash, in: strings) }
                #expect(found == rows[key])
                guard found == nil else { continue }
                bytes.withUnsafeBytes { strings.append(utf8: $0) }
                rows[key] = UInt32(strings.count - 1)
                index.insert(row: UInt32(strings.count - 1), hash: hash, in: strings)
            default:
                #expect(index.find(key, in: strings) == rows[key])
            }
            #expect(index.count == rows.count)
        }
        for number in 0..<3_000 {
            let key = "key \(number)"
            #expect(index.find(key, in: strings) == rows[key])
        }
    }
}
