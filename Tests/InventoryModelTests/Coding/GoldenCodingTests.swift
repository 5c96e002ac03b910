import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

/// Bytes written by hand from PROTOCOL.md.
///
/// Logs and snapshots must stay readable, so a change here is a new format version.
@Suite struct GoldenCodingTests {
    private func check<Value: Equatable>(
        _ value: Value,
        _ expected: [UInt8],
        encode: (Value, inout ByteWriter) -> Void,
        decode: (inout ByteReader) throws(ByteReaderError) -> Value,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let encoded = bytes(of: value, encode)
        #expect(encoded == expected, sourceLocation: sourceLocation)
        let decoded = try read(expected, decode)
        #expect(decoded == value, sourceLocation: sourceLocation)
    }

    @Test func `a sale of two lines`() throws {
        let sale = Sale(
            lines: [
                SaleLine(product: ProductID(1), quantity: 2),
                SaleLine(
                    product: ProductID(300),
                    location: LocationID(2),
                    quantity: 1,
                    price: Money(499),
                    ifRevision: 41
                ),
            ],
            reference: "R1",
            occurred: Occurrence(at: Instant(microseconds: 1), isImported: true)
        )
        try self.check(
            Command.sell(sale),
            [
                10, 2,
                1, 1, 4, 0,
                0xAC, 0x02, 2, 2, 3, 0xE6, 0x07, 41,
                2, 0x52, 0x31, 0,
                2, 1, 0, 0, 0, 0, 0, 0, 0,
            ],
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Command(from: &reader) }
        )
    }

    @Test func `the movement of a sale, and the resulting level`() throws {
        let time = Instant(microseconds: 10)
        let movement = Movement(
            kind: .sale,
            product: ProductID(7),
            location: .main,
            onHandDelta: -2,
            amount: 1_000,
            price: Price(500),
            cost: -600,
            reason: .other,
            origin: MovementID(lsn: 5, line: 1),
            occurredAt: Instant(microseconds: 7)
        )
        let level = Level(
            product: ProductID(7),
            location: .main,
            onHand: 8,
            value: 2_400,
            alerts: .lowStock,
            revision: 9
        )
        try self.check(
            Change.moved(movement, level),
            [
                8, 1, 7, 1,
                // bits 0, 4, 5, 7, 8, 11, 12
                0xB1, 0x33,
                3, 0xD0, 0x0F, 0xE8, 0x07, 0xAF, 0x09, 12, 5, 1, 5,
                // bits 0, 5, 6
                0x61, 16, 0xC0, 0x25, 1,
            ],
            encode: { $0.encode(into: &$1, lsn: 9, time: time) },
            decode: { (reader) throws(ByteReaderError) in
                try Change(from: &reader, lsn: 9, time: time)
            }
        )
    }

    @Test func `an entry with one change`() throws {
        let entry = Entry(
            lsn: 3,
            time: Instant(microseconds: 256),
            actor: "ann",
            changes: [
                .category(Category(id: CategoryID(1), name: "Tea", isArchived: false, revision: 3))
            ]
        )
        try self.check(
            entry,
            [
                36, 0, 0, 0,
                3, 0, 0, 0, 0, 0, 0, 0,
                0, 1, 0, 0, 0, 0, 0, 0,
                3, 0x61, 0x6E, 0x6E,
                1, 0, 0, 0,
                8, 0, 0, 0,
                2, 1, 3, 0x54, 0x65, 0x61, 0, 3,
            ],
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Entry(from: &reader) }
        )
    }

    @Test func `the outcome of an executed sale`() throws {
        let done = Outcome.Done(
            lsn: 57,
            time: Instant(microseconds: 2),
            amount: 200,
            levels: [Level(product: ProductID(1), location: .main, onHand: 6, revision: 57)]
        )
        try self.check(
            Outcome.done(done),
            [1, 57, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x90, 0x03, 1, 1, 1, 1, 12, 0],
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Outcome(from: &reader) }
        )
    }

    @Test func `the outcome of a sale refused for lack of stock`() throws {
        let shortage = Refusal.Shortage(
            product: ProductID(2),
            location: .main,
            asked: 6,
            sellable: 5,
            onHand: 5,
            unavailable: 0,
            reserved: 0,
            floor: 0
        )
        try self.check(
            Outcome.refused(Refusal(.insufficientStock, line: 0, .shortage(shortage))),
            [2, 70, 1, 7, 2, 1, 12, 10, 10, 0, 0, 0],
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Outcome(from: &reader) }
        )
    }

    @Test func `a reservation of one line, and a commit of a part of it at a price`() throws {
        let reserve = Reserve(
            lines: [ReserveLine(product: ProductID(300), quantity: 2, ifRevision: 41)],
            expiry: .at(Instant(microseconds: 256)),
            reference: "C1"
        )
        try self.check(
            Command.reserve(reserve),
            [
                19, 1, 0xAC, 0x02, 1, 4, 42, 1, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0x43, 0x31, 0,
            ],
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Command(from: &reader) }
        )
        let line = ReservationLine(
            reservation: ReservationID(7),
            quantity: 1,
            price: Money(499),
            ifRevision: 9
        )
        try self.check(
            Command.commitReservation(
                CommitReservation(lines: [line, ReservationLine(reservation: ReservationID(8))])
            ),
            [21, 2, 7, 7, 2, 0xE6, 0x07, 9, 8, 0, 0, 0, 0],
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Command(from: &reader) }
        )
    }

    @Test func `an extension, a release, a dispatch, a receipt and a cancellation`() throws {
        let line = ReservationLine(reservation: ReservationID(7))
        let rest = TransferSettlement(lines: [TransferLine(transfer: TransferID(3))])
        let part = TransferLine(transfer: TransferID(3), quantity: 2, ifRevision: 5)
        let golden: [(Command, [UInt8])] = [
            (
                .extendReservation(
                    ExtendReservation(lines: [line], expiry: .after(seconds: 900))
                ),
                [20, 1, 7, 0, 2, 0x88, 0x0E]
            ),
            (
                .releaseReservation(ReleaseReservation(lines: [line], note: "n")),
                [22, 1, 7, 0, 1, 0x6E]
            ),
            (
                .dispatchTransfer(
                    DispatchTransfer(
                        from: .main,
                        to: LocationID(2),
                        lines: [DispatchLine(product: ProductID(5), quantity: 3)],
                        reference: "T"
                    )
                ),
                [23, 1, 2, 1, 5, 6, 0, 1, 0x54, 0]
            ),
            (.receiveTransfer(TransferSettlement(lines: [part])), [24, 1, 3, 3, 4, 5, 0]),
            (.cancelTransfer(rest), [25, 1, 3, 0, 0]),
        ]
        for (command, bytes) in golden {
            try self.check(
                command,
                bytes,
                encode: { $0.encode(into: &$1) },
                decode: { (reader) throws(ByteReaderError) in try Command(from: &reader) }
            )
        }
    }

    @Test func `a receipt of the past, its change and its refusals`() throws {
        let line = PastSaleLine(product: ProductID(5), quantity: 3, amount: 1_000, cost: 7)
        let sale = PastSale(
            lines: [line],
            reference: "R",
            day: CalendarDay(ordinal: 300),
            firstLine: 2,
            occurredAt: Instant(microseconds: 256),
            openedAt: .zero
        )
        let head: [UInt8] = [26, 1, 5, 6, 0xD0, 0x0F, 1, 14, 1, 1, 0x52, 0xAD, 0x02, 2]
        let times: [UInt8] = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
        try self.check(
            Command.recordPastSale(sale),
            head + times + [0, 0],
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Command(from: &reader) }
        )
        let part = ReceiptPart(day: CalendarDay(ordinal: 300), firstLine: 2, count: 3)
        try self.check(
            Change.receiptRecorded(part),
            [21, 0xAC, 0x02, 2, 3],
            encode: { $0.encode(into: &$1, lsn: 12, time: .zero) },
            decode: { (reader) throws(ByteReaderError) in
                try Change(from: &reader, lsn: 12, time: .zero)
            }
        )
        let refusals: [(Refusal, [UInt8])] = [
            (Refusal(.alreadyRecorded, line: 0, .recorded(lines: 3)), [68, 1, 12, 3]),
            (Refusal(.receiptDiffers, line: 1, .receiptLine(5)), [69, 2, 13, 5]),
        ]
        for (refusal, bytes) in refusals {
            try self.check(
                refusal,
                bytes,
                encode: { $0.encode(into: &$1) },
                decode: { (reader) throws(ByteReaderError) in try Refusal(from: &reader) }
            )
        }
    }

    @Test func `the changes of a reservation and a transfer`() throws {
        let reservation = Reservation(
            id: ReservationID(7),
            product: ProductID(1),
            location: .main,
            quantity: 4,
            remaining: 3,
            expiresAt: Instant(microseconds: 256),
            reference: "C",
            origin: MovementID(lsn: 9, line: 2),
            revision: 12
        )
        try self.check(
            Change.reservation(reservation),
            [15, 7, 1, 1, 8, 6, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0x43, 9, 2, 12],
            encode: { $0.encode(into: &$1, lsn: 12, time: .zero) },
            decode: { (reader) throws(ByteReaderError) in
                try Change(from: &reader, lsn: 12, time: .zero)
            }
        )
        let transfer = Transfer(
            id: TransferID(3),
            product: ProductID(1),
            source: .main,
            destination: LocationID(2),
            quantity: 4,
            remaining: 0,
            value: 0,
            state: .received,
            origin: MovementID(lsn: 9, line: 0),
            revision: 12
        )
        try self.check(
            Change.transfer(transfer),
            [16, 3, 1, 1, 2, 8, 0, 0, 2, 0, 9, 0, 12],
            encode: { $0.encode(into: &$1, lsn: 12, time: .zero) },
            decode: { (reader) throws(ByteReaderError) in
                try Change(from: &reader, lsn: 12, time: .zero)
            }
        )
    }

    @Test func `a refusal of more than remains`() throws {
        let refusal = Refusal(
            .exceedsReservation,
            line: 0,
            .remainder(7, asked: 4, remaining: 3)
        )
        try self.check(
            Outcome.refused(refusal),
            [2, 73, 1, 11, 7, 8, 6],
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Outcome(from: &reader) }
        )
    }

    @Test func `queries of reservations and transfers`() throws {
        let reservations = ReservationQuery(
            product: ProductID(1),
            states: .active,
            reference: "C",
            after: ReservationID(4),
            limit: 50
        )
        try self.check(
            Query.reservations(reservations),
            [20, 0, 2, 0, 1, 1, 0x43, 0, 5, 50],
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Query(from: &reader) }
        )
        let transfers = TransferQuery(
            id: TransferID(3),
            location: LocationID(2),
            states: [.inTransit, TransferStateSet(.cancelled)],
            isNewestFirst: true
        )
        try self.check(
            Query.transfers(transfers),
            [21, 4, 0, 3, 5, 0, 1, 0, 0],
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Query(from: &reader) }
        )
    }

    @Test func `a query of the ledger`() throws {
        let query = LedgerQuery(
            product: ProductID(1),
            kinds: [MovementKindSet(.sale), MovementKindSet(.return)],
            to: Instant(microseconds: 3),
            after: MovementID(lsn: 9, line: 0),
            limit: 50
        )
        try self.check(
            Query.ledger(query),
            [6, 2, 0, 6, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 9, 0, 50],
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Query(from: &reader) }
        )
    }

    @Test func `a block of a result`() throws {
        var table = ResultTable([ResultField("sku", .text), ResultField("price", .money)])
        table.append([.text("A"), .integer(-1)])
        table.append([.none, .integer(5)])
        try self.check(
            table,
            [2, 1, 1, 1, 0x41, 0, 0, 1, 10],
            encode: { $0.encodeBlock(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in
                try ResultTable(blockFrom: &reader, schema: table.schema)
            }
        )
    }

    @Test func `a subscription to the stock of a category, from an LSN`() throws {
        try self.check(
            Subscription(
                topics: [.stock, .alerts],
                filter: SubscriptionFilter(products: [ProductID(5)], category: CategoryID(2)),
                start: .after(300)
            ),
            [10, 1, 5, 0, 3, 0, 2, 0xAC, 0x02],
            encode: { $0.encode(into: &$1) },
            decode: { (reader) throws(ByteReaderError) in try Subscription(from: &reader) }
        )
    }
}
