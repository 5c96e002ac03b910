import Foundation
import Testing

/// What refusals say to a person: the object, its limit with its unit, and what to do; and that spaces around what
/// was typed are none of a refusal's reasons.
@Suite struct RefusalWordsTests {
    private static func shop() throws -> Daemon {
        let daemon = try Daemon()
        let file = Data("sku,name,category,price,stock,cost\nP,Pen,Office,2.00,5,1.00\n".utf8)
        let done = try daemon.invctl(["import", "-"], input: file)
        try #require(done.code == 0, "\(done.errors)")
        return daemon
    }

    @Test func `stock cannot be adjusted below zero, and an amount has a largest value`() throws {
        let daemon = try Self.shop()
        let below = try daemon.invctl("stock", "adjust", "P=-6", "--reason", "lost")
        #expect(below.code == 1)
        #expect(
            below.errors.contains("P: delta is -6 pcs; it must be at least -5 pcs"),
            "\(below.errors)"
        )
        let large = try daemon.invctl("sell", "P=2@90071992547409.91")
        #expect(large.code != 0)
        #expect(large.errors.contains("is beyond 90071992547409.91 USD"), "\(large.errors)")
        #expect(!large.errors.contains("minor units"))
    }

    @Test func `the default location stays, and the message says what can be changed`() throws {
        let daemon = try Self.shop()
        let refused = try daemon.invctl("location", "archive", "main", "--yes")
        #expect(refused.code == 4, "\(refused.errors)")
        #expect(refused.errors.contains("main is the default location and stays"))
        #expect(refused.errors.contains("invctl location set"), "\(refused.errors)")
        let other = try daemon.invctl("location", "add", "depot")
        #expect(other.code == 0)
        #expect(
            try daemon.invctl("stock", "adjust", "P=1", "--at", "depot", "--reason", "found").code
                == 0
        )
        let used = try daemon.invctl("location", "archive", "depot", "--yes")
        #expect(used.errors.contains("depot is still in use"), "\(used.errors)")
    }

    @Test func `a product with a history is archived, and its sale names it when it is reversed`()
        throws
    {
        let daemon = try Self.shop()
        #expect(try daemon.invctl("sell", "P=5").code == 0)
        let row = ["ledger", "list", "--kind", "sale", "-o", "csv", "--fields", "lsn"]
        let lsn = try #require(try daemon.invctl(row).lines.last)
        let archived = try daemon.invctl("product", "delete", "P", "--yes")
        #expect(archived.output.hasPrefix("archived P "), "\(archived.output)")
        let refused = try daemon.invctl("ledger", "reverse", lsn)
        #expect(refused.errors.contains("archived  P is archived"), "\(refused.errors)")
    }

    @Test func `an unknown option of lines is named, not taken for a line`() throws {
        for command in ["adjust P=1 --reason found", "hold P=1", "floor P=1", "restock P=1"] {
            let words = ["stock"] + command.split(separator: " ").map { String($0) }
            let wrong = try Daemon.run("invctl", words + ["--limit", "0"], server: "127.0.0.1:1")
            #expect(wrong.code == 2)
            #expect(wrong.errors.contains("Unknown option '--limit'"), "\(wrong.errors)")
        }
    }

    @Test func `a list finds a reference that is typed with spaces around it`() throws {
        let daemon = try Self.shop()
        #expect(try daemon.invctl("sell", "P=1", "--ref", " R 1 ").code == 0)
        let words = ["ledger", "list", "-o", "csv", "--fields", "reference", "--ref"]
        for reference in ["R 1", " R 1 "] {
            #expect(try daemon.invctl(words + [reference]).lines == ["reference", "R 1"])
        }
    }
}
