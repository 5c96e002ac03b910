import Bytes
import ColumnStore
import Durability
import InventoryTestSupport

/// A minimal state for the log and snapshots.
///
/// Step n writes a value that depends only on n to one of a few cells. The expected state therefore
/// follows from the LSN.
struct TestMachine: Sendable {
    static let cellCount = 32

    private(set) var lsn: UInt64 = 0
    var cells = TestColumn()
    /// The number of replayed steps with wrong bytes.
    private(set) var strangeSteps = 0

    init() { for _ in 0..<Self.cellCount { self.cells.append(0) } }

    /// The state after step `lsn`.
    init(at lsn: UInt64) {
        self.init()
        // Earlier steps were overwritten.
        self.lsn = lsn - min(lsn, UInt64(Self.cellCount))
        while self.lsn < lsn { self.apply(self.lsn + 1) }
    }

    mutating func apply(_ step: UInt64) {
        precondition(step == self.lsn + 1, "step \(step) after \(self.lsn)")
        self.lsn = step
        self.cells.set(Int(step) % Self.cellCount, to: Self.value(step))
    }

    static func value(_ step: UInt64) -> UInt64 {
        (step &* 0x9E37_79B9_7F4A_7C15) ^ (step >> 3)
    }

    /// Returns the encoded steps `first ..< first + count`, padded with noise, or with zeros, which compress.
    static func body(
        first: UInt64,
        count: Int,
        padding: Int = 0,
        compresses: Bool = false
    ) -> [UInt8] {
        var writer = ByteWriter()
        var noise = SplitMix64(seed: first)
        for step in first..<(first + UInt64(count)) {
            writer.write(step)
            writer.write(Self.value(step))
            for _ in 0..<padding {
                writer.write(compresses ? 0 : UInt8(truncatingIfNeeded: noise.next()))
            }
        }
        return writer.array()
    }

    mutating func replay(_ first: LSN, _ count: Int, _ body: UnsafeRawBufferPointer) {
        let size = body.count / count
        for index in 0..<count {
            let step = first.value + UInt64(index)
            let start = index * size
            let isStep =
                body.loadUnaligned(fromByteOffset: start, as: UInt64.self).littleEndian == step
                && body.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self).littleEndian
                    == Self.value(step)
            if !isStep || step > self.lsn + 1 { self.strangeSteps += 1 }
            if isStep, step == self.lsn + 1 { self.apply(step) }
        }
    }

    mutating func load(_ loader: inout SnapshotLoader) throws(DurabilityError) {
        self.cells = TestColumn()
        try loader.visit(1, &self.cells)
        self.lsn = loader.lsn.value
    }
}

/// A column of 64-bit values in segments of four.
struct TestColumn: ColumnImaging, Equatable {
    static let capacity = 4

    private(set) var values: [UInt64] = []
    private var epochs: [UInt64] = []
    private var epoch: UInt64 = 1

    var imageRowCount: Int? { self.values.count }

    mutating func append(_ value: UInt64) {
        if self.values.count % Self.capacity == 0 { self.epochs.append(self.epoch) }
        self.values.append(value)
        self.epochs[self.epochs.count - 1] = self.epoch
    }

    mutating func set(_ index: Int, to value: UInt64) {
        self.values[index] = value
        self.epochs[index / Self.capacity] = self.epoch
    }

    var imageSegmentCount: Int { self.epochs.count }
    func imageSegmentStride(_ segment: Int) -> Int { 8 }
    func imageSegmentEpoch(_ segment: Int) -> UInt64 { self.epochs[segment] }

    func writeImageSegment(_ segment: Int, into writer: inout ByteWriter) {
        let start = segment * Self.capacity
        for value in self.values[start..<min(start + Self.capacity, self.values.count)] {
            writer.write(value)
        }
    }

    mutating func appendImageSegment(_ reader: inout ByteReader) throws(ByteReaderError) {
        guard self.values.count % Self.capacity == 0 else {
            throw .unknownCode(offset: reader.offset, code: 0, what: "segment after a short one")
        }
        self.epochs.append(0)
        while reader.remaining > 0 { self.values.append(try reader.readUInt64()) }
    }

    func checksum(ofPart part: UInt32) -> UInt64 {
        self.values.enumerated().reduce(0) { sum, value in
            sum &+ StateChecksum.cell(ofPart: part, row: value.offset, value: value.element)
        }
    }

    mutating func beginEpoch(_ epoch: UInt64) { self.epoch = epoch }
}
