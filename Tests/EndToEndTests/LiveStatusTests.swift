import Bytes
import InventoryClient
import InventoryModel
import Testing

@testable import invctl

/// The state of a live list's connection, in words.
@Suite struct LiveStatusTests {
    private static let second: Int64 = 1_000_000

    @Test func `a loss is shown until the connection is back, and the notice for a minute`() {
        var status = LiveStatus() { didSet { status.checkInvariants() } }
        #expect(status.words(now: 0).first == "connecting")
        status.take(.began(lsn: 4, hasSnapshot: false), now: 0)
        #expect(status.words(now: 0).prefix(2) == ["live", "LSN 4"])
        status.take(.disconnected(ClientError(.closed, "reset")), now: Self.second)
        // Further attempts that fail are the same loss.
        status.lose(ClientError(.unreachable, "refused"), now: 2 * Self.second)
        #expect(status.isLost)
        #expect(status.words(now: 5 * Self.second)[0].hasPrefix("OFFLINE for 4 s (reset)"))
        status.take(.began(lsn: 6, hasSnapshot: false), now: 6 * Self.second)
        #expect(status.reconnectCount == 1 && !status.isLost)
        #expect(status.words(now: 7 * Self.second)[1].hasPrefix("reconnected after 5 s"))
        #expect(status.words(now: 70 * Self.second)[1] == "LSN 6")
        #expect(status.takePending().count == 2)
        #expect(status.takePending().isEmpty)
    }

    @Test func `notices that nobody reads are bounded`() {
        var status = LiveStatus() { didSet { status.checkInvariants() } }
        for lsn in 1...100 as ClosedRange<UInt64> {
            status.take(.mismatched(lsn: LSN(lsn)), now: 0)
        }
        #expect(status.takePending().count == 16)
    }
}
