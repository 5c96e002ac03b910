public import Bytes

/// Everything that changes state.
///
/// A command is a wish: `InventoryState/decide(_:in:)` says what it changes, or why it is refused.
/// `ifRevision` makes a command conditional: it runs only while the entity it names is still at
/// that revision.
public enum Command: Hashable, Sendable {
    case createCategory(name: String)
    case renameCategory(CategoryID, name: String, ifRevision: LSN?)
    /// Refused while products refer to it.
    case archiveCategory(CategoryID, ifRevision: LSN?)

    case createLocation(LocationDraft)
    case updateLocation(LocationID, LocationUpdate, ifRevision: LSN?)
    /// Refused while stock is there, or on its way from or to it.
    case archiveLocation(LocationID, ifRevision: LSN?)

    case createProduct(ProductDraft)
    /// All fields in one step.
    case updateProduct(ProductID, ProductUpdate, ifRevision: LSN?)
    /// A product without history goes; one with history is archived and its SKU is free again.
    ///
    /// Refused while its stock is promised or on its way.
    case deleteProduct(ProductID, ifRevision: LSN?)

    case sell(Sale)
    case returnSale(SaleReturn)
    case restock(Restock)
    case adjust(Adjustment)
    case count(StockCount)
    case setUnavailable(Hold)
    case expectIncoming(Expectation)
    case setFloor(FloorChange)
    case reverse(Reversal)

    case reserve(Reserve)
    case extendReservation(ExtendReservation)
    case commitReservation(CommitReservation)
    case releaseReservation(ReleaseReservation)

    case dispatchTransfer(DispatchTransfer)
    case receiveTransfer(TransferSettlement)
    /// Sends what is on its way back to where it came from.
    case cancelTransfer(TransferSettlement)

    /// Up to ``Limits/batchMax`` commands, none of them a batch.
    case batch([Command], BatchMode)

    /// The command as it goes over the network and into a session's digest.
    public var encoded: EncodedCommand {
        var writer = ByteWriter(capacity: 256)
        self.encode(into: &writer)
        return EncodedCommand(
            bytes: writer.array(),
            outcomeByteCountMax: min(self.outcomeByteCountMax, Limits.outcomeByteCountMax)
        )
    }
}

/// A command in its bytes: encoded once, however often it has to be sent.
public struct EncodedCommand: Hashable, Sendable {
    /// As ``Command`` is encoded, behind its ``RequestFingerprint`` if it has one.
    public let bytes: [UInt8]
    /// Bytes of its outcome at most, where that has to be remembered.
    public let outcomeByteCountMax: Int

    init(bytes: [UInt8], outcomeByteCountMax: Int) {
        self.bytes = bytes
        self.outcomeByteCountMax = outcomeByteCountMax
    }

    /// The command with what it is compared by in front of it.
    ///
    /// - Precondition: It has none yet.
    public func with(_ fingerprint: RequestFingerprint) -> EncodedCommand {
        precondition(self.bytes.first != RequestFingerprint.tag, "a second fingerprint")
        var writer = ByteWriter(capacity: RequestFingerprint.byteCount + self.bytes.count)
        fingerprint.encode(into: &writer)
        writer.write(bytes: self.bytes)
        return EncodedCommand(
            bytes: writer.array(),
            outcomeByteCountMax: self.outcomeByteCountMax
        )
    }
}

/// What a batch does when one of its commands is refused.
public enum BatchMode: UInt8, CaseIterable, Sendable {
    /// All or nothing: one step, one LSN.
    case atomic = 1
    /// Each on its own, in order: each that is done has its own LSN.
    case independent = 2
    /// As ``independent``, and the outcome names only the commands that were refused: for loads of
    /// millions, whose answers would be as long as what they bring.
    case errorsOnly = 3
    /// As ``atomic``, but nothing is carried out: the outcome is what it would come to.
    case dryRun = 4
    /// As ``atomic``, and the outcome names no levels: for steps so large that their outcome could not be
    /// remembered.
    case atomicErrorsOnly = 5
}

// MARK: - Catalog

public struct OpeningStock: Hashable, Sendable {
    public var location: LocationID
    /// Base units, 0 or more.
    public var quantity: Quantity
    /// What one basis of the product's price cost.
    public var unitCost: Money
    /// When it was there, for imported history; now if not given.
    public var occurredAt: Instant?

    public init(
        location: LocationID = .main,
        quantity: Quantity,
        unitCost: Money = .zero,
        occurredAt: Instant? = nil
    ) {
        self.location = location
        self.quantity = quantity
        self.unitCost = unitCost
        self.occurredAt = occurredAt
    }
}
