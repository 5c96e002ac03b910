import Bytes
import Durability
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryServer

/// The readers of the log for subscribers that are behind.
@Suite struct LogReadersTests {
    private let log: any LogStore

    init() throws {
        let opened = try OpenedDatabase.open(
            MemoryStorage(),
            LogConfiguration(fileByteCount: 1 << 20),
            newID: DatabaseID(1, 2),
            now: .zero
        )
        self.log = opened.log
    }

    @Test func `a position is read once at a time, and by no more readers than the limit`() {
        var readers = LogReaders(countMax: 2)
        for (lsn, isBegun) in [(1, true), (1, false), (5, true), (9, false)] as [(LSN, Bool)] {
            let cursor = readers.begin(after: lsn, in: self.log)
            readers.checkInvariants()
            #expect((cursor != nil) == isBegun, "LSN \(lsn)")
        }
        readers.ended(after: 1)
        readers.checkInvariants()
        let next = readers.begin(after: 9, in: self.log)
        #expect(next?.next == 10)
    }

    @Test func `cursors that wait are bounded`() {
        var readers = LogReaders(countMax: 2)
        for lsn in 1...50 as ClosedRange<UInt64> {
            let cursor = readers.begin(after: LSN(lsn), in: self.log)
            readers.ended(after: LSN(lsn))
            if let cursor { readers.keep(cursor) }
            readers.checkInvariants()
        }
        readers.closeWaiting()
        readers.checkInvariants()
    }
}
