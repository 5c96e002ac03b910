import ArgumentParser
internal import InventoryModel

/// `invctl watch insight NAME`: a named insight as it changes.
struct WatchInsightCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "insight",
        abstract: "An insight by its name: its rows, and what becomes of them.",
        discussion: """
            On a terminal it is redrawn in place, piped it is an object for each row that is new, \
            changed or gone. Its window moves on as time passes, also when nothing is sold.

            Examples:
              invctl watch insight sales --days 1
              invctl watch insight lowStock -o ndjson
            """
    )

    @OptionGroup var global: GlobalOptions
    @Argument(help: "Which.", completion: .list(NamedInsight.Name.allCases.map { "\($0)" }))
    var name: String
    @Option(help: "Of the last so many days, today among them.") var days: UInt32 = 30
    @Option(help: "The zone that days are cut in; that of --at, else UTC.") var zone = ""
    @Option(help: "Only products of this category.", completion: Candidates.ofCategory)
    var category: String?
    @Option(help: "Only at this location.", completion: Candidates.ofLocation) var at: String?
    @Option(help: "At most this many rows; 0 for all.") var limit: UInt32 = 0
    @Option(help: "Ends after so many results; 0 for never.") var count = 0

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
        try await Shell.run(self.global) { shell in
            var insight = NamedInsight(
                name,
                window: .last(self.days, .day),
                zone: self.zone,
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
