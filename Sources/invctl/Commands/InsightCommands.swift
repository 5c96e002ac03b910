import ArgumentParser
internal import Bytes
internal import InventoryModel
import InventoryTransfer

/// `invctl insight NAME`: named insights, one command each.
struct InsightCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "insight",
        abstract: "Insights from the ledger: sales, stock and what to do about them.",
        discussion: """
            Each states its window, zone and LSN, and is live with --watch. Time counts to the end of \
            the current hour, so that an answer is valid until then.

            Examples:
              invctl insight sales --window last-7-days --by day
              invctl insight low --watch
            """,
        subcommands: [
            Sales.self, Margin.self, Top.self, Velocity.self, Cover.self,
            Reorder.self, ABC.self, Dead.self, Turnover.self, Ageing.self,
            HeatmapCommand.self, Refused.self, Availability.self, Valuation.self, Categories.self,
            Low.self,
        ]
    )
}

/// One named insight as a command.
protocol NamedInsightCommand: AsyncParsableCommand {
    static var insight: NamedInsight.Name { get }
    /// The default window.
    static var window: InsightWindow { get }
    var options: InsightOptions { get }
    var picture: InsightPicture { get }
    /// Adds the parameters of this insight.
    func complete(_ insight: inout NamedInsight) throws
}

extension NamedInsightCommand {
    var picture: InsightPicture { .none }

    func complete(_ insight: inout NamedInsight) throws {
        // Most have no parameters of their own.
    }

    func run() async throws {
        try await Shell.run(self.options.list) { shell in
            var insight = NamedInsight(
                Self.insight,
                window: try await self.options.window(orElse: Self.window, shell),
                zone: shell.settings.chosenZone ?? "",
                filter: try await self.options.filter(shell),
                limit: self.options.list.serverLimit,
                asOf: try self.options.past.point(shell)
            )
            try self.complete(&insight)
            try await shell.show(.named(insight), picture: self.picture)
        }
    }
}

extension InsightCommand {
    struct Sales: NamedInsightCommand {
        static let insight = NamedInsight.Name.sales
        static let window = InsightWindow.last(30, .day)
        static let configuration = CommandConfiguration(
            commandName: "sales",
            abstract:
                "Gross, returns, net, units, transactions, average value; in total or by a dimension.",
            discussion: """
                \(InsightsPage.formulas(.sales))

                Examples:
                  invctl insight sales --window last-7-days --by day
                  invctl insight sales --by category --window this-month -o json
                """
        )
        @OptionGroup var options: InsightOptions
        @Option(
            help: "The dimension to group by: \(InsightsPage.dimensionNames).",
            completion: .list(InsightDimension.allCases.map { "\($0)" })
        ) var by: String?
        @Option(name: .customLong("ref"), help: "Only with this reference.") var reference = ""
        var picture: InsightPicture { .bars("net") }

        func complete(_ insight: inout NamedInsight) throws {
            if let by {
                insight.parameters.by = try Choice.parse(
                    by,
                    type: InsightDimension.self,
                    option: "--by"
                )
            }
            insight.filter.reference = self.reference
        }
    }

    struct Margin: NamedInsightCommand {
        static let insight = NamedInsight.Name.margin
        static let window = InsightWindow.last(30, .day)
        static let configuration = CommandConfiguration(
            commandName: "margin",
            abstract: "Net, cost, margin and margin %, the largest margin first.",
            discussion: """
                \(InsightsPage.formulas(.margin))

                Examples:
                  invctl insight margin --by category
                """
        )
        @OptionGroup var options: InsightOptions
        @Option(
            help: "The dimension to group by: \(InsightsPage.dimensionNames).",
            completion: .list(InsightDimension.allCases.map { "\($0)" })
        ) var by: String?
        @Option(name: .customLong("ref"), help: "Only with this reference.") var reference = ""
        var picture: InsightPicture { .bars("margin") }

        func complete(_ insight: inout NamedInsight) throws {
            if let by {
                insight.parameters.by = try Choice.parse(
                    by,
                    type: InsightDimension.self,
                    option: "--by"
                )
            }
            insight.filter.reference = self.reference
        }
    }

    struct Top: NamedInsightCommand {
        static let insight = NamedInsight.Name.top
        static let window = InsightWindow.last(30, .day)
        static let configuration = CommandConfiguration(
            commandName: "top",
            abstract: "The most or least sold, with ranks and growth over the window before.",
            discussion: """
                \(InsightsPage.formulas(.top))

                Ranked by net, unless another measure is given. Units can rank only if all that was \
                sold has the same unit.

                Examples:
                  invctl insight top --measure units --category Cameras --limit 10
                  invctl insight top --bottom --by category --window last-month
                """
        )
        @OptionGroup var options: InsightOptions
        @Option(
            help: "The dimension to group by: \(InsightsPage.dimensionNames).",
            completion: .list(InsightDimension.allCases.map { "\($0)" })
        ) var by: String?
        @Option(
            help: "The measure to rank by: net, units, margin, gross or netUnits.",
            completion: .list(["net", "units", "margin", "gross", "netUnits"])
        ) var measure: String?
        @Flag(help: "Lists the least sold instead of the most sold.") var bottom = false
        @Option(name: .customLong("ref"), help: "Only with this reference.") var reference = ""
        var picture: InsightPicture { .bars(self.measure ?? "net") }

        func complete(_ insight: inout NamedInsight) throws {
            if let by {
                insight.parameters.by = try Choice.parse(
                    by,
                    type: InsightDimension.self,
                    option: "--by"
                )
            }
            if let measure {
                insight.parameters.measure = try Choice.parse(
                    measure,
                    type: InsightMeasure.self,
                    option: "--measure"
                )
            }
            insight.parameters.isAscending = self.bottom
            insight.filter.reference = self.reference
        }
    }

    struct ABC: NamedInsightCommand {
        static let insight = NamedInsight.Name.abc
        static let window = InsightWindow.last(30, .day)
        static let configuration = CommandConfiguration(
            commandName: "abc",
            abstract: "ABC analysis: the few products with most of the turnover.",
            discussion: """
                \(InsightsPage.formulas(.abc))

                Examples:
                  invctl insight abc --window last-12-months
                """
        )
        @OptionGroup var options: InsightOptions
        @Option(
            help: "The measure to rank by: net, units, margin, gross or netUnits.",
            completion: .list(["net", "units", "margin", "gross", "netUnits"])
        ) var measure: String?
        var picture: InsightPicture { .bars(self.measure ?? "net") }

        func complete(_ insight: inout NamedInsight) throws {
            if let measure {
                insight.parameters.measure = try Choice.parse(
                    measure,
                    type: InsightMeasure.self,
                    option: "--measure"
                )
            }
        }
    }

    struct HeatmapCommand: NamedInsightCommand {
        static let insight = NamedInsight.Name.heatmap
        static let window = InsightWindow.last(30, .day)
        static let configuration = CommandConfiguration(
            commandName: "heatmap",
            abstract: "Sales by weekday and hour.",
            discussion: """
                \(InsightsPage.formulas(.heatmap))

                Examples:
                  invctl insight heatmap --window last-12-weeks --zone Europe/London
                """
        )
        @OptionGroup var options: InsightOptions
        @Option(name: .customLong("ref"), help: "Only with this reference.") var reference = ""
        var picture: InsightPicture { .heatmap("net") }

        func complete(_ insight: inout NamedInsight) throws {
            insight.filter.reference = self.reference
        }
    }

    struct Refused: NamedInsightCommand {
        static let insight = NamedInsight.Name.refused
        static let window = InsightWindow.last(30, .day)
        static let configuration = CommandConfiguration(
            commandName: "refused",
            abstract: "Unmet demand (lost sales), and the fill rate.",
            discussion: """
                \(InsightsPage.formulas(.refused))

                Examples:
                  invctl insight refused --product LAP-01 -o json
                """
        )
        @OptionGroup var options: InsightOptions
        var picture: InsightPicture { .bars("lostSales") }
    }

    struct Categories: NamedInsightCommand {
        static let insight = NamedInsight.Name.categories
        static let window = InsightWindow.all
        static let configuration = CommandConfiguration(
            commandName: "categories",
            abstract: "Stock by category and product, by category, and in total.",
            discussion: """
                \(InsightsPage.formulas(.categories))

                Examples:
                  invctl insight categories
                  invctl insight categories --as-of 2026-03-01 -o csv
                """
        )
        @OptionGroup var options: InsightOptions
    }
}
