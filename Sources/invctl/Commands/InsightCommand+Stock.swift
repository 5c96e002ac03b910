import ArgumentParser
internal import Bytes
internal import InventoryModel
import InventoryTransfer

/// Insights about what is in stock, and what to do about it.
extension InsightCommand {
    struct Velocity: NamedInsightCommand {
        static let insight = NamedInsight.Name.velocity
        static let window = InsightWindow.last(30, .day)
        static let configuration = CommandConfiguration(
            commandName: "velocity",
            abstract: "Units per day: overall, while in stock, moving average, weighted average.",
            discussion: """
                \(InsightsPage.formulas(.velocity))

                Examples:
                  invctl insight velocity --window last-28-days --days 7
                """
        )
        @OptionGroup var options: InsightOptions
        @Option(help: "Days of the moving averages; default 7.") var days: UInt32?
        var picture: InsightPicture { .bars("velocity") }

        func complete(_ insight: inout NamedInsight) throws {
            insight.parameters.days = self.days
        }
    }

    struct Cover: NamedInsightCommand {
        static let insight = NamedInsight.Name.cover
        static let window = InsightWindow.last(30, .day)
        static let configuration = CommandConfiguration(
            commandName: "cover",
            abstract:
                "How many days the stock lasts, until when, and the risk before an order arrives.",
            discussion: """
                \(InsightsPage.formulas(.cover))

                Examples:
                  invctl insight cover --sort daysOfCover --limit 10
                """
        )
        @OptionGroup var options: InsightOptions
    }

    struct Reorder: NamedInsightCommand {
        static let insight = NamedInsight.Name.reorder
        static let window = InsightWindow.last(30, .day)
        static let configuration = CommandConfiguration(
            commandName: "reorder",
            abstract: "Safety stock, reorder point and suggested order, from past demand.",
            discussion: """
                \(InsightsPage.formulas(.reorder))

                Examples:
                  invctl insight reorder --service-level 97.5
                  invctl insight reorder --where 'suggestedOrder > 0'
                """
        )
        @OptionGroup var options: InsightOptions
        @Option(help: "The share of cycles without a stock-out, in %; default 95.")
        var serviceLevel: String?

        func complete(_ insight: inout NamedInsight) throws {
            guard let serviceLevel else { return }
            guard let level = DecimalText.parse(serviceLevel, decimals: 4) else {
                throw Failure.usage("--service-level '\(serviceLevel)' is not a percentage")
            }
            insight.parameters.serviceLevel = UInt32(clamping: level)
        }
    }

    struct Dead: NamedInsightCommand {
        static let insight = NamedInsight.Name.dead
        static let window = InsightWindow.all
        static let configuration = CommandConfiguration(
            commandName: "dead",
            abstract: "Dead stock: products without a sale for a number of days.",
            discussion: """
                \(InsightsPage.formulas(.dead))

                Examples:
                  invctl insight dead --days 180
                """
        )
        @OptionGroup var options: InsightOptions
        @Option(help: "Days without a sale; default 90.") var days: UInt32?
        var picture: InsightPicture { .bars("value") }

        func complete(_ insight: inout NamedInsight) throws {
            insight.parameters.days = self.days
        }
    }

    struct Turnover: NamedInsightCommand {
        static let insight = NamedInsight.Name.turnover
        static let window = InsightWindow.last(30, .day)
        static let configuration = CommandConfiguration(
            commandName: "turnover",
            abstract: "Sell-through, turnover, days of inventory, GMROI.",
            discussion: """
                \(InsightsPage.formulas(.turnover))

                Examples:
                  invctl insight turnover --window last-3-months
                """
        )
        @OptionGroup var options: InsightOptions
    }

    struct Ageing: NamedInsightCommand {
        static let insight = NamedInsight.Name.ageing
        static let window = InsightWindow.all
        static let configuration = CommandConfiguration(
            commandName: "ageing",
            abstract: "The age of the stock, first in, first out.",
            discussion: """
                \(InsightsPage.formulas(.ageing))

                Examples:
                  invctl insight ageing --category Electronics
                """
        )
        @OptionGroup var options: InsightOptions
    }

    struct Availability: NamedInsightCommand {
        static let insight = NamedInsight.Name.availability
        static let window = InsightWindow.last(30, .day)
        static let configuration = CommandConfiguration(
            commandName: "availability",
            abstract: "How long products were out of stock, and how often.",
            discussion: """
                \(InsightsPage.formulas(.availability))

                Examples:
                  invctl insight availability --window last-month
                """
        )
        @OptionGroup var options: InsightOptions
        var picture: InsightPicture { .bars("stockOutDays") }
    }

    struct Valuation: NamedInsightCommand {
        static let insight = NamedInsight.Name.valuation
        static let window = InsightWindow.all
        static let configuration = CommandConfiguration(
            commandName: "valuation",
            abstract: "The value of the stock, at cost and at retail.",
            discussion: """
                \(InsightsPage.formulas(.valuation))

                Stock in transit has separate rows, at the destination.

                Examples:
                  invctl insight valuation --by location
                """
        )
        @OptionGroup var options: InsightOptions
        @Option(
            help: "The dimension to group by: \(InsightsPage.dimensionNames).",
            completion: .list(InsightDimension.allCases.map { "\($0)" })
        ) var by: String?

        func complete(_ insight: inout NamedInsight) throws {
            if let by {
                insight.parameters.by = try Choice.parse(
                    by,
                    type: InsightDimension.self,
                    option: "--by"
                )
            }
        }
    }

    struct Low: NamedInsightCommand {
        static let insight = NamedInsight.Name.lowStock
        static let window = InsightWindow.last(30, .day)
        static let configuration = CommandConfiguration(
            commandName: "low",
            abstract:
                "Stock at or below its reorder point, with days of cover and suggested order.",
            discussion: """
                \(InsightsPage.formulas(.lowStock))

                Examples:
                  invctl insight low --watch
                """
        )
        @OptionGroup var options: InsightOptions
    }
}
