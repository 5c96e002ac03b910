import Bytes
import InventoryWire

/// One number in the body of a request: where it begins, and how it is encoded.
struct NumericField: Hashable, Sendable {
    enum Encoding: Hashable, Sendable {
        case fixed(byteCount: Int)
        case varint
    }

    var range: Range<Int>
    var encoding: Encoding

    /// The encodings of ``BoundaryValues`` that the number can be replaced by.
    var replacements: [[UInt8]] {
        switch self.encoding {
        case .fixed(let byteCount): BoundaryValues.fixed(byteCount: byteCount)
        case .varint: BoundaryValues.varints
        }
    }

    func replaced(by bytes: [UInt8], in body: [UInt8]) -> [UInt8] {
        Array(body[..<self.range.lowerBound]) + bytes + Array(body[self.range.upperBound...])
    }
}

/// The numbers of a request, found by its own decoder.
///
/// A body that is cut short is refused with the place and the width of the read that found too few
/// bytes. So, cut short everywhere, it says where each of its fields begins, whatever message it is
/// and whatever fields that gets one day:
///
///     body      03 | e7 07 | 05 'L' 'A' …       cut after 1: a read of 1 byte at 1 is short
///               u8   varint  text               cut after 4: a read of 5 bytes at 4 is short
///
/// A byte that is read alone may be a number of one byte or the beginning of a varint, which cannot be
/// told apart from outside: it counts as both. A text is no number, but its length is.
struct NumericFields {
    private(set) var all: [NumericField] = []
    /// Bytes that no read was seen to want: none, or the fields are not all found.
    private(set) var unseenByteCount = 0

    init(of body: [UInt8], _ opcode: Opcode) {
        var reads: [Int: Int] = [:]
        for count in body.indices {
            let read = Self.firstShortRead(Array(body.prefix(count)), opcode)
            guard let read else { continue }
            reads[read.offset] = max(reads[read.offset] ?? 0, read.byteCount)
        }
        var seen = Set<Int>()
        var varintEnd = 0
        for (offset, byteCount) in reads.sorted(by: { $0.key < $1.key }) {
            let range = offset..<min(offset + byteCount, body.count)
            seen.formUnion(range)
            if byteCount == 1 {
                // The bytes of a longer varint are read one by one.
                let isWithinVarint = offset < varintEnd
                if !isWithinVarint { varintEnd = Self.varintEnd(body, from: offset) }
                self.all.append(NumericField(range: range, encoding: .fixed(byteCount: 1)))
                if !isWithinVarint {
                    self.all.append(
                        NumericField(range: offset..<varintEnd, encoding: .varint)
                    )
                }
            } else if [2, 4, 8].contains(byteCount), range.count == byteCount {
                self.all.append(NumericField(range: range, encoding: .fixed(byteCount: byteCount)))
            }
        }
        self.unseenByteCount = body.count - seen.count
    }

    private static func varintEnd(_ body: [UInt8], from offset: Int) -> Int {
        (body[offset...].firstIndex { $0 < 0x80 } ?? offset) + 1
    }

    /// Which read of the decoder finds too few bytes; `nil` if it finds something else wrong.
    private static func firstShortRead(
        _ body: [UInt8],
        _ opcode: Opcode
    ) -> (offset: Int, byteCount: Int)? {
        body.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            do {
                if opcode == .hello {
                    _ = try Hello(from: &reader)
                } else {
                    _ = try Request(opcode, from: &reader)
                }
                // The fields from here on may be left out: there is one all the same.
                return (body.count, 1)
            } catch let error as WireError {
                guard case .malformedBody(_, .truncated(let offset, let needed, _)) = error
                else { return nil }
                return (offset, needed)
            } catch let error as ByteReaderError {
                guard case .truncated(let offset, let needed, _) = error else { return nil }
                return (offset, needed)
            } catch {
                return nil
            }
        }
    }
}
