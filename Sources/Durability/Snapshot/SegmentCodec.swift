internal import CKernels

/// The stored form of a segment: byte-shuffled and LZ4-compressed, if that is smaller.
///
/// Shuffling gathers the first byte of every value, then the second, and so on. The upper bytes of a
/// column are mostly equal, so LZ4 then finds long runs: 3 to 15 times smaller, and faster than without.
/// Bytes after the last whole value stay at the end.
struct SegmentCodec: ~Copyable {
    private var scratch: UnsafeMutableRawBufferPointer
    private var target: UnsafeMutableRawBufferPointer

    init() {
        self.scratch = .allocate(byteCount: 1 << 17, alignment: 16)
        self.target = .allocate(byteCount: LZ4Block.bound(1 << 17), alignment: 16)
    }

    deinit {
        self.scratch.deallocate()
        self.target.deallocate()
    }

    /// Passes the stored form of `raw` to `body`.
    mutating func encode<Result>(
        _ raw: UnsafeRawBufferPointer,
        stride: Int,
        _ body: (SnapshotManifest.Encoding, UnsafeRawBufferPointer) throws(DurabilityError) ->
            Result
    ) throws(DurabilityError) -> Result {
        if raw.count > self.scratch.count {
            self.scratch.deallocate()
            self.target.deallocate()
            self.scratch = .allocate(byteCount: raw.count, alignment: 16)
            self.target = .allocate(byteCount: LZ4Block.bound(raw.count), alignment: 16)
        }
        let shuffled = UnsafeMutableRawBufferPointer(rebasing: self.scratch[0..<raw.count])
        Self.shuffle(raw, into: shuffled, stride: stride)
        let count = LZ4Block.compress(UnsafeRawBufferPointer(shuffled), into: self.target)
        guard count > 0, count < raw.count else { return try body(.raw, raw) }
        return try body(.shuffledLZ4, UnsafeRawBufferPointer(rebasing: self.target[0..<count]))
    }

    /// Returns the original bytes, or `nil` if they cannot be decoded.
    static func decode(
        _ stored: UnsafeRawBufferPointer,
        _ encoding: SnapshotManifest.Encoding,
        stride: Int,
        byteCount: Int
    ) -> [UInt8]? {
        switch encoding {
        case .raw:
            return stored.count == byteCount ? [UInt8](stored) : nil
        case .shuffledLZ4:
            guard let shuffled = LZ4Block.decompress(stored, byteCount: byteCount) else {
                return nil
            }
            return [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, filled in
                shuffled.withUnsafeBytes {
                    Self.unshuffle($0, into: UnsafeMutableRawBufferPointer(buffer), stride: stride)
                }
                filled = byteCount
            }
        }
    }

    private static func shuffle(
        _ source: UnsafeRawBufferPointer,
        into target: UnsafeMutableRawBufferPointer,
        stride: Int
    ) {
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        let count = source.count / stride
        invd_shuffle(
            to.assumingMemoryBound(to: UInt8.self),
            from.assumingMemoryBound(to: UInt8.self),
            stride,
            count
        )
        let whole = count * stride
        if whole < source.count {
            (to + whole).copyMemory(from: from + whole, byteCount: source.count - whole)
        }
    }

    private static func unshuffle(
        _ source: UnsafeRawBufferPointer,
        into target: UnsafeMutableRawBufferPointer,
        stride: Int
    ) {
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        let count = source.count / stride
        invd_unshuffle(
            to.assumingMemoryBound(to: UInt8.self),
            from.assumingMemoryBound(to: UInt8.self),
            stride,
            count
        )
        let whole = count * stride
        if whole < source.count {
            (to + whole).copyMemory(from: from + whole, byteCount: source.count - whole)
        }
    }
}
