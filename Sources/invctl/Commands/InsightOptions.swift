import ArgumentParser
internal import InventoryModel
import InventoryTransfer

/// What every insight and question takes: a window, a zone, and whose rows count.
struct InsightOptions: ParsableArguments {
    @OptionGroup var list: ListOptions

    @Option(help: ArgumentHelp("Of when: \(WindowText.help).", valueName: "window"))
    var window: String?

    @Option(
        help: ArgumentHelp(
            "The IANA zone that days are cut in; that of --at, else UTC.",
            valueName: "zone"
        )
    )
    var zone = ""

    @Option(
        help: "Only of this SKU; may be given several times.",
        completion: Candidates.ofSKU
    )
    var product: [String] = []

    @Option(
        help: "Only products of this category; may be given several times.",
        completion: Candidates.ofCategory
    )
    var category: [String] = []

    @Option(
        help: "Only at this location; may be given several times.",
        completion: Candidates.ofLocation
    )
    var at: [String] = []

    @Option(help: "Only SKUs that begin so.") var prefix = ""

    @OptionGroup var past: PointOptions

    /// The window, its dates by the clock that the server cuts days by.
    func window(orElse other: InsightWindow, _ shell: Shell) async throws -> InsightWindow {
        guard let window else { return other }
        return try WindowText.parse(window, zone: try await self.dayZone(shell))
    }

    /// What `--zone` says, else the zone of the location that is asked about, if it is one; empty for UTC.
    private func dayZone(_ shell: Shell) async throws -> String {
        guard self.zone.isEmpty, let first = self.at.first else { return self.zone }
        let codes = Set(self.at.map { NormalizedText.key($0) })
        return codes.count == 1 ? try await shell.zone(of: first) : ""
    }

    /// The filter, with names looked up.
    func filter(_ shell: Shell) async throws -> InsightFilter {
        var filter = InsightFilter(skuPrefix: self.prefix)
        for sku in self.product { filter.products.append(try await shell.product(sku).id) }
        for name in self.category { filter.categories.append(try await shell.category(name)) }
        for code in self.at { filter.locations.append(try await shell.location(code)) }
        return filter
    }
}

/// A word of a list of choices, as it is typed.
enum Choice {
    /// The case of that name; a ``Failure`` that says what may have been meant if there is none.
    static func parse<Value: CaseIterable>(
        _ text: String,
        type: Value.Type,
        option: String
    ) throws(Failure) -> Value {
        let key = text.lowercased()
        for value in Value.allCases where "\(value)".lowercased() == key { return value }
        let names = Value.allCases.map { "\($0)" }
        let near = Nearness.nearest(to: text, among: names)
        let way =
            near.isEmpty
            ? "there are \(names.joined(separator: ", "))"
            : "did you mean \(near.joined(separator: " or "))?"
        throw Failure.usage("\(option): there is no '\(text)'; \(way)")
    }

    /// The cases of a list with commas; empty for no text.
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
