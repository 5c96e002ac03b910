internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// Units of one product that one movement set aside and later ones settle, in parts, until none remain:
/// the common part of reservations and transfers.
///
///     reserve, dispatch ──▶ open ──settle a part──▶ open ──settle the rest──▶ closed
protocol OpenItem: Sendable {
    /// The number in its id, which is also its row.
    var number: UInt32 { get }
    var product: ProductID { get }
    /// The initial number of base units, and the number not yet settled.
    var quantity: Quantity { get }
    var remaining: Quantity { get set }
    var stateCode: UInt8 { get }
    var reference: String { get }
    var origin: MovementID { get }
    var revision: LSN { get set }

    /// Why no part of it can be settled at that time; `nil` if it can.
    func refusal(at time: Instant) -> RefusalCode?

    static var terms: OpenItemTerms { get }
}

/// The limits of a kind of open item, and the codes of its refusals.
struct OpenItemTerms: Sendable {
    /// The name of the table in refusals.
    let table: String
    let countMax: UInt32
    let openCountMax: Int
    let openState: UInt8
    let notFound: RefusalCode
    /// The quantity to settle is more than remains.
    let exceeds: RefusalCode
}

extension OpenItem {
    var isOpen: Bool { self.stateCode == Self.terms.openState }
}

extension Reservation: OpenItem {
    var number: UInt32 { self.id.value }
    var stateCode: UInt8 { self.state.rawValue }

    func refusal(at time: Instant) -> RefusalCode? {
        switch self.state {
        case .active: self.expiresAt > time ? nil : .reservationExpired
        case .expired: .reservationExpired
        case .committed, .released: .reservationClosed
        }
    }

    static let terms = OpenItemTerms(
        table: "reservations",
        countMax: Limits.reservationsMax,
        openCountMax: Limits.openReservationsMax,
        openState: ReservationState.active.rawValue,
        notFound: .reservationNotFound,
        exceeds: .exceedsReservation
    )
}

extension Transfer: OpenItem {
    var number: UInt32 { self.id.value }
    var stateCode: UInt8 { self.state.rawValue }

    func refusal(at time: Instant) -> RefusalCode? {
        self.state == .inTransit ? nil : .transferClosed
    }

    static let terms = OpenItemTerms(
        table: "transfers",
        countMax: Limits.transfersMax,
        openCountMax: Limits.openTransfersMax,
        openState: TransferState.inTransit.rawValue,
        notFound: .transferNotFound,
        exceeds: .exceedsTransfer
    )
}

/// The open items of one kind as a step leaves them.
struct DraftItems<Item: OpenItem> {
    private(set) var items: [UInt32: Item] = [:]
    private(set) var createdCount: UInt32 = 0
    /// The change of the number of open items since the start of the step.
    private(set) var openedCount = 0

    /// Records an item that is new, or was open and has changed.
    mutating func put(_ item: Item, isNew: Bool) {
        if isNew { self.createdCount += 1 }
        self.openedCount += (item.isOpen ? 1 : 0) - (isNew ? 0 : 1)
        self.items[item.number] = item
    }

    /// Stops the process unless the counts are those of the items.
    ///
    /// - Complexity: O(items)
    func checkInvariants() {
        var openCount = 0
        for (number, item) in self.items {
            precondition(item.number == number, "item \(item.number) under \(number)")
            if item.isOpen { openCount += 1 }
        }
        // All that are not new were open before the step.
        let before = self.items.count - Int(self.createdCount)
        precondition(before >= 0, "\(self.createdCount) of \(self.items.count) items are new")
        precondition(
            self.openedCount == openCount - before,
            "\(openCount) of \(self.items.count) items are open, \(before) were"
        )
    }
}

/// One line of a command that settles open items.
protocol OpenItemLine {
    /// The number of the item.
    var number: UInt32 { get }
    /// All that remains if `nil`.
    var quantity: Quantity? { get }
    var ifRevision: LSN? { get }
}

extension ReservationLine: OpenItemLine {
    var number: UInt32 { self.reservation.value }
}

extension TransferLine: OpenItemLine {
    var number: UInt32 { self.transfer.value }
}

/// The part of an open item that a line refers to.
struct OpenItemPart<Item: OpenItem> {
    var item: Item
    var quantity: Quantity
    var line: UInt32
    /// Whether no finding was added for it; otherwise the part is only used for further checks.
    var isSound: Bool
}

extension OpenItemPart {
    /// The part that a line refers to; `nil` if the item does not exist.
    ///
    /// `item` is as the step has left it so far, `nil` if it does not exist; `revision` is that before the
    /// step.
    init?(
        _ line: some OpenItemLine,
        number: UInt32,
        of item: Item?,
        revision: LSN,
        at time: Instant,
        findings: inout Findings
    ) {
        let (found, terms) = (findings.count, Item.terms)
        let id = UInt64(line.number)
        let range = FieldBounds.quantities
        if let quantity = line.quantity {
            findings.check("quantity", quantity.baseUnits, in: range, line: number)
        }
        guard let item else {
            findings.add(Refusal(terms.notFound, line: number, .id(id)))
            return nil
        }
        InventoryState.check(revision: revision, is: line.ifRevision, line: number, &findings)
        let quantity = line.quantity ?? item.remaining
        if let code = item.refusal(at: time) {
            findings.add(Refusal(code, line: number, .id(id)))
        } else if quantity > item.remaining {
            let remaining = item.remaining
            let detail = Refusal.Detail.remainder(id, asked: quantity, remaining: remaining)
            findings.add(Refusal(terms.exceeds, line: number, detail))
        }
        guard range.contains(quantity.baseUnits) else { return nil }
        self.item = item
        self.quantity = quantity
        self.line = number
        self.isSound = findings.count == found
    }
}

extension OpenItemTable {
    /// The part of an item that a line refers to; `nil` if it does not exist.
    ///
    /// `item` is as the step has left it so far.
    func part(
        _ line: some OpenItemLine,
        number: UInt32,
        of item: Item?,
        at time: Instant,
        findings: inout Findings
    ) -> OpenItemPart<Item>? {
        let isStored = self.items.contains(line.number)
        return OpenItemPart(
            line,
            number: number,
            of: item,
            revision: isStored ? LSN(self.items.revisions[Int(line.number)]) : 0,
            at: time,
            findings: &findings
        )
    }
}

extension DraftItems {
    /// The number of the first of `count` new items, which are numbered consecutively; `nil` if too few
    /// numbers are left.
    ///
    /// Also reports if too many items would be open. `rowCount` and `openCount` are those before the step.
    func firstNumber(
        ofNew count: Int,
        behind rowCount: Int,
        openCount: Int,
        _ findings: inout Findings
    ) -> UInt32? {
        let terms = Item.terms
        let next = rowCount + Int(self.createdCount)
        let hasNumbers = next + count <= Int(terms.countMax)
        if !hasNumbers { findings.add(.tableFull(terms.table, Int64(terms.countMax))) }
        if openCount + self.openedCount + count > terms.openCountMax {
            findings.add(.tableFull("open \(terms.table)", Int64(terms.openCountMax)))
        }
        return hasNumbers ? UInt32(next) : nil
    }
}
