internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// A streamed answer: made on a query thread block by block, sent as fast as its reader reads.
///
/// `@unchecked Sendable`: the answer belongs to whoever makes its next block, one at a time; the flags belong
/// to the loop.
final class AnswerStream: @unchecked Sendable {
    /// The header of the answer, and its rows block by block.
    typealias Beginning = (
        header: ServerMessage, nextBlock: () throws(Refusal) -> ResultTable?
    )

    let requestID: UInt64
    let view: ReadView
    /// Its job on the query threads.
    let job: QueryJob
    private let begin: (ReadView) throws(Refusal) -> Beginning
    private var nextBlock: (() throws(Refusal) -> ResultTable?)?
    private var rowCount: UInt64 = 0
    /// Whether its last frame was made.
    private var isOver = false
    /// Whether its next block waits until the connection is writable (back-pressure).
    private(set) var isStalled = false

    /// Bytes of frames after which a block is sent.
    private static let blockByteCountMax = 1 << 17

    /// `begin` is called once, when the first block is made.
    init(
        of view: ReadView,
        requestID: UInt64,
        _ job: QueryJob,
        _ begin: @escaping (ReadView) throws(Refusal) -> Beginning
    ) {
        self.view = view.limited(by: job.token)
        self.requestID = requestID
        self.job = job
        self.begin = begin
    }

    convenience init(
        _ query: Query,
        of view: ReadView,
        at now: Instant,
        requestID: UInt64,
        job: QueryJob
    ) {
        self.init(of: view, requestID: requestID, job) { (view) throws(Refusal) in
            let answer = try view.answer(query, at: now)
            let (lsn, time) = try view.version(of: query)
            let header = ResultHeader(lsn: lsn, time: time, schema: answer.schema)
            return (
                .resultHeader(header), { () throws(Refusal) in try answer.nextBlock() }
            )
        }
    }

    /// Encodes the next frames of the answer: up to a block's size, or until its slice ends.
    ///
    /// - Returns: The frames, possibly none yet, and whether they are the last.
    func next() -> (bytes: [UInt8], isLast: Bool) {
        precondition(!self.isOver, "a block behind the last of answer \(self.requestID)")
        var writer = ByteWriter(capacity: 1 << 16)
        do throws(Refusal) {
            if self.nextBlock == nil {
                let beginning = try self.begin(self.view)
                self.nextBlock = beginning.nextBlock
                self.write(beginning.header, &writer)
            }
            while let block = try self.nextBlock?() {
                if block.rowCount > 0 { self.write(block, &writer) }
                if writer.count >= Self.blockByteCountMax || self.job.token.isPauseDue {
                    return (writer.array(), false)
                }
            }
            self.write(.resultEnd(rowCount: self.rowCount), &writer)
        } catch {
            self.write(.refused(error), &writer)
        }
        self.isOver = true
        return (writer.array(), true)
    }

    private func write(_ block: ResultTable, _ writer: inout ByteWriter) {
        self.rowCount += UInt64(block.rowCount)
        let frame = FrameWriter(.resultRows, requestID: self.requestID, into: &writer)
        block.encodeBlock(into: &writer)
        frame.finish(into: &writer)
    }

    private func write(_ message: ServerMessage, _ writer: inout ByteWriter) {
        message.encodeFrame(requestID: self.requestID, into: &writer)
    }

    func stall(_ isStalled: Bool) { self.isStalled = isStalled }

    /// Traps if it has rows without a beginning, or its reader is waited for behind its end.
    func checkInvariants() {
        precondition(self.rowCount == 0 || self.nextBlock != nil, "rows before the beginning")
        precondition(!self.isOver || !self.isStalled, "an answer that is over is stalled")
    }
}
