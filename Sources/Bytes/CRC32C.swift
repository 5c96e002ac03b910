private import CKernels

/// CRC-32C (Castagnoli): the checksum of all bytes on disk and on the network.
public enum CRC32C {
    /// Returns the checksum of `bytes`, continued from that of the preceding bytes.
    ///
    /// - Complexity: O(n), about 8 bytes a clock cycle if the processor has the instruction.
    public static func checksum(
        _ bytes: UnsafeRawBufferPointer,
        continuing seed: UInt32 = 0
    ) -> UInt32 {
        guard let base = bytes.baseAddress else { return seed }
        return invd_crc32c(seed, base, bytes.count)
    }
}
