internal import Bytes
internal import Glibc

/// The latest strings of an entry's changes, so that a text shared by many is encoded once.
///
///     sale of 2,048 lines   moved "POS-7" "call first" · moved ↑ ↑ · moved ↑ ↑ · …
///
/// A step usually has one reference and one note, and up to 32,768 changes. Each kind of change has its own
/// strings, because a subscriber gets all changes of a kind or none, or a selection that is encoded again. The
/// writer and the reader of an entry carry this value from change to change.
public struct EntryStrings: Sendable {
    /// The reference of the latest movement.
    var reference = ""
    /// The note of the latest movement.
    var note = ""
    /// The reference of the latest reservation.
    var reservationReference = ""
    /// The reference of the latest transfer.
    var transferReference = ""
    /// The reference of the latest unmet demand.
    var demandReference = ""
    /// Whether a change is read without the earlier ones, by a reader that ignores its strings.
    private let isSkipped: Bool

    /// The empty strings at the start of an entry, or of a change that is not part of one.
    public init() { self.isSkipped = false }

    private init(isSkipped: Bool) { self.isSkipped = isSkipped }

    /// For a change in the middle of an entry: a shared text reads as empty.
    package static let skipped = EntryStrings(isSkipped: true)

    // MARK: - Writing

    /// Returns whether a non-empty text equals the latest, byte for byte; otherwise it becomes the latest.
    static func shares(_ text: String, _ last: inout String) -> Bool {
        if Self.areSame(text.utf8, last.utf8) { return true }
        last = text
        return false
    }

    /// Compares strings by their bytes: canonically equivalent strings may differ in them.
    private static func areSame(_ a: String.UTF8View, _ b: String.UTF8View) -> Bool {
        guard a.count == b.count else { return false }
        let areSame = a.withContiguousStorageIfAvailable { a in
            b.withContiguousStorageIfAvailable { b in
                guard let first = a.baseAddress, let second = b.baseAddress else { return true }
                return memcmp(first, second, a.count) == 0
            }
        }
        return areSame.flatMap { $0 } ?? a.elementsEqual(b)
    }

    /// The byte count that represents the latest text: no text is that long.
    private static let sharedCode = ByteReader.textByteCountMax + 1

    /// Writes the text of a change other than a movement, or ``sharedCode`` for the latest.
    static func write(_ text: String, _ last: inout String, into writer: inout ByteWriter) {
        if !text.isEmpty, Self.shares(text, &last) {
            writer.writeVarint(UInt64(Self.sharedCode))
        } else {
            writer.writeText(text)
        }
    }

    // MARK: - Reading

    /// Returns the text that a change shares with an earlier one; throws if there is none.
    func shared(_ last: String, _ reader: borrowing ByteReader) throws(ByteReaderError) -> String {
        guard !last.isEmpty || self.isSkipped else {
            throw .unknownCode(
                offset: reader.offset,
                code: UInt64(Self.sharedCode),
                what: "text of an earlier change"
            )
        }
        return last
    }

    /// Reads what ``write(_:_:into:)`` wrote.
    mutating func read(
        _ last: WritableKeyPath<Self, String>,
        from reader: inout ByteReader
    ) throws(ByteReaderError) -> String {
        let count = try reader.readCount(limit: Self.sharedCode)
        if count == 0 { return "" }
        if count == Self.sharedCode { return try self.shared(self[keyPath: last], reader) }
        let offset = reader.offset
        let bytes = try reader.readBytes(count)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalidText(offset: offset)
        }
        // Version 0.1.0 wrote every text in full.
        self[keyPath: last] = text
        return text
    }
}
