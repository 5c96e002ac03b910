/// Why a request is refused: stable numbers, for programs.
///
/// Where several apply, the one that stands first here is given: what is wrong with the request
/// itself, then what it names that is not there, then what its state forbids, then what the stock
/// forbids. Numbers are never given a second meaning.
public enum RefusalCode: UInt16, CaseIterable, Sendable {
    // The frame.
    case malformedFrame = 1
    case unsupportedVersion = 2
    case unknownOperation = 3
    case frameTooLarge = 4
    // Who asks.
    case unauthenticated = 10
    case forbidden = 11
    // What the server can do now.
    case readOnly = 20
    case notLeader = 21
    case overloaded = 22
    case storageFull = 23
    case shuttingDown = 24
    case deadlineExceeded = 25
    case clientClosed = 26
    // The session.
    case sequenceGap = 30
    case sequenceReused = 31
    case sessionExpired = 32
    case outcomeForgotten = 33
    case keyReused = 34
    case keyUnknown = 35
    // What the fields say.
    case invalidField = 40
    case outOfRange = 41
    case amountOverflow = 42
    case tooManyLines = 43
    case occurredAtOutOfWindow = 44
    // What they name.
    case productNotFound = 50
    case categoryNotFound = 51
    case locationNotFound = 52
    case reservationNotFound = 53
    case movementNotFound = 54
    case transferNotFound = 55
    // What its state forbids.
    case skuTaken = 60
    case barcodeTaken = 61
    case nameTaken = 62
    case revisionMismatch = 63
    case inUse = 64
    case productInactive = 65
    case archived = 66
    case alreadyReversed = 67
    // What the stock forbids.
    case insufficientStock = 70
    case reservationExpired = 71
    case reservationClosed = 72
    case exceedsReservation = 73
    case exceedsSold = 74
    case transferClosed = 75
    case exceedsTransfer = 76
    // The batch around it.
    case batchRolledBack = 80
    // Our fault.
    case `internal` = 90

    /// The name in snake case, as people and scripts see it: `insufficient_stock`.
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

    /// Whether a command that is refused so was decided: then its outcome is remembered as any other.
    package var isRemembered: Bool { self.rawValue >= Self.invalidField.rawValue }

    /// Whether the same request may succeed later, unchanged.
    public var isRetryable: Bool {
        switch self {
        case .readOnly, .notLeader, .overloaded, .storageFull, .shuttingDown: true
        default: false
        }
    }
}
