internal import InventoryWire

/// A query or an insight that has not begun to be answered: what it asks, and what that holds.
struct OpenQuestion {
    let requestID: UInt64
    /// Bytes that it takes until it is answered to the end.
    let heldByteCount: Int
    /// Takes a view of the state as it is then, to answer from.
    let begin: () -> AnswerStream
}

/// An answer that has begun, and the bytes that its question holds.
struct OpenAnswer {
    let stream: AnswerStream
    let heldByteCount: Int
}
