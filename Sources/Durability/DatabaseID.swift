/// Names one database for ever: 16 random bytes chosen when its directory was created.
///
/// Every file carries it, so a file of another database is refused by name and never mixed in.
public struct DatabaseID: Hashable, Sendable {
    public let bytes: (UInt64, UInt64)

    public init(_ high: UInt64, _ low: UInt64) { self.bytes = (high, low) }

    public static func == (left: DatabaseID, right: DatabaseID) -> Bool {
        left.bytes == right.bytes
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.bytes.0)
        hasher.combine(self.bytes.1)
    }
}
