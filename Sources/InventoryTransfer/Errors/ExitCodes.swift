package import InventoryClient
package import InventoryModel

/// What the exit code of `invctl` says to a script.
package enum Exit {
    package static let failed = ExitStatus(1)
    package static let usage = ExitStatus(2)
    package static let notFound = ExitStatus(3)
    package static let conflict = ExitStatus(4)
    package static let stock = ExitStatus(5)
    package static let notAllowed = ExitStatus(6)
    /// Unreachable or timed out: safe to try again with the same `--id`.
    package static let unreachable = ExitStatus(7)
    package static let partlyDone = ExitStatus(8)
    package static let checkFailed = ExitStatus(9)
    package static let interrupted = ExitStatus(130)

    /// Every code and what it means, in order.
    package static let meanings: [(code: ExitStatus, meaning: String)] = [
        (.success, "done"), (Self.failed, "failed"), (Self.usage, "not understood: wrong usage"),
        (Self.notFound, "not found"),
        (Self.conflict, "conflict: a name that is taken, a revision that moved on"),
        (Self.stock, "refused for stock"), (Self.notAllowed, "not allowed"),
        (Self.unreachable, "unreachable or timed out; safe to retry with the same --id"),
        (Self.partlyDone, "a batch partly done"), (Self.checkFailed, "a check failed"),
        (Self.interrupted, "interrupted"),
    ]

    package static func code(for refusal: Refusal) -> ExitStatus {
        switch refusal.code {
        case .productNotFound, .categoryNotFound, .locationNotFound, .reservationNotFound,
            .movementNotFound, .transferNotFound, .keyUnknown:
            self.notFound
        case .skuTaken, .barcodeTaken, .nameTaken, .revisionMismatch, .inUse, .productInactive,
            .archived, .alreadyReversed, .sequenceGap, .sequenceReused, .sessionExpired,
            .outcomeForgotten, .keyReused:
            self.conflict
        case .insufficientStock, .reservationExpired, .reservationClosed, .exceedsReservation,
            .exceedsSold, .transferClosed, .exceedsTransfer:
            self.stock
        case .unauthenticated, .forbidden, .readOnly, .notLeader:
            self.notAllowed
        case .overloaded, .storageFull, .shuttingDown:
            self.unreachable
        case .batchRolledBack:
            if case .batch(_, let inner) = refusal.detail {
                self.code(for: inner)
            } else {
                self.failed
            }
        case .malformedFrame, .unsupportedVersion, .unknownOperation, .frameTooLarge,
            .invalidField, .outOfRange, .amountOverflow, .tooManyLines, .occurredAtOutOfWindow,
            .deadlineExceeded, .clientClosed, .internal:
            self.failed
        }
    }

    package static func code(for error: ClientError) -> ExitStatus {
        if let refusal = error.refusal { return self.code(for: refusal) }
        switch error.code {
        case .unreachable, .unknown, .timedOut: return self.unreachable
        default: return self.failed
        }
    }
}
