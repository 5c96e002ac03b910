/// Why a request is refused: stable numbers, for programs.
///
/// If several apply, the first in this order is returned: errors of the request itself, then entities that do
/// not exist, then conflicts with their state, then lack of stock. Numbers never change their meaning.
public enum RefusalCode: UInt16, CaseIterable, Sendable {
    // The frame.
    /// The bytes are not a frame, or the body does not match its opcode.
    case malformedFrame = 1
    /// Client and server have no protocol version in common.
    case unsupportedVersion = 2
    /// The opcode is unknown.
    case unknownOperation = 3
    /// The frame's body exceeds the limit.
    case frameTooLarge = 4
    // Authentication and authorization.
    /// The server requires a token, and none or an invalid one was sent.
    case unauthenticated = 10
    /// The principal is not authorized.
    case forbidden = 11
    // The state of the server.
    /// The server accepts no writes now.
    case readOnly = 20
    /// Another server accepts the writes.
    case notLeader = 21
    /// A limit of the server is reached, such as requests in flight, subscriptions or sessions.
    case overloaded = 22
    /// There is no space for the log or for a snapshot; reads continue.
    case storageFull = 23
    /// The server is stopping; the client should connect again.
    case shuttingDown = 24
    /// A query exceeded the server's limit of work, or a connection was idle for too long.
    case deadlineExceeded = 25
    /// The client ended the connection or the subscription.
    case clientClosed = 26
    // The session.
    /// The sequence number is beyond the session's next.
    case sequenceGap = 30
    /// The sequence number was already used for another command.
    case sequenceReused = 31
    /// The session is not open on this connection, or was forgotten.
    case sessionExpired = 32
    /// The command was decided, or first tried, so long ago that its outcome is no longer remembered.
    case outcomeForgotten = 33
    /// The idempotency key was already used for another command.
    case keyReused = 34
    /// No outcome is remembered under the idempotency key.
    case keyUnknown = 35
    // Validation of fields.
    /// A field has an invalid value.
    case invalidField = 40
    /// A number is outside its limits.
    case outOfRange = 41
    /// An amount, or the value of stock, would exceed the range of money.
    case amountOverflow = 42
    /// A request has too many lines or commands, or an outcome too long to be remembered.
    case tooManyLines = 43
    /// The time lies too far in the past or future, or outside the years 1 to 9999.
    case occurredAtOutOfWindow = 44
    // References.
    /// No product has this id, SKU or barcode.
    case productNotFound = 50
    /// No category has this id.
    case categoryNotFound = 51
    /// No location has this id.
    case locationNotFound = 52
    /// No reservation has this id.
    case reservationNotFound = 53
    /// No movement has this LSN.
    case movementNotFound = 54
    /// No transfer has this id.
    case transferNotFound = 55
    // Conflicts with the entity's state.
    /// Another product has the SKU.
    case skuTaken = 60
    /// Another product has the barcode.
    case barcodeTaken = 61
    /// Another category has the name, or another location the code.
    case nameTaken = 62
    /// The entity is no longer at the revision given by `ifRevision`.
    case revisionMismatch = 63
    /// Something still refers to it: products, stock, reservations, expected goods or transfers.
    case inUse = 64
    /// The product is not for sale.
    case productInactive = 65
    /// The entity is archived.
    case archived = 66
    /// The step is already reversed, or partly returned.
    case alreadyReversed = 67
    /// Lines of the receipt are recorded already, with the same content.
    case alreadyRecorded = 68
    /// A line of the receipt is recorded already, with other content.
    case receiptDiffers = 69
    // Lack of stock.
    /// Less can be sold, or dispatched, than was requested; the detail has the numbers.
    case insufficientStock = 70
    /// The reservation has expired.
    case reservationExpired = 71
    /// The reservation is already sold or released.
    case reservationClosed = 72
    /// More was requested than remains of the reservation.
    case exceedsReservation = 73
    /// More was returned than remains of the sale.
    case exceedsSold = 74
    /// The transfer is already received or cancelled.
    case transferClosed = 75
    /// More was requested than is in transit.
    case exceedsTransfer = 76
    // The enclosing batch.
    /// A command of an atomic batch was refused; nothing was executed.
    case batchRolledBack = 80
    // A bug of the server.
    /// The server failed to execute the request.
    case `internal` = 90

    /// The name in snake case, as users and scripts see it: `insufficient_stock`.
    public var name: String {
        var name = ""
        for scalar in "\(self)".unicodeScalars {
            if scalar.properties.isUppercase {
                name += "_" + scalar.properties.lowercaseMapping
            } else {
                name.unicodeScalars.append(scalar)
            }
        }
        return name
    }

    /// Whether a refusal with this code is a decision, whose outcome a session or key remembers like any
    /// other.
    package var isRemembered: Bool { self.rawValue >= Self.invalidField.rawValue }

    /// Whether the same request may succeed later, unchanged.
    public var isRetryable: Bool {
        switch self {
        case .readOnly, .notLeader, .overloaded, .storageFull, .shuttingDown: true
        default: false
        }
    }
}
