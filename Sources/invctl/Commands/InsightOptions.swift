import ArgumentParser
import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire

/// Options of every insight and query: a window, a time zone, and filters.
struct InsightOptions: ParsableArguments {
    @OptionGroup var list: ListOptions

    @Option(
        help: ArgumentHelp("The time window: \(WindowText.help).", valueName: "window"),
        completion: .list(WindowText.words)
    )
    var window: String?

    @Option(
        help: "Only this SKU; repeatable.",
        completion: Candidates.ofSKU
    )
    var product: [String] = []

    @Option(
        help: "Only products of this category; repeatable.",
        completion: Candidates.ofCategory
    )
    var category: [String] = []

    @Option(
        help: "Only at this location; repeatable.",
        completion: Candidates.ofLocation
    )
    var at: [String] = []

    @Option(help: "Only SKUs with this prefix.") var prefix = ""

    @OptionGroup var past: PointOptions

    /// Returns the window, its dates in the time zone that the server uses for days.
    func window(orElse other: InsightWindow, _ shell: Shell) async throws -> InsightWindow {
        guard let window else { return other }
        let zone = try await self.dayZone(shell)
        let moment = try await self.moment(of: window, shell)
        return try WindowText(zone, now: moment).parse(window)
    }

    /// Returns the moment whose year is "this year": now by the server's clock, or the point in the past.
    ///
    /// The server resolves all other relative windows.
    private func moment(of window: String, _ shell: Shell) async throws -> Instant {
        let now = shell.server.serverTime
        guard WindowText.yearWords.contains(window) else { return now }
        switch try self.past.point(shell) {
        case nil: return now
        case .time(let time), .effective(let time): return min(now, time)
        case .lsn(let lsn):
            // The answer for a version has the time when that was recorded.
            let search = ProductSearch(limit: 1, asOf: .lsn(lsn))
            return min(now, try await shell.client.query(.products(search)).time)
        }
    }

    /// Returns the zone that the user chose, else that of the location if there is exactly one, else UTC: as the
    /// server does for days.
    private func dayZone(_ shell: Shell) async throws -> TimeZone {
        if shell.settings.chosenZone != nil { return shell.settings.zone }
        let codes = Set(self.at.map { NormalizedText.key($0) })
        guard codes.count == 1, let first = self.at.first else { return TimeText.utc }
        return TimeZone(identifier: try await shell.zone(of: first)) ?? TimeText.utc
    }

    /// Returns the filter, with names resolved to ids.
    func filter(_ shell: Shell) async throws -> InsightFilter {
        var filter = InsightFilter(skuPrefix: self.prefix)
        for sku in self.product { filter.products.append(try await shell.product(sku).id) }
        for name in self.category { filter.categories.append(try await shell.category(name)) }
        for code in self.at { filter.locations.append(try await shell.location(code)) }
        return filter
    }
}

/// Parsing of enumeration cases from their names.
enum Choice {
    /// Returns the case with that name, ignoring case.
    ///
    /// - Throws: ``Failure`` with similar names if there is none.
    static func parse<Value: CaseIterable>(
        _ text: String,
        type: Value.Type,
        option: String
    ) throws(Failure) -> Value {
        let key = text.lowercased()
        for value in Value.allCases where "\(value)".lowercased() == key { return value }
        let names = Value.allCases.map { "\($0)" }
        let near = Nearness.nearest(to: text, among: names)
        let hint =
            near.isEmpty
            ? "there are \(names.joined(separator: ", "))"
            : "did you mean \(near.joined(separator: " or "))?"
        throw Failure.usage("\(option): there is no '\(text)'; \(hint)")
    }

    /// Returns the cases of a comma-separated list; empty for an empty text.
    static func list<Value: CaseIterable>(
        _ text: String,
        type: Value.Type,
        option: String
    ) throws(Failure) -> [Value] {
        var values: [Value] = []
        for word in text.split(separator: ",") {
            values.append(try self.parse(String(word).trimmingSpace, type: type, option: option))
        }
        return values
    }
}
