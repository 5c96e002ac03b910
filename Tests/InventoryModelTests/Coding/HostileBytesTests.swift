import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

/// Malicious or damaged bytes are decoded to an error or a value: never a trap, and never a value with
/// another encoding.
@Suite struct HostileBytesTests {
    @Test(arguments: Codec.all)
    func `a truncated value is refused`(codec: Codec) {
        var random = SplitMix64(seed: 11)
        for _ in 0..<8 {
            for sample in codec.samples(&random) {
                for count in 0..<sample.count {
                    #expect(throws: ByteReaderError.self) {
                        try codec.reencode(Array(sample.prefix(count)))
                    }
                }
            }
        }
    }

    @Test(arguments: Codec.all)
    func `a trailing byte is refused`(codec: Codec) {
        var random = SplitMix64(seed: 12)
        for sample in codec.samples(&random) {
            #expect(throws: ByteReaderError.self) { try codec.reencode(sample + [0]) }
        }
    }

    @Test(arguments: Codec.all)
    func `flipped bits are an error or a value with that encoding`(codec: Codec) {
        var random = SplitMix64(seed: 13)
        for _ in 0..<6 {
            for sample in codec.samples(&random) where !sample.isEmpty {
                for _ in 0..<150 {
                    var damaged = sample
                    for _ in 0...random.below(3) {
                        let bit = Int(random.below(UInt64(damaged.count * 8)))
                        damaged[bit / 8] ^= 1 << (bit % 8)
                    }
                    self.check(codec, damaged)
                }
            }
        }
    }

    @Test(arguments: Codec.all)
    func `random bytes are an error or a value with that encoding`(codec: Codec) {
        var random = SplitMix64(seed: 14)
        for _ in 0..<20_000 {
            // Small bytes are more often tags and counts.
            let mask: UInt8 = random.flag() ? 0x0F : 0xFF
            let made = random.list(upTo: 40) { UInt8(truncatingIfNeeded: $0.next()) & mask }
            self.check(codec, made)
        }
    }

    private func check(_ codec: Codec, _ bytes: [UInt8]) {
        do throws(ByteReaderError) {
            let reencoded = try codec.reencode(bytes)
            #expect(reencoded == bytes)
        } catch {
            // Refused, which is correct too.
        }
    }

    @Test func `a count beyond its limit is refused before its elements are read`() {
        let sell: [UInt8] = [CommandTag.sell.rawValue, 0x81, 0x80, 0x01]
        #expect(throws: ByteReaderError.tooLong(offset: 1, length: 16_385, limit: 16_384)) {
            try read(sell) { (reader) throws(ByteReaderError) in try Command(from: &reader) }
        }
        let batch: [UInt8] = [CommandTag.batch.rawValue, 1, 0xFF, 0x3F]
        #expect(throws: ByteReaderError.tooLong(offset: 2, length: 8_191, limit: 8_190)) {
            try read(batch) { (reader) throws(ByteReaderError) in try Command(from: &reader) }
        }
        let levels: [UInt8] = [1, 1] + Array(repeating: 0, count: 8) + [0, 0] + Self.huge
        #expect(throws: ByteReaderError.self) {
            try read(levels) { (reader) throws(ByteReaderError) in try Outcome(from: &reader) }
        }
    }

    private static let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]

    @Test func `nested batches of commands and of outcomes are refused`() {
        let command: [UInt8] = [30, 1, 1, 30, 1, 0]
        #expect(throws: ByteReaderError.self) {
            try read(command) { (reader) throws(ByteReaderError) in try Command(from: &reader) }
        }
        let outcome: [UInt8] = [3, 1, 3, 0]
        #expect(throws: ByteReaderError.unknownCode(offset: 2, code: 3, what: "outcome")) {
            try read(outcome) { (reader) throws(ByteReaderError) in try Outcome(from: &reader) }
        }
    }

    @Test func `indices of missing values that overflow, repeat or have a value are refused`() {
        let schema = [ResultField("n", .integer)]
        func block(_ bytes: [UInt8]) throws(ByteReaderError) {
            _ = try read(bytes) { (reader) throws(ByteReaderError) in
                try ResultTable(blockFrom: &reader, schema: schema)
            }
        }
        #expect(throws: Never.self) { try block([3, 2, 1, 1, 2, 0, 0]) }
        #expect(throws: ByteReaderError.self) { try block([3, 2, 1] + Self.huge + [0, 0, 0]) }
        #expect(throws: ByteReaderError.self) { try block([3, 2, 1, 2, 0, 0, 0]) }
        #expect(throws: ByteReaderError.self) { try block([3, 2, 1, 0, 0, 0, 0]) }
        #expect(throws: ByteReaderError.self) { try block([3, 1, 1, 0, 2, 0]) }
    }

    @Test func `a value that a mask announces must not be zero`() {
        // A level whose mask announces stock on hand, which is zero.
        let level: [UInt8] = [ChangeTag.level.rawValue, 1, 1, 1, 0]
        #expect(throws: ByteReaderError.self) {
            try read(level) { (reader) throws(ByteReaderError) in
                try Change(from: &reader, lsn: 1, time: .zero)
            }
        }
    }

    @Test func `undefined flags and kinds are refused`() {
        let alerts: [UInt8] = [ChangeTag.level.rawValue, 1, 1, 0x40, 8]
        #expect(throws: ByteReaderError.unknownCode(offset: 4, code: 8, what: "alerts")) {
            try read(alerts) { (reader) throws(ByteReaderError) in
                try Change(from: &reader, lsn: 1, time: .zero)
            }
        }
        let topics: [UInt8] = [128, 0, 0, 0, 0, 0]
        #expect(
            throws: ByteReaderError.unknownCode(offset: 0, code: 128, what: "subscription topics")
        ) {
            try read(topics) { (reader) throws(ByteReaderError) in try Subscription(from: &reader) }
        }
    }

    @Test func `an integer in overlong form is refused`() {
        let delete: [UInt8] = [CommandTag.deleteProduct.rawValue, 0x85, 0x00, 0]
        #expect(throws: ByteReaderError.overlongInteger(offset: 1)) {
            try read(delete) { (reader) throws(ByteReaderError) in try Command(from: &reader) }
        }
    }
}
