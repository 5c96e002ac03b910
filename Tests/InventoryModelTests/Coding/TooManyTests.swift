import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

/// Commands that announce too many lines or commands are refused for that, without being decoded.
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

    /// Returns `head`, a count, and `count` copies of `filling`.
    private static func encoded(_ head: [UInt8], _ count: Int, _ filling: [UInt8]) -> [UInt8] {
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

    /// A sale line: product 1, location 1, quantity 1, no optional field.
    private static let saleLine: [UInt8] = [1, 1, 2, 0]
    /// The bytes of each command with lines up to their count, and a line of it.
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
        ([26], [1, 2, 0, 0]),
    ]

    @Test func `every command whose description has lines counts them`() throws {
        var random = SplitMix64(seed: 5)
        var tags: [UInt8] = []
        for tag in CommandTag.described where tag.fields.contains(where: Self.isLines) {
            tags.append(tag.rawValue)
            let counts = (0..<50).map { _ in random.command(tag).lineCount }
            #expect(Set(counts).count > 1, "\(tag)")
        }
        #expect(Set(Self.lists.map { $0.0[0] }) == Set(tags))
    }

    private static func isLines(_ field: FieldDescription) -> Bool {
        if case .lines = field.kind { true } else { false }
    }

    @Test
    func `one line too many to decode is refused by field lines, in every command with lines`() {
        let most = Limits.batchLinesMax
        for (head, line) in Self.lists {
            let expected = Self.tooMany("lines", most + 1, Limits.linesMax)
            #expect(Self.refusal(Self.encoded(head, most + 1, line)) == expected, "\(head)")
            // A command that can be decoded is refused when it is executed.
            #expect(Self.refusal(Self.encoded(head, most, line)) == nil, "\(head)")
        }
    }

    @Test func `one command too many in a batch is refused by field commands`() {
        // The shortest command: the tag, an id and no revision.
        let archive: [UInt8] = [3, 1, 0]
        for mode in 1...5 as ClosedRange<UInt8> {
            let most = Self.encoded([30, mode], Limits.batchMax, archive)
            #expect(Self.isReadable(most) && Self.refusal(most) == nil)
            let more = Self.encoded([30, mode], Limits.batchMax + 1, archive)
            #expect(
                Self.refusal(more)
                    == Self.tooMany("commands", Limits.batchMax + 1, Limits.batchMax)
            )
        }
    }

    @Test func `too many lines are found after valid commands of a batch`() {
        let sale = Self.encoded([10], 1, Self.saleLine) + [0, 0, 0]
        let large = Self.encoded([10], Limits.batchLinesMax + 1, Self.saleLine)
        let expected = Self.tooMany("lines", Limits.batchLinesMax + 1, Limits.linesMax)
        #expect(Self.refusal([30, 1, 3] + sale + sale + large) == expected)
        #expect(Self.refusal([30, 1, 2] + sale + sale + [0]) == nil)
        // A malformed command before it takes precedence.
        #expect(Self.refusal([30, 1, 3] + sale + [99, 0] + large) == nil)
    }

    @Test func `a count larger than the bytes allow is malformed`() {
        let most = Limits.batchLinesMax + 1
        for (head, _) in Self.lists {
            #expect(Self.refusal(Self.encoded(head, most, []) + [1, 1]) == nil, "\(head)")
        }
        var writer = ByteWriter()
        writer.write(bytes: [30, 1])
        writer.writeVarint(UInt64.max)
        #expect(Self.refusal(writer.array()) == nil)
        // Each needs at least two bytes; one byte fewer is too few.
        let byteCount = 2 * (Limits.batchMax + 1)
        let announced = Self.encoded([30, 1], Limits.batchMax + 1, [])
        #expect(Self.refusal(announced + [UInt8](repeating: 0, count: byteCount)) != nil)
        #expect(Self.refusal(announced + [UInt8](repeating: 0, count: byteCount - 1)) == nil)
    }

    @Test func `bytes that are not a command with lines are not refused for lines`() {
        let none: [[UInt8]] = [
            [], [0], [99], [30], [30, 9, 200], [1, 200, 200], [3, 1, 0], [10],
        ]
        for bytes in none {
            #expect(Self.refusal(bytes) == nil, "\(bytes)")
        }
    }
}
