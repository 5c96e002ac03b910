public import Bytes

/// A request that changes state.
///
/// `InventoryState/decide(_:in:)` determines what a command changes, or why it is refused.
/// `ifRevision` makes a command conditional: it is executed only if the entity still has that revision.
public enum Command: Hashable, Sendable {
    /// Creates a category with a name that no other has.
    case createCategory(name: String)
    /// Gives a category another name.
    case renameCategory(CategoryID, name: String, ifRevision: LSN?)
    /// Archives a category; refused while products refer to it.
    case archiveCategory(CategoryID, ifRevision: LSN?)

    /// Creates a location with a code that no other has.
    case createLocation(LocationDraft)
    /// Changes fields of a location.
    case updateLocation(LocationID, LocationUpdate, ifRevision: LSN?)
    /// Archives a location; refused while stock is there, or in transit from or to it.
    case archiveLocation(LocationID, ifRevision: LSN?)

    /// Creates a product, with its opening stock if there is one.
    case createProduct(ProductDraft)
    /// Changes fields of a product, all in one step.
    case updateProduct(ProductID, ProductUpdate, ifRevision: LSN?)
    /// Deletes a product without history, or archives one with history and frees its SKU.
    ///
    /// Refused while any of it is on hand, on hold, reserved, expected or in transit.
    case deleteProduct(ProductID, ifRevision: LSN?)

    /// Sells stock.
    case sell(Sale)
    /// Records the return of sold goods.
    case returnSale(SaleReturn)
    /// Records a delivery.
    case restock(Restock)
    /// Changes the stock on hand by a difference.
    case adjust(Adjustment)
    /// Sets the stock on hand to what was counted.
    case count(StockCount)
    /// Puts stock on hold, or frees it.
    case setUnavailable(Hold)
    /// Changes the stock that is expected.
    case expectIncoming(Expectation)
    /// Changes the floor of a level.
    case setFloor(FloorChange)
    /// Gives a level a reorder point of its own, or that of its product again.
    case setReorderPoint(ReorderPointChange)
    /// Removes stock on hold from what is on hand.
    case writeOff(WriteOff)
    /// Undoes an earlier step.
    case reverse(Reversal)

    /// Reserves stock.
    case reserve(Reserve)
    /// Changes when reservations expire.
    case extendReservation(ExtendReservation)
    /// Sells reserved stock.
    case commitReservation(CommitReservation)
    /// Releases reserved stock.
    case releaseReservation(ReleaseReservation)

    /// Sends stock to another location.
    case dispatchTransfer(DispatchTransfer)
    /// Records the arrival of goods in transit.
    case receiveTransfer(TransferSettlement)
    /// Returns goods in transit to their source.
    case cancelTransfer(TransferSettlement)
    /// Records a receipt of the past, which changes no stock of today.
    case recordPastSale(PastSale)

    /// Creates or changes a product that is known from imported sales only.
    case inferProduct(InferredProduct)
    /// Records a run of an import.
    case recordImportRun(RecordImportRun)
    /// Adds the name of its file to a run of an import, and rows that were already in the database.
    case describeImportRun(DescribeImportRun)

    /// Up to ``Limits/batchMax`` commands with ``Limits/batchLinesMax`` lines in total, none of them a batch, unless
    /// ``BatchMode/mayContain(_:)`` allows it.
    case batch([Command], BatchMode)

    /// The command in its encoding for the network, which a session's digest is computed from.
    public var encoded: EncodedCommand {
        var writer = ByteWriter(capacity: 256)
        self.encode(into: &writer)
        return EncodedCommand(
            bytes: writer.array(),
            outcomeByteCountMax: min(self.outcomeByteCountMax, Limits.outcomeByteCountMax)
        )
    }
}

/// An encoded command: encoded once, however often it is sent.
public struct EncodedCommand: Hashable, Sendable {
    /// The encoding of a ``Command``, preceded by its ``RequestFingerprint`` if it has one.
    public let bytes: [UInt8]
    /// The largest byte count of its outcome if it has to be remembered.
    public let outcomeByteCountMax: Int

    init(bytes: [UInt8], outcomeByteCountMax: Int) {
        self.bytes = bytes
        self.outcomeByteCountMax = outcomeByteCountMax
    }

    /// Returns the command preceded by `fingerprint`.
    ///
    /// - Precondition: It has no fingerprint yet.
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

/// What a batch does if one of its commands is refused.
public enum BatchMode: UInt8, CaseIterable, Sendable {
    /// All commands are executed in one step with one LSN, or none.
    case atomic = 1
    /// Each command is executed or refused separately, in order, in a step of its own.
    case independent = 2
    /// As ``independent``, and the outcome lists only the refused commands.
    ///
    /// For loads of millions of rows, whose outcomes would be as large as the rows.
    case errorsOnly = 3
    /// A dry run: as ``atomic``, but nothing is executed; the outcome is what it would be.
    case dryRun = 4
    /// As ``atomic``, and the outcome has no levels.
    ///
    /// For steps so large that their outcome could not be remembered.
    case atomicErrorsOnly = 5

    /// Whether a batch of this mode may contain one of the other mode, a group: commands of which all are
    /// executed, in one step, or none.
    ///
    /// A group counts as one command, and its refusal is that of its first refused command. It contains no batch.
    package func mayContain(_ group: BatchMode) -> Bool {
        self == .errorsOnly && group == .atomicErrorsOnly
    }
}

// MARK: - Catalog

/// The stock of a new product, recorded as a restock in the same step.
public struct OpeningStock: Hashable, Sendable {
    /// The location of the stock; ``LocationID/main`` by default.
    public var location: LocationID
    /// Base units: 0 to ``Limits/quantityMax``.
    public var quantity: Quantity
    /// The cost of one price basis of the product.
    public var unitCost: Money
    /// When it was there, for imported history; `nil` for the time of recording.
    public var occurredAt: Instant?

    /// Creates an opening stock; it is validated by ``Command/createProduct(_:)``.
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
