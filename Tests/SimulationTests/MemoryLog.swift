import Bytes
import Durability
import Synchronization

@testable import InventoryServer

/// A log without files: it shows that the server needs no more of a log than ``LogStore`` says.
///
/// Its errors are those that the test requests.
final class MemoryLog: LogStore {
    struct State: Sendable {
        var blocks: [FeedBlock] = []
        /// Blocks before this LSN were removed.
        var first: LSN = .first
        /// The error of every later block.
        var failure: DurabilityError?
        var isSealed = false
        var isClosed = false
        /// Cursors made, and blocks read with them.
        var cursorCount = 0
        var readCount = 0
    }

    private let state = Mutex(State())

    /// What it holds now.
    var content: State { self.state.withLock { $0 } }
    /// The last LSN that it made durable.
    var last: LSN { self.content.blocks.last?.last ?? .zero }

    func fail(_ error: DurabilityError?) { self.state.withLock { $0.failure = error } }

    /// Removes the blocks before `lsn`, which begins one.
    func forget(before lsn: LSN) {
        self.state.withLock { state in
            state.blocks.removeAll { $0.first < lsn }
            state.first = lsn
        }
    }

    func append(
        body: UnsafeRawBufferPointer,
        first: LSN,
        count: Int,
        acknowledged: LSN,
        time: Int64
    ) throws(DurabilityError) {
        let block = FeedBlock(first: first, count: count, bytes: [UInt8](body))
        let failure: DurabilityError? = self.state.withLock { state in
            precondition(!state.isClosed, "a block for a closed log")
            if let failure = state.failure { return failure }
            let last = state.blocks.last?.last ?? state.first.previous
            precondition(first == last.next, "a block at LSN \(first) behind LSN \(last)")
            precondition(acknowledged <= last, "LSN \(acknowledged) is not durable")
            state.isSealed = false
            state.blocks.append(block)
            return nil
        }
        if let failure { throw failure }
    }

    func seal(acknowledged: LSN, time: Int64) throws(DurabilityError) {
        self.state.withLock { $0.isSealed = true }
    }

    func close(acknowledged: LSN, time: Int64) throws(DurabilityError) {
        self.state.withLock { $0.isClosed = true }
    }

    func space(for byteCount: Int) -> LogSpace { .certain }
    var wantsNext: Bool { false }
    func prepareNext() throws(DurabilityError) {}

    var firstRetainedLSN: LSN { self.content.first }
    var byteCount: UInt64 { self.content.blocks.reduce(0) { $0 + UInt64($1.bytes.count) } }
    func retire(through lsn: LSN, now: Int64) throws(DurabilityError) -> Int { 0 }

    func cursor(after lsn: LSN) -> any LogStoreCursor {
        self.state.withLock { $0.cursorCount += 1 }
        return Cursor(log: self, next: lsn.next)
    }

    /// No blocks in files, and so nothing beyond their entries.
    var sizes: LogSizes {
        LogSizes(
            fileByteCount: 1 << 20,
            fileOverheadByteCount: 0,
            blockOverheadByteCount: 1,
            sealByteCount: 0
        )
    }

    func checkInvariants() {
        let content = self.content
        var next = content.first
        for block in content.blocks {
            precondition(block.first == next, "a block at LSN \(block.first), not \(next)")
            next = block.last.next
        }
    }

    private struct Cursor: LogStoreCursor {
        let log: MemoryLog
        private(set) var next: LSN

        init(log: MemoryLog, next: LSN) {
            self.log = log
            self.next = next
        }

        mutating func nextBlock(through durable: LSN) throws(DurabilityError) -> FeedBlock? {
            let next = self.next
            guard next <= durable else { return nil }
            let (first, block) = self.log.state.withLock { state in
                state.readCount += 1
                return (state.first, state.blocks.first { $0.last >= next })
            }
            if first > next { throw .retired(requested: next, firstRetained: first) }
            guard let block, block.first <= durable else { return nil }
            self.next = block.last.next
            return block
        }
    }
}
