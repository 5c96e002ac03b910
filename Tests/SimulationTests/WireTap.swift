import Bytes
import InventoryModel
import InventoryWire
import NIOCore

/// Observes the server's bytes in a connection.
///
/// It may also replace messages in transit: an untrusted network.
final class WireTap {
    private let onMessage: (ServerMessage) -> [ServerMessage]?
    private var partial = ByteBuffer()
    private(set) var failures: [String] = []

    /// `onMessage` receives each message; it returns replacements, or `nil` to pass it on.
    init(onMessage: @escaping (ServerMessage) -> [ServerMessage]?) { self.onMessage = onMessage }

    /// Processes bytes from the server.
    ///
    /// - Returns: Whole frames for the client.
    func passing(_ part: ByteBuffer) -> ByteBuffer {
        self.partial.writeImmutableBuffer(part)
        var writer = ByteWriter()
        let consumed = self.partial.withUnsafeReadableBytes { bytes -> Int in
            var frames = FrameReader(bytes, limit: WireLimits.replyByteCountMax)
            var start = 0
            do throws(WireError) {
                while let frame = try frames.next() {
                    let whole = UnsafeRawBufferPointer(rebasing: bytes[start..<frames.consumed])
                    start = frames.consumed
                    // The answer to a hello is not a message.
                    let isHello = frame.opcode == Opcode.helloAccepted.rawValue
                    let instead = isHello ? nil : self.onMessage(try ServerMessage(frame))
                    guard let instead else {
                        writer.write(bytes: whole)
                        continue
                    }
                    for message in instead {
                        message.encodeFrame(requestID: frame.requestID, into: &writer)
                    }
                }
            } catch {
                self.failures.append("the server sent an invalid frame: \(error)")
                return bytes.count
            }
            return start
        }
        self.partial.moveReaderIndex(forwardBy: consumed)
        self.partial.discardReadBytes()
        var out = ByteBuffer()
        writer.withBytes { _ = out.writeBytes($0) }
        return out
    }
}

extension ServerMessage {
    /// The last step revealed by a message.
    var lsn: LSN {
        switch self {
        case .outcome(let outcome), .replayedOutcome(let outcome): outcome.lsn
        case .resultHeader(let header): header.lsn
        case .pong(let durable, _): durable
        case .subscribed(let subscribed): subscribed.lsn
        case .caughtUp(let lsn), .progress(let lsn, _), .digest(let lsn, _), .closed(_, let lsn):
            lsn
        case .entries(let entries): entries.last?.lsn ?? 0
        case .product(let product): product.lsn
        case .snapshotTaken(let taken): taken.lsn
        case .backupEnd(let taken): taken.last
        case .insightHeader(let header): header.lsn
        case .insightChanged(let changed): changed.lsn
        case .sessionOpened, .resultRows, .resultEnd, .refused, .snapshotRows, .reset, .goodbye,
            .backupPiece:
            0
        }
    }
}

extension Outcome {
    fileprivate var lsn: LSN {
        switch self {
        case .done(let done): done.lsn
        case .refused: 0
        case .batch(let outcomes): outcomes.map { $0.lsn }.max() ?? 0
        case .errorsOnly(let errorsOnly): errorsOnly.lsn
        }
    }
}
