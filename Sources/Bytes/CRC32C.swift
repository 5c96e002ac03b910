private import CKernels

/// CRC-32C (Castagnoli): the checksum of every byte that leaves memory, on disk and on the network.
public enum CRC32C {
    /// The checksum of `bytes`, continued from that of the bytes before them.
    ///
    /// - Complexity: O(n), about 8 bytes a clock cycle where the processor has the instruction.
    public static func checksum(
        _ bytes: UnsafeRawBufferPointer,
        continuing seed: UInt32 = 0
    ) -> UInt32 {
        guard let base = bytes.baseAddress else { return seed }
        return invd_crc32c(seed, base, bytes.count)
    }
}
