import Foundation
import InventoryClient
import InventoryTestSupport
import Testing

/// The examples of DOMAIN.md, each run on a database of its own.
@Suite struct DomainExampleTests {
    private static let document = Result { try DomainDocument() }
    private static var examples: [DomainDocument.Example] {
        (try? Self.document.get().examples) ?? []
    }

    @Test func `the page has examples`() throws {
        #expect(try Self.document.get().examples.count >= 25)
        for example in Self.examples { #expect(!example.steps.isEmpty, "\(example)") }
    }

    @Test(arguments: Self.examples)
    func `every example prints what the page says`(_ example: DomainDocument.Example) throws {
        let daemon = try Daemon()
        let folder = TemporaryDirectory()
        for step in example.steps {
            let printed = try Self.run(step.command, daemon, in: folder)
            #expect(
                printed == step.output,
                "DOMAIN.md, \(example.heading), line \(step.line): \(step.command)"
            )
        }
    }

    /// Runs a command in a shell, as a reader of the page would.
    ///
    /// - Returns: Its output and its messages, in the order in which it wrote them.
    private static func run(
        _ command: String,
        _ daemon: Daemon,
        in folder: TemporaryDirectory
    ) throws -> String {
        let path = folder.path + "/printed"
        let printed = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0o600)
        defer { close(printed) }
        let programs = Daemon.program("invctl").deletingLastPathComponent().path
        let inherited = ProcessInfo.processInfo.environment
        let shell = try ChildProcess(
            URL(fileURLWithPath: "/bin/bash"),
            ["-c", command],
            environment: [
                "PATH": "\(programs):\(inherited["PATH"] ?? "/usr/bin:/bin")",
                "INVCTL_SERVER": daemon.address.description,
                "INVCTL_ACTOR": "tester",
                "INVCTL_CONFIG": "/nonexistent",
                "LANG": "C.UTF-8",
            ],
            output: printed,
            errors: printed
        )
        shell.wait()
        return String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }
}
