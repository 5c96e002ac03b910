import Foundation
import InventoryTestSupport
import Testing

/// Mutated requests against the running daemon.
///
/// A run is one daemon for a second or two; `make long-fuzz-daemon` has any number of runs.
@Suite struct DaemonFuzzTests {
    private static func setting(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Seconds of a run in the suite; in a campaign each runs all rounds.
    private static let secondsOfSuite = 2

    @Test func `whole frames with any content are answered, and a good client is served`()
        async throws
    {
        let seeds = Campaign.seeds(suite: 1...1)
        let seconds = Campaign.runs == nil ? Self.secondsOfSuite : 86_400
        let start = ContinuousClock.now
        var counts = DaemonFuzz.Counts()
        for seed in seeds {
            var life = try await DaemonFuzz(seed: seed)
            try await life.run(until: start + .seconds(seconds))
            counts += life.counts
        }
        Campaign.report(
            "\(counts.requests) requests, \(counts.accepted) accepted, \(counts.refused) refused, "
                + "\(counts.subscribed) subscriptions, \(counts.goodbyes) goodbyes, crashes 0"
        )
        #expect(counts.requests > 100 && counts.accepted > 0 && counts.refused > 0)
    }

    @Test func `the fuzzers' dictionary has every boundary value`() throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appending(path: "Fuzzing/boundaries.dict")
        let lines = BoundaryValues.dictionary.map { value in
            "\"" + value.map { "\\x" + Self.hex($0) }.joined() + "\""
        }
        if Self.setting("INVD_WRITE_DICTIONARY") != nil {
            let head =
                "# Written by DaemonFuzzTests with INVD_WRITE_DICTIONARY=1, from BoundaryValues.\n"
            try Data((head + lines.joined(separator: "\n") + "\n").utf8).write(to: path)
        }
        let written = try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
        #expect(written.filter { !$0.hasPrefix("#") }.map { String($0) } == lines)
    }

    private static func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16, uppercase: true)
        return text.count < 2 ? "0" + text : text
    }
}
