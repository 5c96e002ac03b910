import Bytes
import InventoryWire

/// One number in the body of a request: its offset and its encoding.
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
/// A truncated body is refused with the offset and the width of the read that failed. Truncated at every
/// byte, it reveals where each of its fields begins, for any message and any future fields:
///
///     body      03 | e7 07 | 05 'L' 'A' …       cut after 1: a read of 1 byte at 1 is short
///               u8   varint  text               cut after 4: a read of 5 bytes at 4 is short
///
/// A single-byte read may be a one-byte number or the beginning of a varint, which are indistinguishable
/// from outside, so it counts as both. A string is not a number, but its length is.
struct NumericFields {
    private(set) var all: [NumericField] = []
    /// Bytes that no read covered; if there are any, some fields were not found.
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
                // A longer varint is read byte by byte.
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

    /// Returns the first read of the decoder that finds too few bytes; `nil` for any other error.
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
                // The fields from here on are optional; there still is one.
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
