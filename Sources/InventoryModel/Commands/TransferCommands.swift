public import Bytes

/// One line of what is sent to another location.
public struct DispatchLine: Hashable, Sendable {
    public var product: ProductID
    /// Base units, at least 1.
    public var quantity: Quantity
    /// The revision the level at the source must still be at.
    public var ifRevision: LSN?

    public init(product: ProductID, quantity: Quantity, ifRevision: LSN? = nil) {
        self.product = product
        self.quantity = quantity
        self.ifRevision = ifRevision
    }
}

/// Sends stock on its way: 1 to ``Limits/linesMax`` lines, all of them or none.
///
/// Each line becomes a transfer; their ids follow one another, and the outcome names the first. What
/// is on its way is incoming where it goes.
public struct DispatchTransfer: Hashable, Sendable {
    public var source: LocationID
    public var destination: LocationID
    public var lines: [DispatchLine]
    public var reference: String
    public var note: String

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
    public var transfer: TransferID
    /// Base units, at least 1; all that is on its way if not given.
    public var quantity: Quantity?
    /// The revision the transfer must still be at.
    public var ifRevision: LSN?

    public init(transfer: TransferID, quantity: Quantity? = nil, ifRevision: LSN? = nil) {
        self.transfer = transfer
        self.quantity = quantity
        self.ifRevision = ifRevision
    }
}

/// What becomes of goods on their way: all of the lines or none.
public struct TransferSettlement: Hashable, Sendable {
    public var lines: [TransferLine]
    public var note: String

    public init(lines: [TransferLine], note: String = "") {
        self.lines = lines
        self.note = note
    }
}
