public import Bytes

/// One line of a dispatch.
public struct DispatchLine: Hashable, Sendable {
    /// The product to send.
    public var product: ProductID
    /// Base units: 1 to ``Limits/quantityMax``.
    public var quantity: Quantity
    /// The revision that the level at the source must have; `nil` for any.
    public var ifRevision: LSN?

    /// Creates a line; it is validated by the command that has it.
    public init(product: ProductID, quantity: Quantity, ifRevision: LSN? = nil) {
        self.product = product
        self.quantity = quantity
        self.ifRevision = ifRevision
    }
}

/// Sends stock to another location: 1 to ``Limits/linesMax`` lines, all or none.
///
/// Each line becomes a transfer. Their ids are consecutive, and the outcome has the first. Goods in transit
/// are incoming at the destination.
public struct DispatchTransfer: Hashable, Sendable {
    /// The location that sends.
    public var source: LocationID
    /// The location that receives; not the source.
    public var destination: LocationID
    /// The lines, in the order of the transfers' ids.
    public var lines: [DispatchLine]
    /// The transfer order: up to ``Limits/referenceByteCountMax`` bytes; empty for none.
    public var reference: String
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String

    /// Creates a dispatch; it is validated when it is executed.
    public init(
        from source: LocationID,
        to destination: LocationID,
        lines: [DispatchLine],
        reference: String = "",
        note: String = ""
    ) {
        self.source = source
        self.destination = destination
        self.lines = lines
        self.reference = reference
        self.note = note
    }
}

/// A transfer, or a part of it.
public struct TransferLine: Hashable, Sendable {
    /// The transfer.
    public var transfer: TransferID
    /// Base units, at least 1; `nil` for all that is in transit.
    public var quantity: Quantity?
    /// The revision that the transfer must have; `nil` for any.
    public var ifRevision: LSN?

    /// Creates a line; it is validated by the command that has it.
    public init(transfer: TransferID, quantity: Quantity? = nil, ifRevision: LSN? = nil) {
        self.transfer = transfer
        self.quantity = quantity
        self.ifRevision = ifRevision
    }
}

/// The transfers, or parts of them, that arrive or are cancelled: all lines or none.
public struct TransferSettlement: Hashable, Sendable {
    /// 1 to ``Limits/linesMax`` lines.
    public var lines: [TransferLine]
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String

    /// Creates a settlement; it is validated when it is executed.
    public init(lines: [TransferLine], note: String = "") {
        self.lines = lines
        self.note = note
    }
}
