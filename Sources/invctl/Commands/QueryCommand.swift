import ArgumentParser
internal import InventoryModel
import InventoryTransfer

/// `invctl query`: a query composed from flags.
struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Queries stock and its history: source, window, groups, measures.",
        discussion: """
            Invalid combinations are refused by name. Quantities of different units are not added: they \
            are empty, or null.

            Sources (--from):
            \(InsightsPage.sources)

            Groups (--by):
            \(InsightsPage.dimensions)

            Measures (--measure), with the sources that have them:
            \(InsightsPage.measures)

            Examples:
              invctl query --from sales --window last-7-days --by day --measure net,units
              invctl query --by category,day --by category --by total --measure net
              invctl query --by product --measure net,marginPercent --order=-net --limit 9
              invctl query --from levels --by location --measure onHand,value,retailValue
              invctl query --from movements --by reason --measure onHandChange --kind adjust
            """
    )

    @OptionGroup var options: InsightOptions

    @Option(
        help: "The source of the rows.",
        completion: .list(InsightSource.allCases.map { "\($0)" })
    )
    var from = "sales"

    @Option(
        help: ArgumentHelp(
            "Group by these; each --by adds a set of rows; total for the grand total.",
            valueName: "a,b"
        ),
        completion: .list(InsightDimension.allCases.map { "\($0)" } + ["total"])
    )
    var by: [String] = []

    @Option(
        help: ArgumentHelp("The measures of each group.", valueName: "a,b"),
        completion: .list(InsightMeasure.allCases.map { "\($0)" })
    )
    var measure: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Order by these groups or measures, before --limit; '-' for descending.",
            valueName: "a,-b"
        )
    )
    var order: String?

    @Option(help: "Only movements of this kind; repeatable.")
    var kind: [MovementKind] = []

    @Option(help: "Only movements for this reason; repeatable.")
    var reason: [Reason] = []

    @Option(name: .customLong("ref"), help: "Only with this reference.") var reference = ""

    @Option(help: "Only by this actor.") var doneBy = ""

    func run() async throws {
        try await Shell.run(self.options.list) { shell in
            let query = try await self.query(shell)
            let first = query.measures.first.map { "\($0)" } ?? ""
            try await shell.show(.query(query), picture: .bars(first))
        }
    }

    private func query(_ shell: Shell) async throws -> InsightQuery {
        var query = InsightQuery(
            source: try Choice.parse(self.from, type: InsightSource.self, option: "--from"),
            window: try await self.options.window(orElse: .all, shell),
            zone: shell.settings.chosenZone ?? "",
            groups: try self.groups(),
            measures: try Choice.list(self.measure, type: InsightMeasure.self, option: "--measure"),
            order: try self.orders(),
            limit: self.options.list.serverLimit,
            asOf: try self.options.past.point(shell)
        )
        query.filter = try await self.options.filter(shell)
        query.filter.kinds = MovementKindSet(self.kind.map { MovementKindSet($0) })
        query.filter.reasons = self.reason
        query.filter.reference = self.reference
        query.filter.actor = self.doneBy
        return query
    }

    private func groups() throws(Failure) -> [[InsightDimension]] {
        if self.by.isEmpty { return [[]] }
        var sets: [[InsightDimension]] = []
        for text in self.by {
            sets.append(
                text == "total"
                    ? [] : try Choice.list(text, type: InsightDimension.self, option: "--by")
            )
        }
        return sets
    }

    private func orders() throws(Failure) -> [InsightOrder] {
        var orders: [InsightOrder] = []
        for word in (self.order ?? "").split(separator: ",") {
            let isDescending = word.hasPrefix("-")
            let name = String(isDescending ? word.dropFirst() : word).trimmingSpace
            let dimension = InsightDimension.allCases.first {
                "\($0)".lowercased() == name.lowercased()
            }
            if let dimension {
                orders.append(InsightOrder(.dimension(dimension), descending: isDescending))
            } else {
                let measure = try Choice.parse(name, type: InsightMeasure.self, option: "--order")
                orders.append(InsightOrder(.measure(measure), descending: isDescending))
            }
        }
        return orders
    }
}
