internal import Foundation

/// What a long campaign asks of a test: which runs of it, by their seeds.
///
/// `make long-…` sets both numbers; in the suite they are absent, and the test makes the few runs that it
/// has for every day. A run is what its test says: the life of a server, a ledger with its questions.
public enum Campaign {
    /// How many runs were asked for; nil in the suite.
    public static let runs: UInt64? = Self.number("CAMPAIGN_RUNS")
    /// The first of them.
    public static let first: UInt64 = Self.number("CAMPAIGN_FIRST") ?? 1

    /// The seeds of the campaign, or those of the suite.
    public static func seeds(suite: ClosedRange<UInt64>) -> ClosedRange<UInt64> {
        guard let runs, runs > 0 else { return suite }
        return self.first...(self.first + runs - 1)
    }

    /// Says in a line what was done, for the results file.
    public static func report(_ summary: String) { print("campaign: \(summary)") }

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }
}
