/// A progress line with the share done, the rate and the time left, if progress is displayed.
///
///     import  ███████████░░░░░░░░░  54 %   292,631 rows   612,004/s   0:01 left
final class ProgressBar {
    private let messages: any TransferMessages
    private let what: String
    private let unit: String
    /// The total work, in rows or in bytes of the file.
    private let total: Int
    private let isShown: Bool
    private let begun = ContinuousClock.now
    private var shownAt: ContinuousClock.Instant?
    /// The first reported progress, which is excluded from the rate.
    private var initial: (done: Int, rows: Int)?

    private static let width = 20
    private static let pause = Duration.milliseconds(100)

    init(
        _ messages: any TransferMessages,
        _ what: String,
        total: Int,
        unit: String,
        isQuiet: Bool
    ) {
        self.messages = messages
        self.what = what
        self.total = total
        self.unit = unit
        self.isShown = messages.showsProgress && !isQuiet
    }

    /// Updates the line, at most ten times a second.
    ///
    /// - Parameters:
    ///   - done: The work done so far, of the total.
    ///   - rows: The rows done so far; `done` if not given.
    func advance(to done: Int, rows: Int? = nil) {
        guard self.isShown else { return }
        let now = ContinuousClock.now
        let rows = rows ?? done
        let initial = self.initial ?? (done, rows)
        self.initial = initial
        if let shownAt, now - shownAt < Self.pause, done < self.total { return }
        self.shownAt = now
        let share = self.total == 0 ? 1 : min(1, Double(done) / Double(self.total))
        let full = Int(share * Double(Self.width))
        let bar =
            String(repeating: "█", count: full) + String(repeating: "░", count: Self.width - full)
        let seconds = (now - self.begun) / .seconds(1)
        let isRateKnown = seconds > 0.2 && done > initial.done
        let rate = isRateKnown ? Int(Double(rows - initial.rows) / seconds) : 0
        let left =
            isRateKnown
            ? Int(Double(max(0, self.total - done)) * seconds / Double(done - initial.done)) : nil
        self.messages.progress(
            """
            \(self.what)  \(bar)  \(Int(share * 100)) %   \(DecimalText.grouped(String(rows))) \
            \(self.unit)\(rate > 0 ? "   \(DecimalText.grouped(String(rate)))/s" : "")\
            \(left.map { "   \($0 / 60):\($0 % 60 < 10 ? "0" : "")\($0 % 60) left" } ?? "")
            """
        )
    }

    /// Removes the line.
    func end() { if self.isShown { self.messages.endProgress() } }
}
