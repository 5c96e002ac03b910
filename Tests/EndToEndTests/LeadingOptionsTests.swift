import InventoryTransfer
import TerminalKit
import Testing

@testable import invctl

/// Global options before the command.
@Suite struct LeadingOptionsTests {
    private static func moved(_ line: String) throws -> String {
        let words = CommandWords(line).strings
        return try LeadingOptions.moved(words, in: Invctl.self).joined(separator: " ")
    }

    @Test func `options before the command, or between its words, are those of the command`() throws
    {
        let cases = [
            ("--server X ping", "ping --server X"),
            ("-o json --server=X ping", "ping -o json --server=X"),
            (
                "-ojson -q product --zone UTC list --limit 5",
                "product list -ojson -q --zone UTC --limit 5"
            ),
            ("--timing stock transfer -q list", "stock transfer list --timing -q"),
            // The one behind the command comes last and takes precedence.
            ("--server X ping --server Y", "ping --server X --server Y"),
            ("ping --server X", "ping --server X"), ("--server X", ""),
            ("--server X --help", "--help"),
            ("--server X frobnicate", "frobnicate"), ("-q help errors", "help errors"),
            ("--server", "--server"), ("--limit 5 product list", "--limit 5 product list"),
            ("sell -- --server", "sell -- --server"), ("-o json -- ping", "-- ping"),
        ]
        for (line, moved) in cases { #expect(try Self.moved(line) == moved, "\(line)") }
    }

    @Test func `context set has options of its own, so none precede it`() {
        #expect(throws: Failure.self) { try Self.moved("--server X context set shop") }
    }

    @Test func `every option of ping may precede the command`() throws {
        let tree = try #require(CommandTree.whole())
        let arguments = try #require(tree["ping"]?.arguments)
        let names = arguments.filter { $0.shouldDisplay }.flatMap { argument in
            (argument.names ?? []).map { (kind: argument.kind, text: $0.text) }
        }.filter { !["--help", "-h", "--version"].contains($0.text) }
        #expect(Set(names.filter { $0.kind == .option }.map { $0.text }) == GlobalOptions.valued)
        #expect(Set(names.filter { $0.kind == .flag }.map { $0.text }) == GlobalOptions.flags)
    }
}
