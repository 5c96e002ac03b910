import TerminalKit

/// The input state of the dashboard: the selected pane and row, the typed text, the open page.
struct TopKeys: Equatable, Sendable {
    enum Pane: Int, CaseIterable, Hashable, Sendable {
        case sellers, low, tape
    }

    enum Prompt: Equatable, Sendable {
        case filter
        case command
    }

    /// Text shown over the panes: help, a product, or the output of a command.
    struct Page: Equatable, Sendable {
        var title: String
        var lines: [String]
        /// The index of the first line shown.
        var top = 0
        /// Whether lines too long for the screen are broken at blanks; those of tables are clipped.
        var isText = false
    }

    var pane = Pane.sellers
    /// The index of the marked row in each pane.
    var marks: [Pane: Int] = [:]
    var order = TopModel.Order.revenue
    var filter = ""
    var prompt: Prompt?
    var typed = ""
    var page: Page?

    /// Traps if a mark or the page's first line is out of bounds, or two inputs are open at once.
    func checkInvariants() {
        precondition(self.marks.values.allSatisfy { $0 >= 0 }, "marks at \(self.marks)")
        precondition(self.prompt == nil || self.page == nil, "a prompt and a page are open")
        precondition(
            self.prompt != .filter || self.typed == self.filter,
            "the filter is '\(self.filter)' while '\(self.typed)' is typed"
        )
        guard let page else { return }
        precondition(
            page.top == 0 || page.lines.indices.contains(page.top),
            "the page begins at line \(page.top) of \(page.lines.count)"
        )
    }
}

/// What ``TopDriver`` must do after a key.
enum TopAction: Equatable, Sendable {
    case none
    case leave
    /// Show the stock and history of a product.
    case show(sku: String)
    /// Run a command line and show its output.
    case run([String])
    /// Stop the running command: its page was closed.
    case stop
}

extension TopModel {
    /// The rows that Page Up and Page Down move.
    private static let pageRows = 10

    mutating func take(_ key: Key) -> TopAction {
        if key == .endOfInput || key == .control("c") { return .leave }
        if self.keys.prompt != nil { return self.takeTyped(key) }
        if self.keys.page != nil { return self.takeOnPage(key) }
        switch key {
        case .character("q"): return .leave
        case .character("?"): self.keys.page = Self.help
        case .character("/"): self.open(.filter)
        case .character(":"): self.open(.command)
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
        return .none
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

    // MARK: - Prompt

    private mutating func open(_ prompt: TopKeys.Prompt) {
        self.keys.prompt = prompt
        self.keys.typed = prompt == .filter ? self.keys.filter : ""
    }

    private mutating func setFilter(_ text: String) {
        self.keys.filter = text
        self.keys.marks = [:]
    }

    private mutating func takeTyped(_ key: Key) -> TopAction {
        switch key {
        case .enter: return self.commit()
        case .escape:
            if self.keys.prompt == .filter { self.setFilter("") }
            self.keys.prompt = nil
            return .none
        case .backspace where self.keys.typed.isEmpty: self.keys.prompt = nil
        case .backspace: self.keys.typed.removeLast()
        case .control("u"): self.keys.typed = ""
        case .character(let character): self.keys.typed.append(character)
        case .paste(let text): self.keys.typed += RowStyle.flat(text)
        default: break
        }
        // The filter applies while it is typed.
        if self.keys.prompt == .filter { self.setFilter(self.keys.typed) }
        return .none
    }

    private mutating func commit() -> TopAction {
        defer { self.keys.prompt = nil }
        guard self.keys.prompt == .command else { return .none }
        let command = CommandWords(self.keys.typed)
        var words = command.strings
        if words.first == "invctl" { words.removeFirst() }
        switch words.first {
        case nil: return .none
        case "q", "quit", "exit": return .leave
        case "help" where words.count == 1, "?": self.keys.page = Self.help
        case "sellers": self.keys.pane = .sellers
        case "low": self.keys.pane = .low
        case "tape": self.keys.pane = .tape
        case .some where Self.wantsTerminal(words) || command.program != nil:
            self.keys.page = TopKeys.Page(
                title: words.joined(separator: " "),
                lines: ["This command needs a terminal of its own; use another one for it."]
            )
        case .some:
            self.keys.page = TopKeys.Page(
                title: words.joined(separator: " "),
                lines: ["running …"]
            )
            return .run(words)
        }
        return .none
    }

    /// Returns whether a command runs until interrupted, or needs the whole screen.
    private static func wantsTerminal(_ words: [String]) -> Bool {
        ["top", "shell", "watch"].contains(words.first) || words.contains("--watch")
    }

    // MARK: - Page

    private mutating func show(_ sku: String) -> TopAction {
        self.keys.page = TopKeys.Page(title: sku, lines: ["loading …"])
        return .show(sku: sku)
    }

    /// Sets the text of the open page; ignored if a page with another title is open.
    mutating func take(page lines: [String], title: String) {
        guard self.keys.page?.title == title else { return }
        self.keys.page?.lines = lines
        self.keys.page?.top = 0
    }

    private mutating func takeOnPage(_ key: Key) -> TopAction {
        guard var page = self.keys.page else { return .none }
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
            self.open(.command)
            return .stop
        default: break
        }
        page.top = min(max(page.top, 0), max(0, page.lines.count - 1))
        self.keys.page = page
        return .none
    }

    static let help = TopKeys.Page(
        title: "help",
        lines: [
            "j k ↑ ↓      a row down, up        g G Home End  the first, the last",
            "Tab h l ← →  the next pane         1 2 3         sellers, low, sales",
            "Enter        stock and history of a product",
            "/ TEXT       only products with TEXT in SKU or name; Esc shows all again",
            ": COMMAND    any command of invctl, as :stock show LAP-01; :q quits",
            "s            best sellers by revenue, by units",
            "q Ctrl-C     quits",
            "Ctrl-Z       suspends, until the shell's fg",
            "",
            "revenue      net of returns, today in the time zone at the upper right",
            "sales/s      the mean of the last \(SalesRate.meanSeconds) seconds; a bar is a second",
            "COVER        days that the available stock lasts: available ÷ units sold per day,",
            "             over the last \(SalesBook.daysBack) days and today, or since the first sale;",
            "             ∞ if nothing sells",
            "ping         the time of an empty round trip: median (p50) and 99th percentile",
            "             (p99)",
            "sync         the same of a write to the server's log",
        ],
        isText: true
    )
}
