public import Bytes

/// A reader of the description of a command: fields as entities have them, and those that only commands have.
///
///     Adjustment.visit ──▶ ByteWriter, ByteReader      network, a session's digest
///                      ──▶ GivenFields                 apply
///                      ──▶ FieldList                   invctl help, the field column of PROTOCOL.md
public protocol CommandVisitor: FieldVisitor, ~Copyable {
    /// Visits `ifRevision`, the revision that the entity must have.
    mutating func revision(_ value: inout LSN?) throws(Failure)

    /// Visits `occurredAt`, and `imported` for past sales: when it happened, if not at the time of recording.
    mutating func occurrence(_ value: inout Occurrence?) throws(Failure)

    /// Visits when a reservation expires: `expiresAt` or `expiresAfterSeconds`.
    mutating func expiry(_ value: inout Expiry) throws(Failure)

    /// Visits an instant that may be absent.
    mutating func optionalInstant(_ field: Field<Instant>, _ value: inout Instant?) throws(Failure)

    /// Visits a day that may be absent.
    mutating func optionalDay(_ name: String, _ value: inout CalendarDay?) throws(Failure)

    /// Visits an LSN that may be absent.
    mutating func optionalLSN(_ field: Field<LSN>, _ value: inout LSN?) throws(Failure)

    /// Visits an amount that may be absent; absence is encoded as 0.
    mutating func optionalMoney(_ field: Field<Money>, _ value: inout Money?) throws(Failure)

    /// Visits a partial update: a mask, then the fields that it announces.
    mutating func update<Entity: Described>(_ value: inout FieldUpdate<Entity>) throws(Failure)

    /// Visits an optional part with fields of its own.
    mutating func part<Part: DescribedCommand>(_ name: String, _ value: inout Part?) throws(Failure)

    /// Visits the command's lines.
    mutating func lines<Line: DescribedCommand>(
        _ list: LineList,
        _ value: inout [Line]
    ) throws(Failure)

    // MARK: - Masked fields

    /// Visits the mask of the optional fields that follow: a bit for each, in order.
    mutating func mask(_ given: inout OptionalFields) throws(Failure)

    /// Visits a quantity that the mask announced; `nil` is all that remains.
    mutating func maskedQuantity(
        _ field: Field<DefaultQuantity>,
        _ value: inout Quantity?
    ) throws(Failure)

    /// Visits an amount that the mask announced.
    mutating func maskedMoney(_ field: Field<Money>, _ value: inout Money?) throws(Failure)

    /// Visits `ifRevision` if the mask announced it.
    mutating func maskedRevision(_ value: inout LSN?) throws(Failure)
}

/// The description of a command's lines.
public struct LineList: Sendable {
    /// A line's name in PROTOCOL.md, if several commands share its type.
    let title: String?
    /// Fields of a line that this command does not use: JSON input cannot have them.
    package let unused: [String]

    static let plain = Self(title: nil, unused: [])

    static func of(_ title: String, without unused: String...) -> Self {
        Self(title: title, unused: unused)
    }
}

/// The optional fields that a mask announces: bit *n* for the field at index *n*.
public struct OptionalFields: Sendable {
    package var rawValue: UInt64
    let count: Int

    init(_ isGiven: Bool...) {
        self.count = isGiven.count
        self.rawValue = 0
        for bit in isGiven.indices where isGiven[bit] { self.rawValue |= 1 << UInt64(bit) }
    }

    subscript(index: Int) -> Bool { self.rawValue & 1 << UInt64(index) != 0 }

    /// Announces every field: for a visitor that finds out by reading a field whether it is present.
    package mutating func insertAll() { self.rawValue = 1 << UInt64(self.count) - 1 }
}

/// A command, a line or another part of one, that has a description: see ``CommandVisitor``.
public protocol DescribedCommand: Hashable, Sendable {
    /// Creates a value whose required fields are empty or 0.
    init()

    /// Visits each field, in the order of the encoding; the visitor may change it.
    mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure)
}

extension FieldVisitor where Self: ~Copyable {
    /// Visits the product and the location of a stock command.
    mutating func place(_ product: inout ProductID, _ location: inout LocationID) throws(Failure) {
        try self.id(.named("product"), &product)
        try self.id(.named("location", default: .main), &location)
    }

    /// Visits the order, invoice or receipt.
    mutating func reference(_ value: inout String) throws(Failure) {
        try self.text(.named("reference", in: FieldBounds.reference, default: ""), &value)
    }

    /// Visits the note.
    mutating func note(_ value: inout String) throws(Failure) {
        try self.text(.named("note", in: FieldBounds.note, default: ""), &value)
    }
}
