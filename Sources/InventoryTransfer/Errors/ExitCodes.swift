package import InventoryClient
package import InventoryModel

/// The exit codes of `invctl`, which scripts depend on.
package enum Exit {
    /// Any failure that has no code of its own.
    package static let failed = ExitStatus(1)
    /// The command line is wrong.
    package static let usage = ExitStatus(2)
    /// A product, category, location, reservation, movement, transfer or key does not exist.
    package static let notFound = ExitStatus(3)
    /// A name is taken, a file exists, a revision has changed, or an idempotency key or sequence was reused.
    package static let conflict = ExitStatus(4)
    /// Stock, a reservation or a transfer does not cover the quantity, or has ended.
    package static let stock = ExitStatus(5)
    /// The principal is unknown or lacks the scope, or the server accepts no writes.
    package static let notAllowed = ExitStatus(6)
    /// The server is unreachable or timed out; a retry with the same `--id` is safe.
    package static let unreachable = ExitStatus(7)
    /// Some rows or lines of a batch were refused, the others executed.
    package static let partlyDone = ExitStatus(8)
    /// A verification found a difference.
    package static let checkFailed = ExitStatus(9)
    /// The program was interrupted.
    package static let interrupted = ExitStatus(130)

    /// Every code and its meaning, in ascending order.
    package static let meanings: [(code: ExitStatus, meaning: String)] = [
        (.success, "done"), (Self.failed, "failed"), (Self.usage, "wrong usage"),
        (Self.notFound, "not found"),
        (Self.conflict, "conflict: a name is taken, a file exists, or the revision has changed"),
        (Self.stock, "refused for stock"), (Self.notAllowed, "not allowed"),
        (Self.unreachable, "unreachable or timed out; safe to retry with the same --id"),
        (Self.partlyDone, "a batch partly done"), (Self.checkFailed, "a check failed"),
        (Self.interrupted, "interrupted"),
    ]

    /// Returns the exit code for a refusal; that of a rolled back batch is its cause's.
    package static func code(for refusal: Refusal) -> ExitStatus {
        switch refusal.code {
        case .productNotFound, .categoryNotFound, .locationNotFound, .reservationNotFound,
            .movementNotFound, .transferNotFound, .keyUnknown:
            self.notFound
        case .skuTaken, .barcodeTaken, .nameTaken, .revisionMismatch, .inUse, .productInactive,
            .archived, .alreadyReversed, .alreadyRecorded, .receiptDiffers, .sequenceGap,
            .sequenceReused, .sessionExpired,
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

    /// Returns the exit code for a client error; a refusal inside it decides.
    package static func code(for error: ClientError) -> ExitStatus {
        if let refusal = error.refusal { return self.code(for: refusal) }
        switch error.code {
        case .unreachable, .unknown, .timedOut: return self.unreachable
        default: return self.failed
        }
    }
}
