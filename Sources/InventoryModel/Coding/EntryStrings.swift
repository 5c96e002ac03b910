internal import Bytes
internal import Glibc

/// The texts that the changes of an entry have last had, so that what many of them share is there once.
///
///     sale of 2,048 lines   moved "POS-7" "call first" · moved ↑ ↑ · moved ↑ ↑ · …
///
/// A step has one reference and one note as a rule, and up to 32,768 changes. Each kind of change counts for
/// itself: a subscriber gets all changes of a kind or none, or a selection that is encoded anew. A plain
/// value that the writer and the reader of an entry go on with from change to change.
public struct EntryStrings: Sendable {
    /// Of the movements.
    var reference = ""
    var note = ""
    var reservationReference = ""
    var transferReference = ""
    var demandReference = ""
    /// Whether a change is read without those before it, by who doesn't look at its texts.
    private let isPassedOver: Bool

    /// Those at the beginning of an entry, or of a change that stands by itself.
    public init() { self.isPassedOver = false }

    private init(isPassedOver: Bool) { self.isPassedOver = isPassedOver }

    /// For a change out of the middle of an entry: a text that it shares reads as empty.
    package static let passedOver = EntryStrings(isPassedOver: true)

    // MARK: - Writing

    /// Whether a text that is not empty is the last one, byte for byte; if not, it is from now on.
    static func shares(_ text: String, _ last: inout String) -> Bool {
        if Self.areSame(text.utf8, last.utf8) { return true }
        last = text
        return false
    }

    /// Two texts that look alike may be different bytes, and those are what a text is here.
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

    /// What stands in place of a text's byte count where it is the last one: no text has so many bytes.
    private static let sharedCode = ByteReader.textByteCountMax + 1

    /// Writes the text of a change that is no movement, or ``sharedCode`` for the last one.
    static func write(_ text: String, _ last: inout String, into writer: inout ByteWriter) {
        if !text.isEmpty, Self.shares(text, &last) {
            writer.writeVarint(UInt64(Self.sharedCode))
        } else {
            writer.writeText(text)
        }
    }

    // MARK: - Reading

    /// The text that a change shares with one before it, of which there must have been one.
    func shared(_ last: String, _ reader: borrowing ByteReader) throws(ByteReaderError) -> String {
        guard !last.isEmpty || self.isPassedOver else {
            throw .unknownCode(
                offset: reader.offset,
                code: UInt64(Self.sharedCode),
                what: "text of the change before"
            )
        }
        return last
    }

    /// Reads what ``write(_:_:into:)`` has written.
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
        // Version 0.1.0 wrote each one out.
        self[keyPath: last] = text
        return text
    }
}
