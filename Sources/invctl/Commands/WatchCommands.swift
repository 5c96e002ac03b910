import ArgumentParser
import Inventory
import InventoryClient
import InventoryWire

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Shows changes as they happen, each once and in order, for as long as it runs.",
        discussion: """
            It survives a restart of the server and goes on where it was. invctl watch stock \
            --snapshot shows the present first; --after LSN goes on from a place in the past.
            """,
        subcommands: [Products.self, Stock.self, Sales.self, Alerts.self]
    )

    struct Options: ParsableArguments {
        @OptionGroup var global: GlobalOptions
        @Flag(help: "Begins with the state as it is.") var snapshot = false
        @Option(help: "Begins after this LSN.") var after: UInt64?
        @Option(help: "Only SKUs that begin so.") var prefix = ""
        @Option(help: "Only products of this category.", completion: Candidates.ofCategory)
        var category: String?
        @Option(help: "Only at this location.", completion: Candidates.ofLocation) var at: String?
        @Option(help: "Ends after so many changes; 0 for never.") var count: UInt64 = 0

        func watch(_ topics: SubscriptionTopics) async throws {
            try await Shell.run(self.global) { shell in
                var filter = SubscriptionFilter(skuPrefix: self.prefix)
                if let category { filter.category = try await shell.category(category) }
                if let at { filter.location = try await shell.location(at) }
                let start: SubscriptionStart =
                    self.after.map { .after($0) } ?? (self.snapshot ? .snapshot : .now)
                var watcher = Watcher(shell, topics, limit: self.count)
                try await watcher.learnProducts()
                // Names change too, so products are always heard of.
                let subscription = Subscription(
                    topics: topics.union(.products),
                    filter: filter,
                    start: start
                )
                for try await event in shell.client.subscribe(subscription) {
                    if !watcher.take(event) { return }
                }
            }
        }
    }

    struct Products: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Products, categories and locations."
        )
        @OptionGroup var options: Options
        func run() async throws { try await self.options.watch(.products) }
    }

    struct Stock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Every movement of stock.")
        @OptionGroup var options: Options
        func run() async throws { try await self.options.watch(.stock) }
    }

    struct Sales: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Sales and returns.")
        @OptionGroup var options: Options
        func run() async throws { try await self.options.watch(.sales) }
    }

    struct Alerts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Low stock, stock-outs, oversold, refused demand."
        )
        @OptionGroup var options: Options
        func run() async throws { try await self.options.watch(.alerts) }
    }
}

/// Prints the events of a subscription: a line each for people, an object each for programs.
struct Watcher {
    private struct Known {
        var sku: String
        var name: String
        var decimals: UInt8
    }

    private let shell: Shell
    private let topics: SubscriptionTopics
    private let isJSON: Bool
    private var rest: UInt64?
    private var products: [ProductID: Known] = [:]
    private var locations: [LocationID: String] = [:]

    init(_ shell: Shell, _ topics: SubscriptionTopics, limit: UInt64) {
        self.shell = shell
        self.topics = topics
        self.rest = limit == 0 ? nil : limit
        // Piped output is for programs.
        let format = shell.format
        self.isJSON = format == .json || format == .ndjson || (format == .plain)
    }

    /// The names of what there is already.
    mutating func learnProducts() async throws {
        let search = ProductSearch(statuses: [.active, .inactive, .archived])
        for try await part in self.shell.client.rows(of: .products(search)) {
            for row in 0..<part.table.rowCount {
                let info = ProductInfo(part.table, row)
                self.products[info.id] = Known(
                    sku: info.sku,
                    name: info.name,
                    decimals: info.unitDecimals
                )
            }
        }
        let table = try await self.shell.client.query(.locations(includingArchived: true)).table
        for row in 0..<table.rowCount {
            let id = LocationID(UInt16(clamping: table.integer(row, "id") ?? 0))
            self.locations[id] = table.text(row, "code")
        }
    }

    /// Takes one event.
    ///
    /// - Returns: Whether more are wanted.
    mutating func take(_ event: SubscriptionEvent) -> Bool {
        switch event {
        case .began(let lsn, let hasSnapshot):
            if !self.shell.options.quiet {
                let what = hasSnapshot ? "a snapshot, then changes" : "changes"
                Terminal.note("watching: \(what) after LSN \(lsn)")
            }
        case .snapshot(let changes):
            for change in changes where self.rest != 0 {
                self.show(change, lsn: nil, time: nil, actor: "")
            }
        case .caughtUp(let lsn):
            if !self.shell.options.quiet { Terminal.note("caught up at LSN \(lsn)") }
        case .entry(let entry):
            for change in entry.changes where self.rest != 0 {
                self.show(change, lsn: entry.lsn, time: entry.time, actor: entry.actor)
            }
        case .progress, .proven:
            break
        case .differs(let lsn):
            if !self.shell.options.quiet {
                Terminal.note("this copy was not the server's at LSN \(lsn): beginning anew")
            }
        case .reset:
            if !self.shell.options.quiet { Terminal.note("beginning anew: a snapshot follows") }
        case .disconnected(let reason):
            if !self.shell.options.quiet {
                Terminal.note("connection lost (\(reason)); trying again")
            }
        }
        return self.rest != 0
    }

    private mutating func show(_ change: Change, lsn: UInt64?, time: Instant?, actor: String) {
        self.learn(change)
        guard let row = self.row(change) else { return }
        if let rest = self.rest { self.rest = rest - 1 }
        if self.isJSON {
            var object = JSONObject()
            if let lsn { object.add("lsn", raw: String(lsn)) }
            if let time { object.add("recordedAt", TimeText.format(time.microseconds)) }
            object.add("event", row.event)
            for (name, value) in row.facts {
                switch value {
                case .text(let text): object.add(name, text)
                case .number(let text): object.add(name, raw: text)
                }
            }
            if !actor.isEmpty { object.add("actor", actor) }
            Terminal.print(object.text)
            return
        }
        let stamp = time.map { String(TimeText.format($0.microseconds).dropFirst(11).prefix(8)) }
        let facts = row.facts.map { name, value -> String in
            switch value {
            case .text(let text): name == "sku" ? text : "\(name) \(text)"
            case .number(let text): "\(name) \(text)"
            }
        }
        let place = lsn.map { "LSN \($0)" } ?? "now"
        Terminal.print(
            "\(stamp ?? "--------")  \(place)  \(row.event)  \(facts.joined(separator: "  "))"
                + (actor.isEmpty ? "" : "  by \(actor)")
        )
    }

    // MARK: - Names

    private mutating func learn(_ change: Change) {
        switch change {
        case .productCreated(let product):
            self.products[product.id] = Known(
                sku: product.sku,
                name: product.name,
                decimals: product.unit.decimals
            )
        case .productUpdated(let id, let fields):
            for field in fields {
                if case .sku(_, let sku) = field { self.products[id]?.sku = sku }
                if case .name(_, let name) = field { self.products[id]?.name = name }
                if case .unit(_, let unit) = field { self.products[id]?.decimals = unit.decimals }
            }
        case .location(let location):
            self.locations[location.id] = location.code
        default:
            break
        }
    }

    private func sku(_ id: ProductID) -> String { self.products[id]?.sku ?? "product \(id.value)" }

    private func place(_ id: LocationID) -> String {
        self.locations[id] ?? "location \(id.value)"
    }

    private func quantity(_ value: Int64, _ id: ProductID) -> String {
        DecimalText.format(value, decimals: self.products[id]?.decimals ?? 0)
    }

    private func money(_ value: Int64) -> String {
        DecimalText.format(value, decimals: self.shell.server.currencyDecimals)
    }

    // MARK: - Rows

    private enum Value {
        case text(String)
        case number(String)
    }

    private typealias Row = (event: String, facts: [(String, Value)])

    /// What is shown of a change; nothing if it is not of the topic watched.
    private func row(_ change: Change) -> Row? {
        switch change {
        case .category(let category):
            guard self.topics.contains(.products) else { return nil }
            return (
                "categoryChanged",
                [
                    ("categoryId", .number(String(category.id.value))),
                    ("name", .text(category.name)),
                    ("status", .text(category.isArchived ? "archived" : "active")),
                ]
            )
        case .location(let location):
            guard self.topics.contains(.products) else { return nil }
            return (
                "locationChanged",
                [
                    ("locationId", .number(String(location.id.value))),
                    ("code", .text(location.code)), ("name", .text(location.name)),
                    ("status", .text(location.isArchived ? "archived" : "active")),
                ]
            )
        case .productCreated(let product):
            guard self.topics.contains(.products) else { return nil }
            return (
                "productCreated",
                [
                    ("sku", .text(product.sku)), ("productId", .number(String(product.id.value))),
                    ("name", .text(product.name)),
                    ("price", .text(self.money(product.price.minorUnits))),
                    ("status", .text("\(product.status)")),
                ]
            )
        case .productUpdated(let id, let fields):
            guard self.topics.contains(.products) else { return nil }
            return ("productUpdated", [("sku", .text(self.sku(id)))] + fields.map(self.fact))
        case .productArchived(let id), .productDeleted(let id):
            guard self.topics.contains(.products) else { return nil }
            return ("productArchived", [("sku", .text(self.sku(id)))])
        case .moved(let movement, let level):
            return self.row(movement, level)
        case .level(let level):
            guard self.topics.contains(.stock) else { return nil }
            return ("levelChanged", self.facts(of: level))
        case .demandRefused(let refused):
            guard self.topics.contains(.alerts) else { return nil }
            return (
                "demandRefused",
                [
                    ("sku", .text(self.sku(refused.product))),
                    ("location", .text(self.place(refused.location))),
                    ("asked", .number(self.quantity(refused.asked, refused.product))),
                    ("available", .number(self.quantity(refused.available, refused.product))),
                ]
            )
        case .alert(let kind, let isRaised, let product, let location, let available, let limit):
            guard self.topics.contains(.alerts) else { return nil }
            return (
                "\(kind)\(isRaised ? "Raised" : "Cleared")",
                [
                    ("sku", .text(self.sku(product))), ("location", .text(self.place(location))),
                    ("available", .number(self.quantity(available, product))),
                    ("threshold", .number(self.quantity(limit, product))),
                ]
            )
        case .databaseCreated, .sessionOpened, .sessionAdvanced, .sessionsExpired, .reservation,
            .transfer:
            return nil
        }
    }

    private func facts(of level: Level) -> [(String, Value)] {
        [
            ("sku", .text(self.sku(level.product))),
            ("location", .text(self.place(level.location))),
            ("onHand", .number(self.quantity(level.onHand, level.product))),
            ("unavailable", .number(self.quantity(level.unavailable, level.product))),
            ("reserved", .number(self.quantity(level.reserved, level.product))),
            ("available", .number(self.quantity(level.available, level.product))),
        ]
    }

    private func row(_ movement: Movement, _ level: Level) -> Row? {
        if self.topics.contains(.sales) {
            let event: String =
                switch movement.kind {
                case .sale: "saleRecorded"
                case .return: "returnRecorded"
                default: "saleReversed"
                }
            var facts: [(String, Value)] = [
                ("sku", .text(self.sku(movement.product))),
                ("location", .text(self.place(movement.location))),
                ("quantity", .number(self.quantity(-movement.onHandDelta, movement.product))),
                ("amount", .text(self.money(movement.amount))),
                ("left", .number(self.quantity(level.available, movement.product))),
            ]
            if !movement.reference.isEmpty {
                facts.append(("reference", .text(movement.reference)))
            }
            return (event, facts)
        }
        guard self.topics.contains(.stock) else { return nil }
        var facts = self.facts(of: level)
        facts.append(("cause", .text("\(movement.kind)")))
        facts.append(
            ("delta", .number(self.quantity(movement.onHandDelta, movement.product)))
        )
        if !movement.reference.isEmpty { facts.append(("reference", .text(movement.reference))) }
        return ("levelChanged", facts)
    }

    private func fact(_ field: ProductFieldChange) -> (String, Value) {
        func arrow(_ old: String, _ new: String) -> Value { .text("\(old) → \(new)") }
        return switch field {
        case .sku(let old, let new): ("sku", arrow(old, new))
        case .name(let old, let new): ("name", arrow(old, new))
        case .barcode(let old, let new): ("barcode", arrow(old, new))
        case .category(let old, let new): ("categoryId", arrow("\(old.value)", "\(new.value)"))
        case .unit(let old, let new): ("unit", arrow(old.code, new.code))
        case .price(let old, let new):
            ("price", arrow(self.money(old.minorUnits), self.money(new.minorUnits)))
        case .status(let old, let new): ("status", arrow("\(old)", "\(new)"))
        case .reorderPoint(let old, let new): ("reorderPoint", arrow("\(old)", "\(new)"))
        case .reorderTarget(let old, let new): ("reorderTarget", arrow("\(old)", "\(new)"))
        case .packSize(let old, let new): ("packSize", arrow("\(old)", "\(new)"))
        case .leadTimeDays(let old, let new): ("leadTimeDays", arrow("\(old)", "\(new)"))
        }
    }
}
