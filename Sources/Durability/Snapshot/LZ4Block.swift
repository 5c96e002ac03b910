internal import CLZ4

/// LZ4 block compression: the only caller of liblz4.
enum LZ4Block {
    /// Returns the maximum compressed byte count of `byteCount` bytes.
    static func bound(_ byteCount: Int) -> Int { Int(LZ4_compressBound(Int32(byteCount))) }

    /// The acceleration for the log, which trades ratio for speed: every client that waits for a block
    /// waits for its compression too, and a disk writes a few pages faster than LZ4 saves them.
    static let accelerationOfLog: Int32 = 16

    /// Compresses `source` into `target`, which has space for ``bound(_:)`` bytes.
    ///
    /// A higher `acceleration` is faster and compresses less; 1 is the LZ4 default.
    ///
    /// - Returns: The number of bytes written.
    static func compress(
        _ source: UnsafeRawBufferPointer,
        into target: UnsafeMutableRawBufferPointer,
        acceleration: Int32 = 1
    ) -> Int {
        guard let from = source.baseAddress, let to = target.baseAddress else { return 0 }
        return Int(
            LZ4_compress_fast(
                from.assumingMemoryBound(to: CChar.self),
                to.assumingMemoryBound(to: CChar.self),
                Int32(source.count),
                Int32(target.count),
                acceleration
            )
        )
    }

    /// Decompresses to `byteCount` bytes; `nil` if `source` does not contain exactly those.
    ///
    /// The caller has checked `byteCount` against its own limit.
    static func decompress(_ source: UnsafeRawBufferPointer, byteCount: Int) -> [UInt8]? {
        guard let from = source.baseAddress else { return nil }
        var isWhole = false
        let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, filled in
            guard let to = buffer.baseAddress else { return }
            let count = to.withMemoryRebound(to: CChar.self, capacity: byteCount) { target in
                LZ4_decompress_safe(
                    from.assumingMemoryBound(to: CChar.self),
                    target,
                    Int32(source.count),
                    Int32(byteCount)
                )
            }
            isWhole = Int(count) == byteCount
            filled = isWhole ? byteCount : 0
        }
        return isWhole ? bytes : nil
    }
}
