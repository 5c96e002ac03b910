internal import Foundation

/// The runs of a test that a long campaign requests, by their seeds.
///
/// `make long-…` sets both numbers; in the suite they are absent, and the test runs a few default seeds. The
/// test defines a run: the life of a server, a ledger with queries.
package enum Campaign {
    /// The number of requested runs; `nil` in the suite.
    package static let runs: UInt64? = Self.number("CAMPAIGN_RUNS")
    /// The first run.
    package static let first: UInt64 = Self.number("CAMPAIGN_FIRST") ?? 1

    /// Returns the seeds of the campaign, or those of the suite.
    package static func seeds(suite: ClosedRange<UInt64>) -> ClosedRange<UInt64> {
        guard let runs, runs > 0 else { return suite }
        return self.first...(self.first + runs - 1)
    }

    /// Prints a one-line summary for the results file.
    package static func report(_ summary: String) { print("campaign: \(summary)") }

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }
}
