internal import Bytes
import InventoryLoad
internal import InventoryModel
import InventoryTransfer
import TerminalKit

/// The dashboard as lines of a screen.
///
///     invctl top · place · live · LSN · lag                       the clock
///     sales/s 12.4 ▁▂▃▅▇ · revenue today · sales
///     server: log, snapshot, subscribers, p50/p99
///     ▸ Top sellers today          │   Low stock
///       …                          │   …
///       Recent sales
///     keys, or the prompt
///
/// A screen too small for three panes shows the selected one. No line is wider than the screen, and
/// there are never more lines than rows.
struct TopScreen {
    private let model: TopModel
    private let columns: Int
    private let rows: Int
    private let hasColor: Bool

    private static let widthOfTwo = 76
    private static let bodyOfAll = 10
    /// The minimum width of a pane.
    private static let paneWidthMin = 8

    init(_ model: TopModel, columns: Int, rows: Int, hasColor: Bool = false) {
        self.model = model
        self.columns = max(1, columns)
        self.rows = max(1, rows)
        self.hasColor = hasColor
    }

    var lines: [String] {
        let head = [self.title, self.sales, self.server]
        let bodyRows = max(0, self.rows - head.count - 1)
        let body: [String]
        if let page = self.model.keys.page {
            body = self.lines(of: page, rows: bodyRows)
        } else {
            body = self.panes(rows: bodyRows)
        }
        let filler = [String](repeating: "", count: max(0, bodyRows - body.count))
        let lines = (head + body.prefix(bodyRows)).prefix(self.rows - 1) + filler
        return Array(lines.prefix(self.rows - 1)) + [self.footer]
    }

    // MARK: - Header

    private var title: String {
        var status = self.model.status.words(now: self.model.now)
        if self.model.isLoading { status.append("loading sales …") }
        let clock = self.model.clock
        let seconds = clock.local(self.model.now)
        let time = TimeText.format(seconds * 1_000_000).dropFirst(11).dropLast()
        let right = "\(time) \(self.model.place.zone)"
        let space = self.columns - TextWidth.of(right) - 2
        let left = (["invctl top", self.model.place.name] + status).joined(separator: " · ")
        if TextWidth.of(left) <= space || self.columns >= Self.widthOfTwo {
            return self.reversed(TextWidth.padded(left, to: space) + "  " + right)
        }
        // Whether the rows are current matters more than the program's name and the time.
        let text = self.fitted(status + [self.model.place.name])
        return self.reversed(TextWidth.padded(text, to: self.columns))
    }

    /// Returns as many parts as fit the screen, separated; the first is clipped if it alone does not.
    private func fitted(_ parts: [String]) -> String {
        var text = TextWidth.clipped(parts.first ?? "", to: self.columns)
        for part in parts.dropFirst() {
            let longer = text + " · " + part
            guard TextWidth.of(longer) <= self.columns else { break }
            text = longer
        }
        return text
    }

    private var sales: String {
        let book = self.model.book
        let rate = self.model.rate.perSecond
        let figures = [
            "revenue today \(self.money(book.amountToday)) \(self.model.place.currencyCode)",
            Self.count(Int64(book.saleCountToday), "sale"),
        ].joined(separator: " · ")
        let speed = rate < 100 ? DecimalText.format(Int64(rate * 10 + 0.5), decimals: 1) : nil
        let head = "sales/s \(speed ?? DecimalText.grouped(String(Int64(rate)))) "
        if self.columns < TextWidth.of(head) + TextWidth.of(figures) {
            return TextWidth.clipped(figures, to: self.columns)
        }
        let space = self.columns - TextWidth.of(head) - TextWidth.of(figures) - 3
        let bars = Sparkline.text(self.model.rate.last(min(max(space, 0), 60)))
        let rest = TextWidth.clipped(
            (bars.isEmpty ? "" : bars + " · ") + figures,
            to: self.columns - TextWidth.of(head)
        )
        return TextWidth.of(head) < self.columns
            ? self.bold(head, rest) : TextWidth.clipped(head, to: self.columns)
    }

    private var server: String {
        let figures = self.model.figures
        guard !figures.isEmpty else { return "" }
        func milliseconds(_ microseconds: Int64) -> String {
            DecimalText.format(microseconds / 10, decimals: 2)
        }
        let snapshot = figures["snapshotAgeSeconds"].map { "snapshot \(Self.age($0))" }
        let pings = [0.5, 0.99].map { milliseconds(Int64(self.model.pings.value(at: $0))) }
        let syncs = ["syncMicrosecondsP50", "syncMicrosecondsP99"].map {
            milliseconds(figures[$0] ?? 0)
        }
        return self.fitted(
            [
                "log \(Self.bytes(figures["logBytes"] ?? 0))", snapshot ?? "no snapshot",
                Self.count(figures["subscriptions"] ?? 0, "subscriber"),
                "ping \(pings[0])/\(pings[1])", "sync \(syncs[0])/\(syncs[1]) ms p50/p99",
                Self.count(figures["connections"] ?? 0, "connection"),
                "up \(Self.age(figures["uptimeSeconds"] ?? 0))",
            ]
        )
    }

    private var footer: String {
        let typed = self.model.keys.typed
        let text =
            switch self.model.keys.prompt {
            case .filter: "/\(typed)▏  Enter keeps the filter, Esc clears it"
            case .command: ":\(typed)▏  a command of invctl; Esc cancels"
            case nil where self.model.keys.page != nil: "j k scroll · Esc back · : command · q back"
            case nil where !self.model.keys.filter.isEmpty:
                "filter '\(self.model.keys.filter)'; Esc clears it · ? help · q quits"
            case nil: self.usualKeys
            }
        return self.dim(TextWidth.clipped(text, to: self.columns))
    }

    /// The keys of the panes; on a narrow screen those that lead to the others come first.
    private var usualKeys: String {
        let keys = ["/ filter", ": command", "Enter details", "Tab pane", "s order"]
        let help = ["? help", "q quits"]
        let all = (keys + help).joined(separator: " · ")
        return TextWidth.of(all) <= self.columns ? all : self.fitted(help + keys)
    }

    // MARK: - Panes

    private func panes(rows: Int) -> [String] {
        guard self.columns >= Self.widthOfTwo, rows >= Self.bodyOfAll else {
            return self.pane(self.model.keys.pane, width: self.columns, rows: rows)
        }
        let upper = max(5, rows * 3 / 5)
        let leftWidth = (self.columns - 3) / 2
        let left = self.pane(.sellers, width: leftWidth, rows: upper)
        let right = self.pane(.low, width: self.columns - 3 - leftWidth, rows: upper)
        let both = zip(left, right).map { $0 + self.dim(" │ ") + $1 }
        return both + self.pane(.tape, width: self.columns, rows: rows - upper)
    }

    /// Returns a pane of exactly `rows` lines, each exactly `width` columns wide.
    private func pane(_ pane: TopKeys.Pane, width: Int, rows: Int) -> [String] {
        guard width >= Self.paneWidthMin else { return [] }
        let isChosen = pane == self.model.keys.pane
        let count = max(0, rows - 2)
        let total = self.model.count(pane)
        let mark = min(self.model.keys.marks[pane] ?? 0, max(0, total - 1))
        let first = max(0, min(mark - count + 1, total - count))
        let table: TopTable =
            switch pane {
            case .sellers: self.sellers(first, count)
            case .low: self.low(first, count)
            case .tape: self.tape(first, count)
            }
        var lines = [self.heading(pane, isChosen: isChosen, total: total, width: width)]
        let body = table.lines(width: width - 2)
        for (index, line) in body.enumerated() {
            let isMarked = isChosen && index > 0 && first + index - 1 == mark
            let text = (isMarked ? "> " : "  ") + line
            lines.append(isMarked ? self.reversed(text) : index == 0 ? self.bold(text, "") : text)
        }
        if table.rows.isEmpty, rows > 2 {
            lines.append(TextWidth.padded("  " + self.emptiness(of: pane), to: width))
        }
        let blank = String(repeating: " ", count: width)
        while lines.count < rows { lines.append(blank) }
        return Array(lines.prefix(rows))
    }

    private func heading(
        _ pane: TopKeys.Pane,
        isChosen: Bool,
        total: Int,
        width: Int
    ) -> String {
        let name =
            switch pane {
            case .sellers: "Top sellers today, by \(self.model.order)"
            case .low: "Low stock: \(total)"
            case .tape: "Recent sales"
            }
        let text = (isChosen ? "▸ " : "  ") + name
        return self.bold(TextWidth.padded(text, to: width), "")
    }

    private func emptiness(of pane: TopKeys.Pane) -> String {
        if self.model.isLoading { return "…" }
        if !self.model.keys.filter.isEmpty { return "no match for '\(self.model.keys.filter)'" }
        return switch pane {
        case .sellers: "no sales today yet"
        case .low: "no low stock"
        case .tape: "no sales yet"
        }
    }

    /// Returns a price, with the quantity that it is for unless that is one unit: 2.10/100 is for 100 g.
    private func price(_ price: Price, of item: TopModel.Item) -> String {
        let amount = self.money(price.minorUnits)
        let unit = Unit(code: item.unit, decimals: item.decimals)
        guard price.basis != unit.baseUnits else { return amount }
        return amount + "/" + DecimalText.format(Quantity(price.basis), decimals: item.decimals)
    }

    private func sellers(_ first: Int, _ count: Int) -> TopTable {
        TopTable(
            [
                .left("SKU"), .flexible("NAME"), .right("PRICE", worth: .detail), .right("UNITS"),
                .right("REVENUE"),
            ],
            self.model.shownSellers.dropFirst(first).prefix(count).map { seller in
                let item = self.model.item(seller.product)
                return [
                    item.sku, item.name, item.price.map { self.price($0, of: item) } ?? "",
                    DecimalText.format(seller.sold.units, decimals: item.decimals),
                    self.money(seller.sold.amount),
                ]
            }
        )
    }

    private func low(_ first: Int, _ count: Int) -> TopTable {
        TopTable(
            [
                .left("SKU"), .flexible("NAME"), .left("AT", worth: .detail), .right("LEFT"),
                .right("POINT", worth: .detail), .right("COVER", worth: .normal),
            ],
            self.model.shownLow.dropFirst(first).prefix(count).map { level in
                let item = self.model.item(level.spot.product)
                return [
                    item.sku, item.name, level.location,
                    DecimalText.format(level.available, decimals: item.decimals),
                    DecimalText.format(level.reorderPoint, decimals: item.decimals),
                    self.cover(level),
                ]
            }
        )
    }

    private func cover(_ level: TopModel.LowLevel) -> String {
        guard
            let days = self.model.book.cover(
                available: level.available,
                at: level.spot,
                now: self.model.now
            )
        else { return "∞" }
        // Beyond a few years the number has no meaning.
        guard days < 999 else { return "> 999 d" }
        return DecimalText.format(Int64(days * 10), decimals: 1) + " d"
    }

    private func tape(_ first: Int, _ count: Int) -> TopTable {
        TopTable(
            [
                .left("TIME", worth: .normal), .left("SKU"), .flexible("NAME"), .right("UNITS"),
                .right("PRICE", worth: .normal), .right("AMOUNT"), .left("AT", worth: .detail),
                .right("LEFT", worth: .detail), .left("BY", worth: .record),
                .left("REFERENCE", worth: .detail), .right("LSN", worth: .record),
            ],
            self.model.shownTape.dropFirst(first).prefix(count).map { ticket in
                let item = self.model.item(ticket.line.product)
                let left = ticket.left.map {
                    DecimalText.format($0, decimals: item.decimals)
                }
                let kind = ticket.kind == .sale ? "" : "\(ticket.kind) "
                return [
                    self.time(ticket.recordedAt), item.sku, item.name,
                    DecimalText.format(ticket.line.units, decimals: item.decimals),
                    self.price(ticket.price, of: item), self.money(ticket.line.amount.minorUnits),
                    self.model.locations[ticket.line.location] ?? "", left ?? "", ticket.actor,
                    kind + ticket.reference, String(ticket.line.lsn.value),
                ]
            }
        )
    }

    private func lines(of page: TopKeys.Page, rows: Int) -> [String] {
        guard self.columns >= Self.paneWidthMin else { return [] }
        let title = self.bold(TextWidth.padded("▸ " + page.title, to: self.columns), "")
        var shown = Array(page.lines.dropFirst(page.top).prefix(max(0, rows - 1)))
        if page.isText {
            shown = shown.flatMap { line in
                TextWidth.folded(line, to: self.columns - 2)
                    .split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
            }
        }
        return [title]
            + shown.prefix(max(0, rows - 1)).map {
                "  " + TextWidth.clipped($0, to: self.columns - 2)
            }
    }

    // MARK: - Formatting

    private func money(_ value: some FixedWidthInteger) -> String {
        DecimalText.grouped(
            DecimalText.format(value, decimals: self.model.place.currencyDecimals)
        )
    }

    private func time(_ instant: Instant) -> String {
        let clock = self.model.clock
        let local = clock.local(instant.microseconds) * 1_000_000
        return String(TimeText.format(local).dropFirst(11).prefix(8))
    }

    static func count(_ count: Int64, _ noun: String) -> String {
        DecimalText.counted(count, noun)
    }

    static func age(_ seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7_200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) d"
        }
    }

    static func bytes(_ count: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(count)
        var unit = 0
        while value >= 1_024, unit + 1 < units.count {
            value /= 1_024
            unit += 1
        }
        let text =
            unit == 0 ? String(count) : DecimalText.format(Int64(value * 10 + 0.5), decimals: 1)
        return "\(text) \(units[unit])"
    }

    // MARK: - Color, which only repeats what the text says

    private func bold(_ text: String, _ rest: String) -> String {
        self.hasColor ? "\u{1B}[1m\(text)\u{1B}[0m\(rest)" : text + rest
    }

    private func dim(_ text: String) -> String {
        self.hasColor ? "\u{1B}[2m\(text)\u{1B}[0m" : text
    }

    private func reversed(_ text: String) -> String {
        self.hasColor ? "\u{1B}[7m\(text)\u{1B}[0m" : text
    }
}
