internal import InventoryEngine
internal import InventoryModel

/// The commands that a principal may send, by the first byte of their encoding.
///
///     first bytes ──▶ bits     before a fast path reads them: `FastPathPermission`
///     Command     ──▶ bit      each command of a batch, once it is decoded
///
/// A command with two layouts has two tags and one right.
struct CommandRights: Equatable, Sendable {
    private var bits: UInt64

    private init(bits: UInt64) { self.bits = bits }

    static let none = CommandRights(bits: 0)
    static let all = CommandRights(bits: CommandTag.allCases.reduce(0) { $0 | Self.bits(of: $1) })

    /// The rights without those to send commands with the tags.
    func denying(_ tags: CommandTag...) -> CommandRights {
        CommandRights(bits: tags.reduce(self.bits) { $0 & ~Self.bits(of: $1) })
    }

    /// Whether the principal may send every command, so that none needs a check.
    var areAll: Bool { self == .all }

    func contains(_ tag: CommandTag) -> Bool {
        self.bits & (1 << UInt64(tag.rawValue)) != 0
    }

    /// The permission to run an encoded command on its fast path; `nil` if it has none, or the principal may
    /// not send it.
    ///
    /// - Complexity: O(1)
    @inline(__always)
    func permission(toRun command: UnsafeRawBufferPointer) -> FastPathPermission? {
        guard let path = FastPath(command), self.contains(path.command),
            !path.isBatch || self.contains(.batch)
        else { return nil }
        return FastPathPermission(path)
    }

    /// The bits of all layouts of the command that the tag begins.
    private static func bits(of tag: CommandTag) -> UInt64 {
        switch tag {
        case .createProduct, .createExtendedProduct:
            self.bit(.createProduct) | self.bit(.createExtendedProduct)
        case .createCategory, .renameCategory, .archiveCategory, .createLocation, .updateLocation,
            .archiveLocation, .updateProduct, .deleteProduct, .sell, .returnSale, .restock,
            .adjust, .count, .setUnavailable, .expectIncoming, .setFloor, .reverse, .reserve,
            .extendReservation, .commitReservation, .releaseReservation, .dispatchTransfer,
            .receiveTransfer, .cancelTransfer, .setReorderPoint, .recordImportRun, .recordPastSale,
            .batch, .writeOff, .describeImportRun, .inferProduct:
            self.bit(tag)
        }
    }

    private static func bit(_ tag: CommandTag) -> UInt64 {
        precondition(tag.rawValue < UInt64.bitWidth, "no bit for tag \(tag.rawValue)")
        return 1 << UInt64(tag.rawValue)
    }
}

/// The permission of a principal to run one command on a fast path.
///
/// Only ``CommandRights/permission(toRun:)`` grants one, and every fast path of the engine requires it: a
/// fast path has no other way in, so none can skip the test of rights that the slow path makes.
struct FastPathPermission {
    let path: FastPath

    fileprivate init(_ path: FastPath) { self.path = path }
}
