import Foundation
import Testing

/// Mutated requests against the running daemon, as long as one likes: `make fuzz-daemon`.
///
///     INVD_FUZZ_SECONDS   how long; 2 in the suite
///     INVD_FUZZ_FIRST     the first seed: each is the life of a daemon, and the next run's first is said
///     INVD_FUZZ_RESULTS   a file that gets a line with what was done
@Suite struct DaemonFuzzTests {
    private static func setting(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    @Test func `whatever whole frames say, they are answered and a good client is served`()
        async throws
    {
        let seconds = Self.setting("INVD_FUZZ_SECONDS").flatMap { Int($0) } ?? 2
        let first = Self.setting("INVD_FUZZ_FIRST").flatMap { UInt64($0) } ?? 1
        let start = ContinuousClock.now
        let deadline = start + .seconds(seconds)
        var seed = first
        var counts = DaemonFuzz.Counts()
        while ContinuousClock.now < deadline || seed == first {
            var life = try await DaemonFuzz(seed: seed)
            try await life.run(until: deadline)
            counts += life.counts
            seed += 1
            if seed % 10 == 0 {
                print("fuzz-daemon: seed \(seed) next, \(counts.requests) requests")
            }
        }
        let taken = (ContinuousClock.now - start) / .seconds(1)
        let line =
            "seeds \(first) to \(seed - 1), \(Int(taken)) s: \(counts.requests) requests, "
            + "\(counts.accepted) accepted, \(counts.refused) refused, "
            + "\(counts.subscribed) subscriptions, \(counts.goodbyes) goodbyes, crashes 0"
        print("fuzz-daemon: \(line)")
        #expect(counts.requests > 100 && counts.accepted > 0 && counts.refused > 0)
        if let path = Self.setting("INVD_FUZZ_RESULTS") { try Self.append(line, to: path) }
    }

    private static func append(_ line: String, to path: String) throws {
        let day = ISO8601DateFormatter().string(from: Date())
        if !FileManager.default.fileExists(atPath: path) {
            try Data().write(to: URL(fileURLWithPath: path))
        }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        try file.seekToEnd()
        try file.write(contentsOf: Data("\(day) \(line)\n".utf8))
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
