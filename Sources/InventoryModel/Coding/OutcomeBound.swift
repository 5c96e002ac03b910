/// The largest encoding of a command's outcome, which client and server compute alike before it is sent.
///
///     a command of n lines        max(128, 48 + 80 n)
///     a batch of independent      the sum over its commands
///     an errors-only batch        32 + 128 a command, and never more than 64 KiB
///     an atomic batch             48 + 5 a command + 80 a line; without levels 48 + 5 a command
///
/// A remembered outcome has at most ``Limits/outcomeByteCountMax`` bytes.
public enum OutcomeBound {
    /// Returns the limit for a command that changes `lines` levels, in bytes.
    public static func byteCount(lines: Int) -> Int {
        max(
            Limits.outcomeRefusalByteCountMax,
            Limits.outcomeHeadByteCountMax + lines * Limits.outcomeLevelByteCountMax
        )
    }

    /// Bytes of an id in the outcome of an atomic batch.
    private static let idByteCountMax = 5

    /// Returns the limit for a batch, in bytes; `each` is the sum of the limits of its commands.
    static func byteCount(ofBatch mode: BatchMode, commands: Int, lines: Int, each: Int) -> Int {
        let ids = Limits.outcomeHeadByteCountMax + commands * Self.idByteCountMax
        switch mode {
        case .independent:
            return each
        case .errorsOnly:
            let refusals = 32 + commands * Limits.outcomeRefusalByteCountMax
            return min(refusals, Limits.outcomeByteCountMax)
        case .atomicErrorsOnly:
            return max(Limits.outcomeRefusalByteCountMax, ids)
        case .atomic, .dryRun:
            return max(
                Limits.outcomeRefusalByteCountMax,
                ids + lines * Limits.outcomeLevelByteCountMax
            )
        }
    }
}

extension Command {
    /// The largest byte count of its outcome; a reversal has as many levels as the step that it undoes.
    public var outcomeByteCountMax: Int {
        switch self {
        case .batch(let commands, let mode):
            OutcomeBound.byteCount(
                ofBatch: mode,
                commands: commands.count,
                lines: commands.reduce(0) { $0 + $1.lineCount },
                each: commands.reduce(0) { $0 + OutcomeBound.byteCount(lines: $1.lineCount) }
            )
        case .reverse:
            Limits.outcomeByteCountMax
        case .createCategory, .renameCategory, .archiveCategory, .createLocation, .updateLocation,
            .archiveLocation, .createProduct, .updateProduct, .deleteProduct, .sell, .returnSale,
            .restock, .adjust, .count, .setUnavailable, .expectIncoming, .setFloor,
            .setReorderPoint, .writeOff, .reserve, .extendReservation, .commitReservation,
            .releaseReservation, .dispatchTransfer, .receiveTransfer, .cancelTransfer,
            .recordPastSale, .inferProduct, .recordImportRun, .describeImportRun:
            OutcomeBound.byteCount(lines: self.lineCount)
        }
    }
}
