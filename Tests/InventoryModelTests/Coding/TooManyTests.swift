import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

/// Commands that announce more than a request may have: refused by what is too many, though nobody
/// reads them.
@Suite struct TooManyTests {
    private static func refusal(_ bytes: [UInt8]) -> Refusal? {
        bytes.withUnsafeBytes { Command.refusalOfTooMany($0) }
    }

    private static func isReadable(_ bytes: [UInt8]) -> Bool {
        let command = try? read(bytes) { (reader) throws(ByteReaderError) in
            try Command(from: &reader)
        }
        return command != nil
    }

    /// `head`, a count, and `filling` so many times.
    private static func byHand(_ head: [UInt8], _ count: Int, _ filling: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(bytes: head)
        writer.writeVarint(UInt64(count))
        for _ in 0..<count { writer.write(bytes: filling) }
        return writer.array()
    }

    private static func tooMany(_ field: String, _ value: Int, _ limit: Int) -> Refusal {
        let detail = Refusal.Detail.range(
            field,
            value: Int64(value),
            lowest: 1,
            highest: Int64(limit)
        )
        return Refusal(.tooManyLines, detail)
    }

    /// A sale line: product 1, location 1, quantity 1, nothing more.
    private static let saleLine: [UInt8] = [1, 1, 2, 0]
    /// Each kind of command that has lines, up to their count, with a line of it.
    private static let lists: [([UInt8], [UInt8])] = [
        ([10], Self.saleLine),
        ([11], Self.saleLine),
        ([12], [1, 1, 2, 0, 0]),
        ([19], [1, 1, 2, 0]),
        ([20], [1, 0]),
        ([21], [1, 0]),
        ([22], [1, 0]),
        ([23, 1, 2], [1, 2, 0]),
        ([24], [1, 0]),
        ([25], [1, 0]),
    ]

    @Test func `one line more than can be read is refused as lines, of every command with lines`() {
        let most = Limits.batchLinesMax
        for (head, line) in Self.lists {
            let expected = Self.tooMany("lines", most + 1, Limits.linesMax)
            #expect(Self.refusal(Self.byHand(head, most + 1, line)) == expected, "\(head)")
            // What can be read is for the command itself to refuse.
            #expect(Self.refusal(Self.byHand(head, most, line)) == nil, "\(head)")
        }
    }

    @Test func `one command more than a batch may have is refused as commands`() {
        // The shortest command there is: the tag, an id and no revision.
        let archive: [UInt8] = [3, 1, 0]
        for mode in 1...5 as ClosedRange<UInt8> {
            let most = Self.byHand([30, mode], Limits.batchMax, archive)
            #expect(Self.isReadable(most) && Self.refusal(most) == nil)
            let more = Self.byHand([30, mode], Limits.batchMax + 1, archive)
            #expect(
                Self.refusal(more)
                    == Self.tooMany("commands", Limits.batchMax + 1, Limits.batchMax)
            )
        }
    }

    @Test func `too many lines are found behind the commands of a batch that can be read`() {
        let sale = Self.byHand([10], 1, Self.saleLine) + [0, 0, 0]
        let large = Self.byHand([10], Limits.batchLinesMax + 1, Self.saleLine)
        let expected = Self.tooMany("lines", Limits.batchLinesMax + 1, Limits.linesMax)
        #expect(Self.refusal([30, 1, 3] + sale + sale + large) == expected)
        #expect(Self.refusal([30, 1, 2] + sale + sale + [0]) == nil)
        // What is malformed ahead of it comes first.
        #expect(Self.refusal([30, 1, 3] + sale + [99, 0] + large) == nil)
    }

    @Test func `a count that the bytes cannot hold is malformed, whatever it announces`() {
        let most = Limits.batchLinesMax + 1
        for (head, _) in Self.lists {
            #expect(Self.refusal(Self.byHand(head, most, []) + [1, 1]) == nil, "\(head)")
        }
        var writer = ByteWriter()
        writer.write(bytes: [30, 1])
        writer.writeVarint(UInt64.max)
        #expect(Self.refusal(writer.array()) == nil)
        // Two bytes for each are the least, one byte fewer is too few.
        let byteCount = 2 * (Limits.batchMax + 1)
        let announced = Self.byHand([30, 1], Limits.batchMax + 1, [])
        #expect(Self.refusal(announced + [UInt8](repeating: 0, count: byteCount)) != nil)
        #expect(Self.refusal(announced + [UInt8](repeating: 0, count: byteCount - 1)) == nil)
    }

    @Test func `what is no command, or has no lines, is not refused for them`() {
        let none: [[UInt8]] = [
            [], [0], [99], [30], [30, 9, 200], [1, 200, 200], [3, 1, 0], [10],
        ]
        for bytes in none {
            #expect(Self.refusal(bytes) == nil, "\(bytes)")
        }
    }
}
