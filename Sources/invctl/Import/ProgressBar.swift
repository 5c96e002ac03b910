/// How far something is, how fast it goes and how long it still takes; on a terminal only.
///
///     import  ███████████░░░░░░░░░  54 %   292,631 of 541,909 rows   612,004/s   0:01 left
final class ProgressBar {
    private let what: String
    private let unit: String
    private let total: Int
    private let isShown: Bool
    private let begun = ContinuousClock.now
    private var shownAt: ContinuousClock.Instant?
    /// What was done before this run, and so says nothing of its pace.
    private var before: Int?

    private static let width = 20
    private static let pause = Duration.milliseconds(100)

    init(_ what: String, total: Int, unit: String, isQuiet: Bool) {
        self.what = what
        self.total = total
        self.unit = unit
        self.isShown = Terminal.isError && !isQuiet
    }

    func advance(to done: Int) {
        guard self.isShown else { return }
        let now = ContinuousClock.now
        if self.before == nil { self.before = done }
        if let shownAt, now - shownAt < Self.pause, done < self.total { return }
        self.shownAt = now
        let share = self.total == 0 ? 1 : Double(done) / Double(self.total)
        let full = min(Self.width, Int(share * Double(Self.width)))
        let bar =
            String(repeating: "█", count: full) + String(repeating: "░", count: Self.width - full)
        let seconds = (now - self.begun) / .seconds(1)
        let rate = seconds > 0.2 ? Double(done - (self.before ?? 0)) / seconds : 0
        let left = rate > 0 ? Int(Double(self.total - done) / rate) : nil
        Terminal.progress(
            """
            \(self.what)  \(bar)  \(Int(share * 100)) %   \(DecimalText.grouped(String(done))) of \
            \(DecimalText.grouped(String(self.total))) \(self.unit)\
            \(rate > 0 ? "   \(DecimalText.grouped(String(Int(rate))))/s" : "")\
            \(left.map { "   \($0 / 60):\($0 % 60 < 10 ? "0" : "")\($0 % 60) left" } ?? "")
            """
        )
    }

    func end() { if self.isShown { Terminal.endProgress() } }
}
