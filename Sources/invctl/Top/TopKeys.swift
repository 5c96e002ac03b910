import TerminalKit

/// What a person is doing with the dashboard: which pane, which row, what is being typed, what page lies
/// on top.
struct TopKeys: Equatable, Sendable {
    enum Pane: Int, CaseIterable, Hashable, Sendable {
        case sellers, low, tape
    }

    enum Prompt: Equatable, Sendable {
        case filter
        case command
    }

    /// Text on top of the panes: help, a product, the answer to a command.
    struct Page: Equatable, Sendable {
        var title: String
        var lines: [String]
        /// The first line that is shown.
        var top = 0
    }

    var pane = Pane.sellers
    /// The row that is marked in each pane.
    var marks: [Pane: Int] = [:]
    var order = TopModel.Order.revenue
    var filter = ""
    var prompt: Prompt?
    var typed = ""
    var page: Page?
}

/// What whoever drives the dashboard is to do.
enum TopOrder: Equatable, Sendable {
    case nothing
    case leave
    /// Show all there is of a product.
    case show(sku: String)
    /// Run a command line and show what it says.
    case run([String])
    /// The page that was waited for is no longer wanted.
    case stop
}

extension TopModel {
    /// Rows that Page Up and Page Down go.
    private static let pageRows = 10

    mutating func take(_ key: Key) -> TopOrder {
        if key == .endOfInput || key == .control("c") { return .leave }
        if self.keys.prompt != nil { return self.takeTyped(key) }
        if self.keys.page != nil { return self.takeOnPage(key) }
        switch key {
        case .character("q"): return .leave
        case .character("?"): self.keys.page = Self.help
        case .character("/"): self.ask(.filter)
        case .character(":"): self.ask(.command)
        case .escape: self.setFilter("")
        case .enter:
            guard let id = self.marked else { break }
            return self.show(self.item(id).sku)
        case .character("s"):
            self.keys.order = self.keys.order == .revenue ? .units : .revenue
            self.prepare()
        case .tab, .right, .character("l"): self.turn(1)
        case .backTab, .left, .character("h"): self.turn(-1)
        case .character("1"): self.keys.pane = .sellers
        case .character("2"): self.keys.pane = .low
        case .character("3"): self.keys.pane = .tape
        case .down, .character("j"): self.move(1)
        case .up, .character("k"): self.move(-1)
        case .pageDown, .control("d"): self.move(Self.pageRows)
        case .pageUp, .control("u"): self.move(-Self.pageRows)
        case .home, .character("g"): self.move(-.max)
        case .end, .character("G"): self.move(.max)
        default: break
        }
        return .nothing
    }

    private mutating func turn(_ step: Int) {
        let count = TopKeys.Pane.allCases.count
        let next = (self.keys.pane.rawValue + step + count) % count
        self.keys.pane = TopKeys.Pane(rawValue: next) ?? .sellers
    }

    private mutating func move(_ step: Int) {
        let last = max(0, self.count(self.keys.pane) - 1)
        let mark = min(self.keys.marks[self.keys.pane] ?? 0, last)
        let (next, overflow) = mark.addingReportingOverflow(step)
        self.keys.marks[self.keys.pane] = overflow ? last : min(max(next, 0), last)
    }

    // MARK: - A line that is typed

    private mutating func ask(_ prompt: TopKeys.Prompt) {
        self.keys.prompt = prompt
        self.keys.typed = prompt == .filter ? self.keys.filter : ""
    }

    private mutating func setFilter(_ text: String) {
        self.keys.filter = text
        self.keys.marks = [:]
    }

    private mutating func takeTyped(_ key: Key) -> TopOrder {
        switch key {
        case .enter: return self.commit()
        case .escape:
            if self.keys.prompt == .filter { self.setFilter("") }
            self.keys.prompt = nil
            return .nothing
        case .backspace where self.keys.typed.isEmpty: self.keys.prompt = nil
        case .backspace: self.keys.typed.removeLast()
        case .control("u"): self.keys.typed = ""
        case .character(let character): self.keys.typed.append(character)
        case .paste(let text): self.keys.typed += RowStyle.flat(text)
        default: break
        }
        // What is searched for narrows the lists while it is typed.
        if self.keys.prompt == .filter { self.setFilter(self.keys.typed) }
        return .nothing
    }

    private mutating func commit() -> TopOrder {
        defer { self.keys.prompt = nil }
        guard self.keys.prompt == .command else { return .nothing }
        var words = CommandWords(self.keys.typed).texts
        if words.first == "invctl" { words.removeFirst() }
        switch words.first {
        case nil: return .nothing
        case "q", "quit", "exit": return .leave
        case "help" where words.count == 1, "?": self.keys.page = Self.help
        case "sellers": self.keys.pane = .sellers
        case "low": self.keys.pane = .low
        case "tape": self.keys.pane = .tape
        case .some where Self.wantsTerminal(words):
            self.keys.page = TopKeys.Page(
                title: words.joined(separator: " "),
                lines: ["This goes on by itself; run it in a terminal of its own."]
            )
        case .some:
            self.keys.page = TopKeys.Page(
                title: words.joined(separator: " "),
                lines: ["running …"]
            )
            return .run(words)
        }
        return .nothing
    }

    /// Whether a command goes on for ever, or wants the screen for itself.
    private static func wantsTerminal(_ words: [String]) -> Bool {
        ["top", "shell", "watch"].contains(words.first) || words.contains("--watch")
    }

    // MARK: - A page on top

    private mutating func show(_ sku: String) -> TopOrder {
        self.keys.page = TopKeys.Page(title: sku, lines: ["asking …"])
        return .show(sku: sku)
    }

    /// Takes the text of the page that is open under that title; of another, nothing.
    mutating func take(page lines: [String], title: String) {
        guard self.keys.page?.title == title else { return }
        self.keys.page?.lines = lines
        self.keys.page?.top = 0
    }

    private mutating func takeOnPage(_ key: Key) -> TopOrder {
        guard var page = self.keys.page else { return .nothing }
        switch key {
        case .escape, .enter, .character("q"), .character("?"):
            self.keys.page = nil
            return .stop
        case .down, .character("j"): page.top += 1
        case .up, .character("k"): page.top -= 1
        case .pageDown, .character(" "), .control("d"): page.top += Self.pageRows
        case .pageUp, .control("u"): page.top -= Self.pageRows
        case .home, .character("g"): page.top = 0
        case .end, .character("G"): page.top = page.lines.count
        case .character(":"):
            self.keys.page = nil
            self.ask(.command)
            return .stop
        default: break
        }
        page.top = min(max(page.top, 0), max(0, page.lines.count - 1))
        self.keys.page = page
        return .nothing
    }

    static let help = TopKeys.Page(
        title: "help",
        lines: [
            "j k ↑ ↓      a row down, up        g G Home End  the first, the last",
            "Tab h l ← →  the next pane         1 2 3         sellers, low, sales",
            "Enter        all there is of a product",
            "/ TEXT       only what has TEXT in its SKU or name; Esc shows all again",
            ": COMMAND    any command of invctl, as :stock show LAP-01; :q leaves",
            "s            sellers by revenue, by units",
            "q Ctrl-C     leaves",
            "Ctrl-Z       stops it, until the shell's fg",
            "",
            "revenue      net of returns, by the day of the zone at the upper right",
            "sales/s      the mean of the last \(SalesRate.meanSeconds) seconds; a bar is a second",
            "COVER        days that what is available lasts: available ÷ units sold a day,",
            "             over the last \(SalesBook.daysBack) days and today, or since the first sale;",
            "             ∞ where nothing sells",
            "ping         an empty round trip from here: half of them (p50) and 99 of 100",
            "             (p99) took at most that long",
            "sync         the same of a write to the server's log",
        ]
    )
}
