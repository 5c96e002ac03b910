import Foundation
import Testing

/// The scripts of the long campaigns record each run, also one that fails, with programs that pretend to build
/// and to test.
@Suite struct CampaignScriptTests {
    /// A copy of the scripts, and a directory of programs that precede those of the system.
    private struct Workspace: ~Copyable {
        let folder: URL

        /// Creates a workspace in which `swift` and `git` are shell scripts.
        init(swift: String) throws {
            let root = URL(filePath: #filePath).appending(path: "../../..").standardized
            self.folder = FileManager.default.temporaryDirectory
                .appending(path: "campaign-\(UUID().uuidString)")
            for path in ["Fuzzing/.build/debug", "Benchmarks/Trust", "bin"] {
                try FileManager.default.createDirectory(
                    at: self.folder.appending(path: path),
                    withIntermediateDirectories: true
                )
            }
            for script in ["Fuzzing/run.sh", "Benchmarks/Trust/campaign.sh"] {
                try FileManager.default.copyItem(
                    at: root.appending(path: script),
                    to: self.folder.appending(path: script)
                )
            }
            try Data().write(to: self.results)
            try self.add("bin/swift", swift)
            try self.add("bin/git", "[ \"$1\" != rev-parse ] || echo abc1234")
        }

        deinit { try? FileManager.default.removeItem(at: self.folder) }

        var results: URL { self.folder.appending(path: "Benchmarks/Trust/CAMPAIGNS.md") }

        /// Adds an executable shell script.
        func add(_ path: String, _ text: String) throws {
            let file = self.folder.appending(path: path)
            try Data("#!/bin/sh\n\(text)\n".utf8).write(to: file)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755],
                ofItemAtPath: file.path
            )
        }

        /// Runs a script and returns its exit code and the lines that it recorded.
        func run(_ script: String, _ arguments: String..., runs: Int) throws -> (Int32, [String]) {
            let process = Process()
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = [self.folder.appending(path: script).path] + arguments
            var environment = ProcessInfo.processInfo.environment
            let path = environment["PATH"] ?? "/usr/bin:/bin"
            environment["PATH"] = self.folder.appending(path: "bin").path + ":" + path
            environment["RUNS"] = String(runs)
            environment["FIRST"] = "7"
            environment["TARGETS"] = "frame hello"
            process.environment = environment
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            let lines = try String(contentsOf: self.results, encoding: .utf8)
            return (process.terminationStatus, lines.split(separator: "\n").map { String($0) })
        }
    }

    @Test func `each campaign of the Makefile names a test that exists`() throws {
        let root = URL(filePath: #filePath).appending(path: "../../..").standardized
        let makefile = try String(contentsOf: root.appending(path: "Makefile"), encoding: .utf8)
        let names = makefile.matches(of: /\$\(CAMPAIGN\) \S+ \d+ '?([^'\n]+)/).map { String($0.1) }
        #expect(names.count == 11)
        let tests = try FileManager.default
            .subpathsOfDirectory(atPath: root.appending(path: "Tests").path)
            .filter { $0.hasSuffix(".swift") }
            .map { try String(contentsOf: root.appending(path: "Tests/\($0)"), encoding: .utf8) }
            .joined()
        for name in names {
            let claim = try Regex("(struct |func `[^`\n]*)\(name)")
            #expect(tests.contains(claim), "\(name)")
        }
    }

    @Test func `a fuzzer that stops at an input records that it failed, and why`() throws {
        let workspace = try Workspace(swift: "true")
        try workspace.add(
            "Fuzzing/.build/debug/fuzz",
            "echo '==1== ERROR: libFuzzer: deadly signal'; exit 77"
        )
        let (code, lines) = try workspace.run("Fuzzing/run.sh", runs: 10)
        #expect(code == 1)
        #expect(lines.count == 1)
        let line = try #require(lines.first)
        #expect(line.contains("| fuzz | 7 to 7 | abc1234 | FAILED |"), "\(line)")
        #expect(line.contains("frame: ==1== ERROR: libFuzzer: deadly signal"), "\(line)")
    }

    @Test func `a fuzzer that ends early records that it failed`() throws {
        let workspace = try Workspace(swift: "true")
        try workspace.add("Fuzzing/.build/debug/fuzz", "echo 'out of memory'; exit 1")
        let (code, lines) = try workspace.run("Fuzzing/run.sh", runs: 10)
        #expect(code == 1)
        #expect(lines.map { $0.contains("FAILED") && $0.contains("out of memory") } == [true])
    }

    @Test func `a fuzzer that reads all inputs records that it passed`() throws {
        let workspace = try Workspace(swift: "true")
        try workspace.add(
            "Fuzzing/.build/debug/fuzz",
            "echo 'stat::number_of_executed_units: 10'"
        )
        let (code, lines) = try workspace.run("Fuzzing/run.sh", runs: 10)
        #expect(code == 0)
        #expect(lines.map { $0.contains("| passed |") && $0.contains("frame hello") } == [true])
    }

    @Test func `a campaign whose tests crash records that it failed`() throws {
        let workspace = try Workspace(swift: "[ \"$1\" != test ] || { echo Trace; exit 5; }")
        let script = "Benchmarks/Trust/campaign.sh"
        let (code, lines) = try workspace.run(script, "kills", "4", "SomeTests", runs: 4)
        #expect(code == 1)
        #expect(lines.map { $0.contains("| kills | 7 to 10 | abc1234 | FAILED |") } == [true])
    }

    @Test func `a campaign without a test records nothing and fails`() throws {
        let workspace = try Workspace(swift: "true")
        let script = "Benchmarks/Trust/campaign.sh"
        let (code, lines) = try workspace.run(script, "kills", "4", "SomeTests", runs: 4)
        #expect(code == 1 && lines.isEmpty)
    }
}
