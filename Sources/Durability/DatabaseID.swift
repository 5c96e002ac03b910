/// The permanent id of a database: 16 random bytes chosen when its directory was created.
///
/// Every file contains it, so a file of another database is detected and refused.
public struct DatabaseID: Hashable, Sendable {
    /// The 16 bytes as two integers, stored little-endian, the first one first.
    public let bytes: (UInt64, UInt64)

    /// Creates an id from its two integers.
    public init(_ high: UInt64, _ low: UInt64) { self.bytes = (high, low) }

    /// Returns whether both have the same 16 bytes.
    public static func == (left: DatabaseID, right: DatabaseID) -> Bool {
        left.bytes == right.bytes
    }

    /// Feeds all 16 bytes into the hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.bytes.0)
        hasher.combine(self.bytes.1)
    }
}
