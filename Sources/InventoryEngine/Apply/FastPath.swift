internal import Bytes
public import InventoryModel

/// The fast path that an encoded command may take, by its first bytes.
///
///     sell …                   sale
///     batch │ sell …           sales
///     batch │ createProduct …  products
///     batch │ recordPastSale … receipts
///
/// Whoever runs a fast path learns here which right it needs, before the command is decoded. A command that looks
/// like one of these may still fall back to the slow path.
public enum FastPath: CaseIterable, Sendable {
    /// A sale of one line: ``PlainSale``.
    case sale
    /// A batch of independent sales: ``PlainSaleBatch``.
    case sales
    /// A batch of independent creations of products: ``PlainProduct/Batch``.
    case products
    /// A batch of independent receipts of the past: ``PlainReceipt/Batch``.
    case receipts

    /// Chooses the fast path of an encoded command; `nil` if it has none.
    ///
    /// - Complexity: O(1)
    @inline(__always)
    public init?(_ command: UnsafeRawBufferPointer) {
        if command.first == CommandTag.sell.rawValue {
            self = .sale
            return
        }
        self.init(batch: command)
    }

    private init?(batch command: UnsafeRawBufferPointer) {
        var reader = ByteReader(command)
        do throws(ByteReaderError) {
            guard try BatchHead(&reader) != nil else { return nil }
            switch CommandTag(rawValue: try reader.readUInt8()) {
            case .sell: self = .sales
            case .createProduct, .createExtendedProduct: self = .products
            case .recordPastSale: self = .receipts
            default: return nil
            }
        } catch {
            return nil
        }
    }

    /// Whether the command is a batch of ``command``.
    public var isBatch: Bool {
        switch self {
        case .sale: false
        case .sales, .products, .receipts: true
        }
    }

    /// The command that it runs, alone or in a batch; all layouts of it.
    public var command: CommandTag {
        switch self {
        case .sale, .sales: .sell
        case .products: .createProduct
        case .receipts: .recordPastSale
        }
    }
}
