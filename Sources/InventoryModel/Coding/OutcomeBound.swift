/// How long the outcome of a command can be: known before it is sent, and the same on both sides.
///
///     a command of n lines        max(128, 48 + 80 n)
///     a batch of independent      the sum over its commands
///     an errors-only batch        32 + 128 a command, and never more than 64 KiB
///     an atomic batch             48 + 5 a command + 80 a line; without levels 48 + 5 a command
///
/// An outcome that is to be remembered has at most ``Limits/outcomeByteCountMax``.
public enum OutcomeBound {
    /// Of a command that touches `lines` levels.
    public static func byteCount(lines: Int) -> Int {
        max(
            Limits.outcomeRefusalByteCountMax,
            Limits.outcomeHeadByteCountMax + lines * Limits.outcomeLevelByteCountMax
        )
    }

    /// An id in the outcome of an atomic batch.
    private static let idByteCountMax = 5

    /// Of a batch; `each` is the sum of the bounds of its commands by themselves.
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
    /// Bytes of its outcome at most; what undoes a step names as many levels as that did.
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
        default:
            OutcomeBound.byteCount(lines: self.lineCount)
        }
    }
}
