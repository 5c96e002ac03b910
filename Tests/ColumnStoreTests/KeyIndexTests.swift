import ColumnStore
import InventoryTestSupport
import Testing

@Suite struct KeyIndexTests {
    @Test(arguments: [1, 2] as [UInt64])
    func `an index agrees with a dictionary, growing and shrinking`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var texts = TextColumn()
        texts.append("")
        var index = KeyIndex()
        var rows: [String: UInt32] = [:]
        for _ in 0..<20_000 {
            let key = "key \(random.below(3_000))"
            switch random.below(5) {
            case 0:
                if let row = rows.removeValue(forKey: key) { index.remove(row: row, in: texts) }
            case 1:
                guard rows[key] == nil else { continue }
                texts.append(key)
                rows[key] = UInt32(texts.count - 1)
                index.insert(row: UInt32(texts.count - 1), in: texts)
            case 2:
                let bytes = Array(key.utf8)
                let next = UInt32(texts.count)
                let found = bytes.withUnsafeBytes {
                    index.findOrInsert($0, row: next, in: texts)
                }
                #expect(found == rows[key])
                if found == nil {
                    texts.append(key)
                    rows[key] = next
                }
            case 3:
                // As case 1, but for a hash that is known, and for room that was made.
                let bytes = Array(key.utf8)
                let hash = bytes.withUnsafeBytes { KeyIndex.hash($0) }
                index.prefetch(hash: hash)
                let found = bytes.withUnsafeBytes { index.find($0, hash: hash, in: texts) }
                #expect(found == rows[key])
                guard found == nil else { continue }
                index.reserve(1 + Int(random.below(50)))
                bytes.withUnsafeBytes { texts.append(utf8: $0) }
                rows[key] = UInt32(texts.count - 1)
                index.insert(row: UInt32(texts.count - 1), hash: hash, in: texts)
            default:
                #expect(index.find(key, in: texts) == rows[key])
            }
            #expect(index.count == rows.count)
        }
        for number in 0..<3_000 {
            let key = "key \(number)"
            #expect(index.find(key, in: texts) == rows[key])
        }
    }
}
