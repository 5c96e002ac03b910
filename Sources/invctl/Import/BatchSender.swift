import Inventory
import InventoryClient
import Synchronization

/// Sends numbered requests of one session, several at once, and goes on where an earlier run of the
/// same import was stopped.
///
/// Request n is sequence number n. What the server has decided already is not sent again.
final class BatchSender: Sendable {
    private let client: InventoryClient
    /// Requests up to this one were decided in an earlier run.
    let done: UInt64
    private let next: Mutex<UInt64>
    private static let inFlightMax = 8

    /// `done`: Where the session stands, as the server says.
    init(_ client: InventoryClient, done: UInt64) {
        self.client = client
        self.done = done
        self.next = Mutex(1)
    }

    /// Takes the next number.
    ///
    /// - Returns: Whether the request was decided in an earlier run, so that it is not to be sent.
    private func isDone() -> Bool {
        let number = self.next.withLock { next in
            defer { next += 1 }
            return next
        }
        return number <= self.done
    }

    /// Sends independent batches in order, some at once, and hands over each batch's outcomes as they
    /// come; `nil` for a batch that an earlier run had sent.
    func send(
        _ batches: [() -> [Command]],
        _ take: (Int, [Outcome]?) throws -> Void
    ) async throws {
        let (stream, continuation) = AsyncStream<(Int, Result<Outcome, ClientError>)>.makeStream()
        var iterator = stream.makeAsyncIterator()
        var inFlight = 0
        func takeOne() async throws {
            guard let (index, result) = await iterator.next() else { return }
            inFlight -= 1
            switch try result.get() {
            case .batch(let outcomes): try take(index, outcomes)
            case let outcome: try take(index, [outcome])
            }
        }
        for (index, batch) in batches.enumerated() {
            if self.isDone() {
                try take(index, nil)
                continue
            }
            while inFlight >= Self.inFlightMax { try await takeOne() }
            inFlight += 1
            self.client.send(.batch(batch(), .independent)) { continuation.yield((index, $0)) }
        }
        while inFlight > 0 { try await takeOne() }
        continuation.finish()
    }
}
