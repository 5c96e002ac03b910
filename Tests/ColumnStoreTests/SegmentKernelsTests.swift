import Bytes
import InventoryTestSupport
import Testing

@testable import ColumnStore

/// The kernels over whole segments compared with one value at a time, for each type and width.
@Suite struct SegmentKernelsTests {
    private func check<Value: FixedWidthInteger & Sendable>(
        _ type: Value.Type,
        spreads: [UInt64]
    ) throws {
        var random = SplitMix64(seed: UInt64(Value.bitWidth))
        for spread in spreads {
            for base in [Value.min, 0, Value.max] {
                let values = (0..<SegmentSize.capacity).map { index -> Value in
                    let offset = index == 0 ? spread : UInt64.random(in: 0...spread, using: &random)
                    return base &+ Value(truncatingIfNeeded: offset)
                }
                try self.check(values)
            }
        }
    }

    /// Checks a sealed segment, read back value by value and all at once, and through its image.
    private func check<Value: FixedWidthInteger & Sendable>(_ values: [Value]) throws {
        var ledger = LedgerColumn<Value>()
        var column = Column<Value>()
        for value in values + values.prefix(100) {
            ledger.append(value)
            column.append(value)
        }
        let sealed = ledger.sealed[0]
        #expect(sealed.width <= MemoryLayout<Value>.size)
        #expect(sealed.zone.lowest == values.min() && sealed.zone.highest == values.max())
        #expect(values.indices.allSatisfy { sealed[$0] == values[$0] })
        #expect(sealed.withValues { Array($0) } == values)

        var expected = StateChecksum.count(ledger.count, ofPart: 7)
        for row in (0..<ledger.count).reversed() {
            let value = UInt64(truncatingIfNeeded: ledger[row])
            expected &+= StateChecksum.cell(ofPart: 7, row: row, value: value)
        }
        // The second time the sum of the sealed segment is the one that was kept.
        for _ in 0..<2 { #expect(ledger.checksum(ofPart: 7) == expected) }
        #expect(column.checksum(ofPart: 7) == expected)
        let copy = try self.roundTrip(ledger, LedgerColumn<Value>())
        #expect(copy.checksum(ofPart: 7) == expected)
        let back = try self.roundTrip(column, Column<Value>())
        #expect(back.checksum(ofPart: 7) == expected)
        #expect(back.zone(0).lowest == values.min() && back.zone(0).highest == values.max())
    }

    private func roundTrip<Image: ColumnImaging>(_ column: Image, _ empty: Image) throws -> Image {
        var back = empty
        for segment in 0..<column.imageSegmentCount {
            var writer = ByteWriter()
            column.writeImageSegment(segment, into: &writer)
            try writer.array().withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                try back.appendImageSegment(&reader)
            }
        }
        return back
    }

    @Test func `values of 8 bits are restored from every width`() throws {
        try self.check(UInt8.self, spreads: [0, 1, 0xFF])
        try self.check(Int8.self, spreads: [0, 1, 0x7F, 0x80, 0xFF])
    }

    @Test func `values of 16 bits are restored from every width`() throws {
        try self.check(UInt16.self, spreads: [0, 0xFF, 0x100, 0xFFFF])
        try self.check(Int16.self, spreads: [0, 0xFF, 0x100, 0x8000, 0xFFFF])
    }

    @Test func `values of 32 bits are restored from every width`() throws {
        let spreads: [UInt64] = [0, 0xFF, 0x100, 0xFFFF, 0x1_0000, 0x8000_0000, 0xFFFF_FFFF]
        try self.check(UInt32.self, spreads: spreads)
        try self.check(Int32.self, spreads: spreads)
    }

    @Test func `values of 64 bits are restored from every width`() throws {
        let spreads: [UInt64] = [0, 0xFF, 0x100, 0xFFFF, 0x1_0000, 0xFFFF_FFFF, 1 << 32, .max]
        try self.check(UInt64.self, spreads: spreads)
        try self.check(Int64.self, spreads: spreads)
    }
}
