internal import InventoryModel

/// The commands that a principal may send, by the first byte of their encoding.
///
///     first byte ──▶ bit      before a command is decoded: one test
///     Command    ──▶ bit      each command of a batch, once it is decoded
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

    /// Whether an encoded command with that first byte may be decoded and run.
    ///
    /// True for a byte that is no tag: the decoder refuses it by its own error.
    func permit(first byte: UInt8?) -> Bool {
        guard let byte else { return true }
        if byte < UInt64.bitWidth, self.bits & (1 &<< UInt64(byte)) != 0 { return true }
        return CommandTag(rawValue: byte) == nil
    }

    /// The bits of all layouts of the command that the tag begins.
    private static func bits(of tag: CommandTag) -> UInt64 {
        switch tag {
        case .createProduct, .createExtendedProduct:
            self.bit(.createProduct) | self.bit(.createExtendedProduct)
        default: self.bit(tag)
        }
    }

    private static func bit(_ tag: CommandTag) -> UInt64 {
        precondition(tag.rawValue < UInt64.bitWidth, "no bit for tag \(tag.rawValue)")
        return 1 << UInt64(tag.rawValue)
    }
}
