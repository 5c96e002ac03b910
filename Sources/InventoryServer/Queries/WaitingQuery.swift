internal import InventoryWire

/// A query or an insight whose answer has not begun.
struct WaitingQuery {
    let requestID: UInt64
    /// Bytes that it holds until it is fully answered.
    let heldByteCount: Int
    /// Takes a view of the current state to answer from.
    let begin: () -> AnswerStream
}

/// An answer that has begun, and the bytes that its query holds.
struct OpenAnswer {
    let stream: AnswerStream
    let heldByteCount: Int
}
