import ArgumentParser
import Inventory
import InventoryClient
import TerminalKit

/// What the exit code of `invctl` says to a script.
enum Exit {
    static let failed = ExitCode(1)
    static let usage = ExitCode(2)
    static let notFound = ExitCode(3)
    static let conflict = ExitCode(4)
    static let stock = ExitCode(5)
    static let notAllowed = ExitCode(6)
    /// Unreachable or timed out: safe to try again with the same `--id`.
    static let unreachable = ExitCode(7)
    static let partlyDone = ExitCode(8)
    static let checkFailed = ExitCode(9)
    static let interrupted = ExitCode(Interruption.exitCode)

    /// Every code and what it means, in order.
    static let meanings: [(code: ExitCode, meaning: String)] = [
        (.success, "done"), (Self.failed, "failed"), (Self.usage, "not understood: wrong usage"),
        (Self.notFound, "not found"),
        (Self.conflict, "conflict: a name that is taken, a revision that moved on"),
        (Self.stock, "refused for stock"), (Self.notAllowed, "not allowed"),
        (Self.unreachable, "unreachable or timed out; safe to retry with the same --id"),
        (Self.partlyDone, "a batch partly done"), (Self.checkFailed, "a check failed"),
        (Self.interrupted, "interrupted"),
    ]

    static func code(for refusal: Refusal) -> ExitCode {
        switch refusal.code {
        case .productNotFound, .categoryNotFound, .locationNotFound, .reservationNotFound,
            .movementNotFound, .transferNotFound:
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

    static func code(for error: ClientError) -> ExitCode {
        if let refusal = error.refusal { return self.code(for: refusal) }
        switch error.code {
        case .unreachable, .unknown, .timedOut: return self.unreachable
        default: return self.failed
        }
    }
}
