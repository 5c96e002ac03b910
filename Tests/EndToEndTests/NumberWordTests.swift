import Foundation
import InventoryClient
import InventoryModel
import InventoryTransfer
import Testing

@testable import invctl

/// Numbers inside of words: digits only.
@Suite struct NumberWordTests {
    @Test(arguments: [
        "last--1-days", "last-+1-days", "last-1.5-days", "last-4294967296-days", "last-1-days-",
        "last--days", "previous--2-weeks", "-last-1-days", "last-1--days",
    ])
    func `a window without a whole number of units is refused, with the valid ones`(text: String) {
        do throws(Failure) {
            let window = try WindowText(TimeText.utc, now: .zero).parse(text)
            Issue.record("\(text) was parsed as \(window)")
        } catch {
            #expect(error.message.contains(text), "\(error.message)")
            #expect(error.message.contains("last-7-days"), "\(error.message)")
        }
    }

    @Test(arguments: ["last-1-days", "last-7-days", "previous-2-weeks", "last-100000-hours"])
    func `a window with a whole number of units is accepted`(text: String) throws {
        _ = try WindowText(TimeText.utc, now: .zero).parse(text)
    }

    @Test(arguments: [
        "2026--03-01", "+2026-03-01", "2026-+3-01", "2026-03-01 -1:30", "2026-03-01 +1:30",
        "2026-03-01 12::30", "2026-03-01 12:30:+5", "2026-03-01-", "-2026-03-01",
        "2026-03-01 12:30:",
        "2026-03-01T", "2026-03-01 12:-30",
    ])
    func `a time whose parts are not digits is refused`(text: String) {
        #expect(TimeText.parse(text, zone: TimeText.utc) == nil)
    }

    @Test func `numbers in other words are digits too`() throws {
        let daemon = try Daemon()
        let refused: [[String]] = [
            ["reserve", "new", "P-0", "--for", "+5m"], ["reserve", "release", "+1"],
            ["product", "list", "--as-of", "+1"], ["category", "list", "--timeout", "+5"],
            ["category", "list", "--timeout", "0x10"], ["category", "list", "--timeout", "1e1"],
            ["category", "list", "--timeout", "nan"],
            ["category", "list", "--server", "127.0.0.1:+7411"],
        ]
        for words in refused {
            let said = try daemon.invctl(words)
            #expect(said.code == 2, "\(words): \(said)")
        }
        let retention = try Daemon.run(
            "invd",
            ["--data-dir", "/nowhere", "--key-retention", "+5h"]
        )
        #expect(retention.code == 2, "\(retention)")
    }
}
