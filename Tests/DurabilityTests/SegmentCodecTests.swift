import InventoryTestSupport
import Testing

@testable import Durability

@Suite struct SegmentCodecTests {
    @Test(arguments: [1, 2, 4, 8])
    func `any number of bytes is restored`(stride: Int) throws {
        var random = SplitMix64(seed: UInt64(stride))
        var codec = SegmentCodec()
        for count in [0, 1, 7, 15, 16, 17, 31, 33, 1_000, 8_192] {
            // Small values compress, and the odd bytes at the end belong to none.
            var bytes = (0..<(count * stride)).map { index -> UInt8 in
                index % stride == 0 ? UInt8.random(in: 0...255, using: &random) : 3
            }
            bytes += Array([1, 2, 3].prefix(stride - 1))
            let back = try bytes.withUnsafeBytes { raw in
                try codec.encode(raw, stride: stride) { encoding, stored in
                    SegmentCodec.decode(stored, encoding, stride: stride, byteCount: raw.count)
                }
            }
            #expect(back == bytes, "\(count) values of \(stride) bytes")
        }
    }
}
