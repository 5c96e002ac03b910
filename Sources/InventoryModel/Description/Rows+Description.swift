package import Bytes

// The descriptions of the rows of the hottest paths: a level, a movement and an outcome.
//
// Their codecs are handwritten; tests compare them with these descriptions over random values.

/// A reader of the description of a row that omits defaults by a mask.
package protocol RowVisitor: FieldVisitor {
    /// Announces that the following fields are masked.
    mutating func defaultMask() throws(Failure)

    /// Visits a movement's id that may be absent.
    mutating func optionalMovement(_ name: String, _ value: inout MovementID?) throws(Failure)

    /// Visits a case of an enumeration that may be absent.
    mutating func optionalChoice<Value: FieldChoice>(
        _ name: String,
        _ value: inout Value?
    ) throws(Failure)

    /// Visits an instant whose encoding is its distance from `base`.
    mutating func instant(
        _ name: String,
        _ value: inout Instant,
        since base: Instant
    ) throws(Failure)
}

/// A row that has a description: see ``RowVisitor``.
package protocol DescribedRow {
    /// Visits each field, in the order of the encoding.
    mutating func visit<Visitor: RowVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure)
}

extension RowVisitor {
    /// Visits base units, omitted if 0.
    fileprivate mutating func units(_ name: String, _ value: inout Quantity) throws(Failure) {
        try self.quantity(.named(name, default: .base(0)), &value)
    }

    /// Visits minor units, omitted if 0.
    fileprivate mutating func amount(_ name: String, _ value: inout Money) throws(Failure) {
        try self.money(.named(name, default: .zero), &value)
    }
}

/// The encoded row of a level.
package struct LevelRow: DescribedRow {
    package var level: Level
    /// The default of the level's revision.
    package var lsn: LSN

    package init(_ level: Level, at lsn: LSN) {
        self.level = level
        self.lsn = lsn
    }

    package mutating func visit<V: RowVisitor>(_ v: inout V) throws(V.Failure) {
        try v.place(&self.level.product, &self.level.location)
        try v.defaultMask()
        try v.units("onHand", &self.level.onHand)
        try v.units("unavailable", &self.level.unavailable)
        try v.units("reserved", &self.level.reserved)
        try v.units("incoming", &self.level.incoming)
        try v.units("floor", &self.level.floor)
        try v.amount("value", &self.level.value)
        var alerts = self.level.alerts.rawValue
        try v.integer(.named("alerts", default: 0), &alerts)
        self.level.alerts = AlertSet(rawValue: alerts)
        try v.lsn(.named("revision", default: self.lsn), &self.level.revision)
    }
}

/// The encoded row of a movement.
package struct MovementRow: DescribedRow {
    package var movement: Movement
    /// When its step was recorded; the encoding of ``Movement/occurredAt`` is relative to it.
    package var recordedAt: Instant

    package init(_ movement: Movement, recordedAt: Instant) {
        self.movement = movement
        self.recordedAt = recordedAt
    }

    package mutating func visit<V: RowVisitor>(_ v: inout V) throws(V.Failure) {
        try v.choice(.named("kind"), &self.movement.kind)
        try v.place(&self.movement.product, &self.movement.location)
        try v.defaultMask()
        try v.units("onHandDelta", &self.movement.onHandDelta)
        try v.units("unavailableDelta", &self.movement.unavailableDelta)
        try v.units("reservedDelta", &self.movement.reservedDelta)
        try v.units("incomingDelta", &self.movement.incomingDelta)
        try v.amount("amount", &self.movement.amount)
        var price = Money(self.movement.price.minorUnits)
        var basis = Quantity(self.movement.price.basis)
        try v.amount("price", &price)
        try v.quantity(.named("priceBasis", default: .base(1)), &basis)
        self.movement.price = Price(price.minorUnits, per: basis.baseUnits)
        try v.amount("cost", &self.movement.cost)
        try v.optionalChoice("reason", &self.movement.reason)
        try v.reference(&self.movement.reference)
        try v.note(&self.movement.note)
        try v.optionalMovement("origin", &self.movement.origin)
        try v.instant("occurredAt", &self.movement.occurredAt, since: self.recordedAt)
        try v.flag(.named("imported", default: false), &self.movement.isImported)
    }
}

/// The head of the outcome of an executed command; its levels and its list of ids follow.
package struct DoneRow: DescribedRow {
    package var done: Outcome.Done

    package init(_ done: Outcome.Done) { self.done = done }

    package mutating func visit<V: RowVisitor>(_ v: inout V) throws(V.Failure) {
        try v.lsn(.named("lsn"), &self.done.lsn)
        try v.instant(.named("time"), &self.done.time)
        try v.integer(.named("id"), &self.done.id)
        try v.money(.named("amount"), &self.done.amount)
    }
}
