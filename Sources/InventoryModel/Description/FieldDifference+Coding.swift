internal import Bytes

/// The encoding of changed fields: a list, by ascending field number, of the number, the old value and the
/// new value.
///
/// All numbers are signed, including ids and enumerations; see ``WideNumbers``.
extension FieldDifference {
    func encode(into writer: inout ByteWriter) {
        let fields = self.fields.fields
        writer.writeVarint(UInt64(fields.count))
        var (before, after) = (self.before, self.after)
        for field in fields {
            writer.write(field.rawValue)
            var numbers = WideNumbers(consume writer)
            before.visit(&numbers, only: FieldSet(field))
            after.visit(&numbers, only: FieldSet(field))
            writer = numbers.base
        }
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        let count = try reader.readCount(limit: Entity.FieldID.allCases.count)
        var fields = FieldSet<Entity.FieldID>()
        var (before, after) = (Entity(), Entity())
        var last: UInt8 = 0
        for _ in 0..<count {
            let offset = reader.offset
            let number = try reader.readUInt8()
            guard number > last, let field = Entity.FieldID(rawValue: number) else {
                throw .unknownCode(offset: offset, code: UInt64(number), what: "changed field")
            }
            last = number
            fields.insert(field)
            var numbers = WideNumbers(reader)
            try before.visit(&numbers, only: FieldSet(field))
            try after.visit(&numbers, only: FieldSet(field))
            reader = numbers.base
        }
        self.init(fields, from: before, to: after)
    }
}

/// A codec, and how it reports a number that does not fit its field.
protocol NumberVisitor: FieldVisitor, ~Copyable {
    func refuse(_ number: Int64) throws(Failure) -> Never
}

extension ByteWriter: NumberVisitor {
    func refuse(_ number: Int64) -> Never { preconditionFailure("\(number) was not written") }
}

extension ByteReader: NumberVisitor {
    func refuse(_ number: Int64) throws(ByteReaderError) -> Never {
        let code = UInt64(bitPattern: number)
        throw .unknownCode(offset: self.offset, code: code, what: "number")
    }
}

/// Passes all numbers to another visitor as signed 64-bit numbers.
struct WideNumbers<Base: NumberVisitor & ~Copyable>: FieldVisitor, ~Copyable {
    typealias Failure = Base.Failure
    var base: Base

    init(_ base: consuming Base) { self.base = base }

    private mutating func number<Value: FixedWidthInteger>(
        _ name: String,
        _ value: Value
    ) throws(Failure) -> Value {
        var wide = Quantity(Int64(value))
        try self.base.quantity(.named(name), &wide)
        guard let narrow = Value(exactly: wide.baseUnits) else {
            try self.base.refuse(wide.baseUnits)
        }
        return narrow
    }

    mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure) { value = try self.number(field.name, value) }

    mutating func choice<Value: FieldChoice>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure) {
        let raw = try self.number(field.name, value.rawValue)
        guard let known = Value(rawValue: raw) else { try self.base.refuse(Int64(raw)) }
        value = known
    }

    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) throws(Failure) {
        value = ID(try self.number(field.name, value.value))
    }

    // MARK: - Unchanged kinds

    mutating func text(_ field: Field<String>, _ value: inout String) throws(Failure) {
        try self.base.text(field, &value)
    }

    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) throws(Failure) {
        try self.base.flag(field, &value)
    }

    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) throws(Failure)
    {
        try self.base.quantity(field, &value)
    }

    mutating func money(_ field: Field<Money>, _ value: inout Money) throws(Failure) {
        try self.base.money(field, &value)
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) throws(Failure) {
        try self.base.price(field, &value)
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) throws(Failure) {
        try self.base.unit(field, &value)
    }

    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) throws(Failure) {
        try self.base.instant(field, &value)
    }
}
