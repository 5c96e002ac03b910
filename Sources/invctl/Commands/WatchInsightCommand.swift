import ArgumentParser
internal import InventoryModel

/// `invctl watch insight NAME`: a live insight.
struct WatchInsightCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "insight",
        abstract: "Shows a live insight: its rows and their changes.",
        discussion: """
            On a terminal it is redrawn in place; when piped it is an object for each row that is \
            added, changed or removed. Its window moves with time, also when nothing is sold.

            Examples:
              invctl watch insight sales --days 1
              invctl watch insight lowStock -o ndjson
            """
    )

    @OptionGroup var global: GlobalOptions
    @Argument(
        help: "The insight.",
        completion: .list(NamedInsight.Name.allCases.map { "\($0)" })
    )
    var name: String
    @Option(help: "The last n days, including today.") var days: UInt32 = 30
    @OptionGroup var times: ZoneOptions
    @Option(help: "Only products of this category.", completion: Candidates.ofCategory)
    var category: String?
    @Option(help: "Only at this location.", completion: Candidates.ofLocation) var at: String?
    @Option(help: "The maximum number of rows; 0 for all.") var limit: UInt32 = 0
    @Option(help: "Exits after this many results; 0 for never.") var count = 0

    func validate() throws {
        guard Self.name(self.name) == nil else { return }
        let names = NamedInsight.Name.allCases.map { "\($0)" }.joined(separator: ", ")
        throw ValidationError("there is no insight '\(self.name)'; there are \(names)")
    }

    private static func name(_ text: String) -> NamedInsight.Name? {
        NamedInsight.Name.allCases.first { "\($0)".lowercased() == text.lowercased() }
    }

    func run() async throws {
        guard let name = Self.name(self.name) else { return }
        try await Shell.run(self.global, zone: self.times.zone) { shell in
            try shell.settings.checkAnswerFormat()
            var insight = NamedInsight(
                name,
                window: .last(self.days, .day),
                zone: shell.settings.chosenZone ?? "",
                limit: self.limit
            )
            if let category {
                insight.filter.categories = [try await shell.category(category)]
            }
            if let at { insight.filter.locations = [try await shell.location(at)] }
            try await shell.watch(.named(insight), count: self.count)
        }
    }
}
