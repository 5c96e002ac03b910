internal import ColumnStore
internal import Glibc

/// The texts that the changes of an entry have last had, so that what many of them share is there once.
///
///     sale of 2,048 lines   moved "POS-7" "call first" · moved ↑ ↑ · moved ↑ ↑ · …
///
/// A step has one reference and one note as a rule, and up to 32,768 changes. Each kind of change counts for
/// itself: a subscriber gets all changes of a kind or none, or a selection that is encoded anew. A plain
/// value that the writer and the reader of an entry go on with from change to change.
public struct EntryTexts: Sendable {
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
    static let passedOver = EntryTexts(isPassedOver: true)

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

    /// Writes the text of a change that is no movement: 0 for none, 1 for the last one, else its bytes
    /// behind their count plus 1.
    static func write(_ text: String, _ last: inout String, into writer: inout ByteWriter) {
        if text.isEmpty {
            writer.writeVarint(0 as UInt64)
        } else if Self.shares(text, &last) {
            writer.writeVarint(1 as UInt64)
        } else {
            var text = text
            text.withUTF8 { bytes in
                writer.writeVarint(UInt64(bytes.count) + 1)
                writer.write(bytes: UnsafeRawBufferPointer(bytes))
            }
        }
    }

    // MARK: - Reading

    /// The text that a change shares with one before it, of which there must have been one.
    func shared(_ last: String, _ reader: borrowing ByteReader) throws(ByteReaderError) -> String {
        guard !last.isEmpty || self.isPassedOver else {
            throw .unknownCode(offset: reader.offset, code: 1, what: "text of the change before")
        }
        return last
    }

    /// Takes a text that was read as the last one from now on; it must not be that already, since then it
    /// would have been shared.
    static func take(
        _ text: String,
        _ last: inout String,
        _ reader: borrowing ByteReader
    ) throws(ByteReaderError) {
        guard !Self.shares(text, &last) else {
            throw .unknownCode(offset: reader.offset, code: 0, what: "text that is shared")
        }
    }

    /// Reads what ``write(_:_:into:)`` has written.
    mutating func read(
        _ last: WritableKeyPath<Self, String>,
        from reader: inout ByteReader
    ) throws(ByteReaderError) -> String {
        let code = try reader.readCount(limit: ByteReader.textByteCountMax + 1)
        switch code {
        case 0: return ""
        case 1: return try self.shared(self[keyPath: last], reader)
        default:
            let offset = reader.offset
            let bytes = try reader.readBytes(code - 1)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .invalidText(offset: offset)
            }
            try Self.take(text, &self[keyPath: last], reader)
            return text
        }
    }
}
