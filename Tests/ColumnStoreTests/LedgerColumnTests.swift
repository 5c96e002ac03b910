import Bytes
import InventoryTestSupport
import Testing

@testable import ColumnStore

@Suite struct LedgerColumnTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `batch append equals single appends`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var single = LedgerColumn<Int64>()
        var runs = LedgerColumn<Int64>()
        var views: [(column: LedgerColumn<Int64>, checksum: UInt64)] = []
        while runs.count < 3 * SegmentSize.capacity {
            let count = [1, 2, 63, 64, 65, 300, 9_000].randomElement(using: &random) ?? 1
            if Bool.random(using: &random) {
                let value = Int64.random(in: -5...5, using: &random)
                for _ in 0..<count { single.append(value) }
                runs.append(repeating: value, count: count)
            } else {
                let values = (0..<count).map { _ in Int64.random(in: -900...900, using: &random) }
                for value in values { single.append(value) }
                runs.append(count: count) { values[$0] }
            }
            #expect(runs.count == single.count)
            if Int.random(in: 0..<4, using: &random) == 0 {
                views.append((runs, Self.checksum(runs)))
            }
        }
        runs.append(repeating: 1, count: 0)
        #expect(Self.checksum(runs) == Self.checksum(single))
        for segment in 0..<runs.imageSegmentCount {
            #expect(runs.zone(segment) == single.zone(segment))
            #expect(Self.image(of: runs, segment) == Self.image(of: single, segment))
        }
        // A view still has the same values.
        for view in views { #expect(Self.checksum(view.column) == view.checksum) }
    }

    @Test func `a sealed segment is restored from its image byte for byte`() throws {
        var column = LedgerColumn<Int64>()
        for value in 0..<SegmentSize.capacity { column.append(Int64(value % 500) - 200) }
        column.append(repeating: -7, count: SegmentSize.capacity)
        var back = LedgerColumn<Int64>()
        for segment in 0..<column.imageSegmentCount {
            try Self.image(of: column, segment).withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                try back.appendImageSegment(&reader)
            }
        }
        for (found, expected) in zip(back.sealed, column.sealed) {
            #expect(found.base == expected.base)
            #expect(found.width == expected.width)
            #expect(found.zone == expected.zone)
            #expect(found.bytes == expected.bytes)
        }
        #expect(back.sealed.map(\.width) == [2, 0])
    }

    @Test func `an image wider than necessary is narrowed when sealed`() throws {
        var writer = ByteWriter()
        SegmentImage.writeHead(count: SegmentSize.capacity, width: 2, base: 5, into: &writer)
        for _ in 0..<SegmentSize.capacity { writer.write(3 as UInt16) }
        var back = LedgerColumn<UInt64>()
        try writer.withBytes { bytes in
            var reader = ByteReader(bytes)
            try back.appendImageSegment(&reader)
        }
        #expect(back.sealed[0].base == 8)
        #expect(back.sealed[0].width == 0)
    }

    private static func image(of column: LedgerColumn<Int64>, _ segment: Int) -> [UInt8] {
        var writer = ByteWriter()
        column.writeImageSegment(segment, into: &writer)
        return writer.array()
    }

    private static func checksum(_ column: LedgerColumn<Int64>) -> UInt64 {
        column.checksum(ofPart: 500)
    }
}
