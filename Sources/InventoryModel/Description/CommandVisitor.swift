public import Bytes

/// What reads the description of a command: fields as entities have them, and those that only commands
/// have.
///
///     Adjustment.visit ──▶ ByteWriter, ByteReader      network, a session's digest
///                      ──▶ GivenFields                 apply
///                      ──▶ FieldList                   invctl help, the field column of PROTOCOL.md
public protocol CommandVisitor: FieldVisitor, ~Copyable {
    /// The revision that what the command names must still be at: `ifRevision`.
    mutating func revision(_ value: inout LSN?) throws(Failure)

    /// When it happened, where that is not now: `occurredAt`, and `imported` for past sales.
    mutating func occurrence(_ value: inout Occurrence?) throws(Failure)

    /// When a reservation ends: `expiresAt` or `expiresAfterSeconds`.
    mutating func expiry(_ value: inout Expiry) throws(Failure)

    mutating func optionalInstant(_ field: Field<Instant>, _ value: inout Instant?) throws(Failure)

    mutating func optionalLSN(_ field: Field<LSN>, _ value: inout LSN?) throws(Failure)

    /// An amount that may be left out, and is then 0 on the wire.
    mutating func optionalMoney(_ field: Field<Money>, _ value: inout Money?) throws(Failure)

    /// The fields of an entity to change: a mask, then those that are given.
    mutating func update<Entity: Described>(_ value: inout FieldUpdate<Entity>) throws(Failure)

    /// What has fields of its own, and may be left out.
    mutating func part<Part: DescribedCommand>(_ name: String, _ value: inout Part?) throws(Failure)

    mutating func lines<Line: DescribedCommand>(
        _ list: LineList,
        _ value: inout [Line]
    ) throws(Failure)

    // MARK: - Fields behind a mask

    /// The mask of the optional fields that follow: a bit for each, in their order.
    mutating func mask(_ given: inout OptionalFields) throws(Failure)

    /// A quantity that the mask announces; `nil` is all of it.
    mutating func maskedQuantity(
        _ field: Field<DefaultQuantity>,
        _ value: inout Quantity?
    ) throws(Failure)

    /// An amount that the mask announces.
    mutating func maskedMoney(_ field: Field<Money>, _ value: inout Money?) throws(Failure)

    /// As ``revision(_:)``, announced by the mask.
    mutating func maskedRevision(_ value: inout LSN?) throws(Failure)
}

/// What a description says of the lines of a command.
public struct LineList: Sendable {
    /// What PROTOCOL.md calls a line, where several commands have such.
    let title: String?
    /// Fields of a line that this command has no use for: JSON cannot give them.
    package let unused: [String]

    static let plain = Self(title: nil, unused: [])

    static func of(_ title: String, without unused: String...) -> Self {
        Self(title: title, unused: unused)
    }
}

/// Which optional fields a mask announces: bit *n* for the field of index *n*.
public struct OptionalFields: Sendable {
    package var rawValue: UInt64
    let count: Int

    init(_ isGiven: Bool...) {
        self.count = isGiven.count
        self.rawValue = 0
        for bit in isGiven.indices where isGiven[bit] { self.rawValue |= 1 << UInt64(bit) }
    }

    subscript(index: Int) -> Bool { self.rawValue & 1 << UInt64(index) != 0 }

    /// Announces every field: for a visitor that learns by reading one whether it is there.
    package mutating func insertAll() { self.rawValue = 1 << UInt64(self.count) - 1 }
}

/// A command, a line or another part of one, that has a description: see ``CommandVisitor``.
public protocol DescribedCommand: Hashable, Sendable {
    /// One in which what must be given is empty or 0.
    init()

    /// Shows `visitor` each field, in the order of their bytes.
    ///
    /// The visitor may change them.
    mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure)
}

extension CommandVisitor where Self: ~Copyable {
    /// The product and the location that a command of stock is about.
    mutating func place(_ product: inout ProductID, _ location: inout LocationID) throws(Failure) {
        try self.id(.named("product"), &product)
        try self.id(.named("location", default: .main), &location)
    }

    /// The order, invoice or receipt.
    mutating func reference(_ value: inout String) throws(Failure) {
        let length = 0...Limits.referenceByteCountMax
        try self.text(.named("reference", in: length, default: ""), &value)
    }

    mutating func note(_ value: inout String) throws(Failure) {
        try self.text(.named("note", in: 0...Limits.noteByteCountMax, default: ""), &value)
    }
}
