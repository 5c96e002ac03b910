/// How far something is, how fast it goes and how long it still takes; where anybody sees it.
///
///     import  ███████████░░░░░░░░░  54 %   292,631 rows   612,004/s   0:01 left
final class ProgressBar {
    private let messages: any TransferMessages
    private let what: String
    private let unit: String
    /// What the whole is, in rows or in bytes of the file.
    private let total: Int
    private let isShown: Bool
    private let begun = ContinuousClock.now
    private var shownAt: ContinuousClock.Instant?
    /// What was done before this run, and so says nothing of its pace.
    private var before: (done: Int, rows: Int)?

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

    /// Shows how far it is.
    ///
    /// `done`: Of the whole. `rows`: How many rows that is; as many as `done` if not given.
    func advance(to done: Int, rows: Int? = nil) {
        guard self.isShown else { return }
        let now = ContinuousClock.now
        let rows = rows ?? done
        let before = self.before ?? (done, rows)
        self.before = before
        if let shownAt, now - shownAt < Self.pause, done < self.total { return }
        self.shownAt = now
        let share = self.total == 0 ? 1 : min(1, Double(done) / Double(self.total))
        let full = Int(share * Double(Self.width))
        let bar =
            String(repeating: "█", count: full) + String(repeating: "░", count: Self.width - full)
        let seconds = (now - self.begun) / .seconds(1)
        let isPaceKnown = seconds > 0.2 && done > before.done
        let rate = isPaceKnown ? Int(Double(rows - before.rows) / seconds) : 0
        let left =
            isPaceKnown
            ? Int(Double(max(0, self.total - done)) * seconds / Double(done - before.done)) : nil
        self.messages.progress(
            """
            \(self.what)  \(bar)  \(Int(share * 100)) %   \(DecimalText.grouped(String(rows))) \
            \(self.unit)\(rate > 0 ? "   \(DecimalText.grouped(String(rate)))/s" : "")\
            \(left.map { "   \($0 / 60):\($0 % 60 < 10 ? "0" : "")\($0 % 60) left" } ?? "")
            """
        )
    }

    func end() { if self.isShown { self.messages.endProgress() } }
}
