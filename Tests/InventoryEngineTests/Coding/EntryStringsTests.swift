import Bytes
import InventoryEngine
import InventoryModel
import InventoryTestSupport
import Testing

/// An entry contains a string that several of its changes share only once.
@Suite struct EntryStringsTests {
    private static let reference = String(repeating: "r", count: Limits.referenceByteCountMax)
    private static let note = String(repeating: "n", count: Limits.noteByteCountMax)

    private static func encoded(_ entry: Entry) -> [UInt8] {
        bytes(of: entry) { $0.encode(into: &$1) }
    }

    private static func decoded(_ bytes: [UInt8]) throws -> Entry {
        try read(bytes) { (reader) throws(ByteReaderError) in try Entry(from: &reader) }
    }

    private static func entry(_ changes: [Change]) -> Entry {
        Entry(lsn: 9, time: Instant(microseconds: 9), actor: "till", changes: changes)
    }

    private static func moved(
        _ product: UInt32,
        _ reference: String,
        _ note: String = ""
    ) -> Change {
        let movement = Movement(
            kind: .sale,
            product: ProductID(product),
            location: .main,
            onHandDelta: -1,
            reference: reference,
            note: note,
            occurredAt: Instant(microseconds: 9)
        )
        return .moved(movement, Level(product: ProductID(product), location: .main, revision: 9))
    }

    /// How often the bytes contain the string.
    private static func count(_ text: String, in bytes: [UInt8]) -> Int {
        String(decoding: bytes, as: UTF8.self).components(of: text)
    }

    /// One request of each kind with many lines under one reference, or one note.
    @Test func `the entry of a command of many lines has its strings once`() throws {
        let many = 500
        let product = ProductID(1)
        let sale = Array(repeating: SaleLine(product: product, quantity: 1), count: many)
        let (reference, note) = (Self.reference, Self.note)
        let back = LocationID(2)
        let commands: [Command] = [
            .createLocation(LocationDraft(code: "B", name: "B")),
            .sell(Sale(lines: sale, reference: reference, note: note)),
            .returnSale(
                SaleReturn(lines: sale, reference: reference, note: note)
            ),
            .restock(
                Restock(
                    lines: Array(
                        repeating: RestockLine(product: product, quantity: 1, unitCost: Money(1)),
                        count: many
                    ),
                    reference: reference,
                    note: note
                )
            ),
            .reserve(
                Reserve(
                    lines: Array(
                        repeating: ReserveLine(product: product, quantity: 1),
                        count: many
                    ),
                    expiry: .after(seconds: 60),
                    reference: reference,
                    note: note
                )
            ),
            .dispatchTransfer(
                DispatchTransfer(
                    from: .main,
                    to: back,
                    lines: Array(
                        repeating: DispatchLine(product: product, quantity: 1),
                        count: many
                    ),
                    reference: reference,
                    note: note
                )
            ),
            .sell(
                Sale(
                    lines: Array(
                        repeating: SaleLine(product: ProductID(2), quantity: 1_000),
                        count: many
                    ),
                    reference: reference,
                    note: note
                )
            ),
        ]
        var bench = try Bench(stock: 10_000)
        for command in commands {
            let lsn = bench.state.lsn.next
            let entry = Entry(
                lsn: lsn,
                time: bench.time,
                actor: "t",
                changes: bench.changes(of: command)
            )
            let bytes = Self.encoded(entry)
            #expect(try Self.decoded(bytes) == entry)
            // Movements, and one each of reservations, transfers and unmet demand.
            #expect(Self.count(reference, in: bytes) <= 2)
            #expect(Self.count(note, in: bytes) <= 1)
            let perLine = (bytes.count - 2_500) / many
            #expect(perLine < 120, "\(perLine) bytes per line of \(entry.changes.count) changes")
        }
    }

    @Test func `strings that alternate, or look alike, are unchanged`() throws {
        // Two encodings of the same letter, with as many bytes: equal as strings, not as bytes.
        let (angstrom, letterAndRing) = ("\u{212B}", "A\u{030A}")
        try #require(angstrom == letterAndRing)
        let entry = Self.entry([
            Self.moved(1, "a", "x"), Self.moved(2, "b", "x"), Self.moved(3, "b"),
            Self.moved(4, "", "x"), Self.moved(5, "b", "y"), Self.moved(6, angstrom),
            Self.moved(7, letterAndRing), Self.moved(8, letterAndRing),
        ])
        let decoded = try Self.decoded(Self.encoded(entry))
        #expect(decoded == entry)
        let references = decoded.changes.map { change -> [UInt8] in
            if case .moved(let movement, _) = change { Array(movement.reference.utf8) } else { [] }
        }
        #expect(references[5] == Array(angstrom.utf8))
        #expect(references[6] == Array(letterAndRing.utf8))
        #expect(references[7] == references[6])
    }

    @Test func `random entries of few strings round-trip`() throws {
        var random = SplitMix64(seed: 17)
        let strings = ["", "a", "b", Self.reference]
        for _ in 0..<500 {
            let changes = (0..<random.next() % 12).map { _ -> Change in
                let tags: [ChangeTag] = [.moved, .demandRefused, .reservation, .transfer, .alert]
                let change = random.change(
                    tags[Int(random.next() % UInt64(tags.count))],
                    lsn: 9,
                    time: Instant(microseconds: 9)
                )
                let (reference, note) = (
                    strings[Int(random.next() % 4)], strings[Int(random.next() % 4)]
                )
                switch change {
                case .moved(var movement, let level):
                    movement.reference = reference
                    movement.note = note
                    return .moved(movement, level)
                case .demandRefused(var refused):
                    refused.reference = reference
                    return .demandRefused(refused)
                case .reservation(var reservation):
                    reservation.reference = reference
                    return .reservation(reservation)
                case .transfer(var transfer):
                    transfer.reference = reference
                    return .transfer(transfer)
                default: return change
                }
            }
            let entry = Self.entry(changes)
            #expect(try Self.decoded(Self.encoded(entry)) == entry)
        }
    }

    @Test func `the bytes of a shared reference and note`() {
        let entry = Self.encoded(Self.entry([Self.moved(1, "R", "n"), Self.moved(2, "R", "n")]))
        #expect(
            Array(entry[29...]) == [
                // bits 0, 9, 10
                12, 0, 0, 0, 8, 1, 1, 1, 0x81, 0x0C, 1, 1, 0x52, 1, 0x6E, 0,
                // bits 0, 14, 15
                9, 0, 0, 0, 8, 1, 2, 1, 0x81, 0x80, 0x03, 1, 0,
            ]
        )
    }

    @Test func `a share without a previous string, or with one of its own, is refused`() throws {
        let bytes = Self.encoded(Self.entry([Self.moved(1, "R"), Self.moved(2, "R")]))
        let alone = Self.encoded(Self.entry([Self.moved(2, "R")]))
        _ = try Self.decoded(bytes)
        func movement(_ mask: [UInt8], _ rest: [UInt8]) -> [UInt8] {
            let change = [8, 1, 2, 1] + mask + [1] + rest + [0]
            var entry = Array(alone[..<25]) + [2, 0, 0, 0]
            for change in [[8, 1, 1, 1, 0x81, 0x04, 1, 1, 0x52, 0], change] as [[UInt8]] {
                entry += [UInt8(change.count), 0, 0, 0] + change
            }
            entry[0] = UInt8(entry.count - 4)
            return entry
        }
        func reads(_ entry: [UInt8]) -> Bool { (try? Self.decoded(entry)) != nil }
        #expect(reads(movement([0x81, 0x80, 0x01], [])))
        // Present and shared: a note that none had before.
        #expect(!reads(movement([0x81, 0x84, 0x01], [1, 0x52])))
        #expect(!reads(movement([0x81, 0x80, 0x02], [])))
        // Present though it could be shared, as version 0.1.0 wrote it.
        #expect(reads(movement([0x81, 0x04], [1, 0x52])))
        #expect(reads(movement([0x81, 0x04], [1, 0x53])))
    }

    @Test func `a subscriber to a part of a step gets the strings of that part`() throws {
        let entry = Self.entry([
            Self.moved(1, "POS", "call"), Self.moved(2, "POS", "call"),
            Self.moved(3, "POS", "call"),
        ])
        let filter = SubscriptionFilter(products: [ProductID(2), ProductID(3)])
        for topics in [SubscriptionTopics.stock, .sales] {
            let matcher = SubscriptionMatcher(
                Subscription(topics: topics, filter: filter, start: .now)
            )
            var writer = ByteWriter()
            let bytes = Self.encoded(entry)
            let selection = try read(bytes) { (reader) throws(ByteReaderError) in
                try matcher.select(EntryView(from: &reader), in: .none, into: &writer)
            }
            #expect(selection == .written)
            let selected = try Self.decoded(writer.array())
            #expect(selected.changes == Array(entry.changes[1...]))
        }
    }

    @Test func `a window of the latest levels does not need the strings`() throws {
        let entry = Self.entry([Self.moved(1, "POS", "call"), Self.moved(2, "POS", "call")])
        let matcher = SubscriptionMatcher(Subscription(topics: .stock, start: .now))
        var window = ConflationWindow()
        _ = try read(Self.encoded(entry)) { (reader) throws(ByteReaderError) in
            try window.take(EntryView(from: &reader), matcher, in: .none)
        }
        var sent: [Change] = []
        try window.forEachPiece(byteCountMax: 1 << 20) { writer, _ in
            sent += (try? Self.decoded(writer.array()).changes) ?? []
        }
        let levels = entry.changes.map { change -> Change in
            if case .moved(_, let level) = change { .level(level) } else { change }
        }
        #expect(sent == levels)
    }
}

extension String {
    /// How often the string occurs.
    fileprivate func components(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let found = rest.firstRange(of: text) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
