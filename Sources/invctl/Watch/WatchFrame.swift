import InventoryTransfer
import TerminalKit

/// A live list on a terminal: the lines above the rows, the rows, and the lines below them.
///
///     live · 9,942 more rows · LSN 57 · lag 0.20 ms · q quits
///
///     SKU    NAME       ON HAND          head: stays while the rows scroll
///     P-12   …                           rows, from the first shown
///     (2 columns do not fit: …)          foot
struct WatchFrame: Sendable {
    var head: [String] = []
    var rows: [String] = []
    var foot: [String] = []
    /// The number of rows, including those that are not formatted.
    var total = 0
    /// Whether there may be more than `total` rows: they are not counted beyond a limit.
    var hasUncounted = false

    /// Splits the lines of a table with that many formatted rows after `above` lines and the header.
    init(_ lines: [String], above: Int, rowCount: Int, total: Int, hasUncounted: Bool = false) {
        let first = min(lines.count, above + 1)
        let end = min(lines.count, first + rowCount)
        self.head = Array(lines[..<first])
        self.rows = Array(lines[first..<end])
        self.foot = Array(lines[end...])
        self.total = total
        self.hasUncounted = hasUncounted
    }

    /// Creates a frame of lines that scroll as a whole.
    init(lines: [String] = []) {
        self.rows = lines
        self.total = lines.count
    }

    /// Returns the rows that a screen of `space` lines has for a scroll position.
    func rowSpace(_ space: Int) -> Int {
        max(1, space - self.head.count - self.foot.count)
    }

    /// Returns the lines of a screen of `space` lines, from the row `top`.
    func lines(from top: Int, space: Int) -> [String] {
        if self.rows.isEmpty, self.total == 0 { return self.head + ["no rows"] + self.foot }
        let shown = self.rows.dropFirst(top).prefix(self.rowSpace(space))
        return Array((self.head + shown + self.foot).prefix(space))
    }

    /// Returns the number of rows below those shown, as words; `nil` if there are none.
    func more(from top: Int, space: Int) -> String? {
        let rest = self.total - top - self.rowSpace(space)
        guard rest > 0 else { return nil }
        let count = DecimalText.grouped(String(rest))
        return "\(self.hasUncounted ? "over " : "")\(count) more \(rest == 1 ? "row" : "rows")"
    }
}

/// The scroll position of a live list.
struct WatchScroll: Equatable, Sendable {
    /// The first row shown.
    private(set) var top = 0
    /// The rows shown at once and the rows there are, as last drawn.
    private var page = 1
    private var total = 0

    /// What a key does: it moves the rows, or ends the watch.
    enum Action: Equatable { case none, draw, leave }

    mutating func take(_ key: Key) -> Action {
        switch key {
        case .character("q"), .control("c"), .escape, .endOfInput: return .leave
        case .down, .character("j"): self.move(by: 1)
        case .up, .character("k"): self.move(by: -1)
        case .pageDown, .character(" "), .control("d"): self.move(by: self.page)
        case .pageUp, .control("u"): self.move(by: -self.page)
        case .home, .character("g"): self.move(by: -self.total)
        case .end, .character("G"): self.move(by: self.total)
        default: return .none
        }
        return .draw
    }

    private mutating func move(by rows: Int) {
        self.top = min(max(0, self.top + rows), max(0, self.total - self.page))
    }

    /// Notes what is drawn, and keeps the position within it.
    mutating func fit(_ frame: WatchFrame, space: Int) {
        self.page = frame.rowSpace(space)
        self.total = frame.total
        self.move(by: 0)
    }
}
