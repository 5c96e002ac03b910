import Bytes
import InventoryModel

/// Encodes a value by its description, independently of the codecs.
struct DescribedBytes: RowVisitor, CommandVisitor {
    typealias Failure = Never

    static var isCodec: Bool { true }

    private var ahead: [UInt8] = []
    /// The fields behind the mask; `nil` before there is one.
    private var masked: [(isPresent: Bool, bytes: [UInt8])]?

    var bytes: [UInt8] {
        guard let masked else { return self.ahead }
        let mask = masked.indices.reduce(0 as UInt64) { mask, bit in
            masked[bit].isPresent ? mask | 1 << UInt64(bit) : mask
        }
        return self.ahead + Self.bytes { $0.writeVarint(mask) }
            + masked.filter { $0.isPresent }.flatMap { $0.bytes }
    }

    static func bytes(_ write: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        write(&writer)
        return writer.array()
    }

    private mutating func add<Value: Equatable>(
        _ value: Value,
        _ standard: Value?,
        _ write: (inout ByteWriter) -> Void
    ) {
        if self.masked == nil {
            self.ahead += Self.bytes(write)
        } else {
            self.masked?.append((value != standard, Self.bytes(write)))
        }
    }

    mutating func defaultMask() { self.masked = [] }

    mutating func text(_ field: Field<String>, _ value: inout String) {
        let text = value
        self.add(text, field.standard) { $0.writeText(text) }
    }

    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) {
        let flag = value
        // The mask's bit is the value.
        let isMasked = self.masked != nil
        self.add(flag, field.standard) { if !isMasked { $0.write(flag) } }
    }

    mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(
        _ field: Field<Value>,
        _ value: inout Value
    ) {
        let number = value
        self.add(number, field.standard) { $0.writeVarint(UInt64(number)) }
    }

    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {
        let quantity = value
        let usual = field.standard?.quantity(in: .piece)
        self.add(quantity, usual) { $0.writeVarint(quantity) }
    }

    mutating func money(_ field: Field<Money>, _ value: inout Money) {
        let amount = value
        self.add(amount, field.standard) { $0.writeVarint(amount.minorUnits) }
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) {
        let price = value
        self.add(price, nil) {
            $0.writeVarint(UInt64(bitPattern: price.minorUnits))
            $0.writeVarint(UInt64(bitPattern: price.basis))
        }
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) {
        let unit = value
        self.add(unit, field.standard) {
            $0.writeText(unit.code)
            $0.write(unit.decimals)
        }
    }

    mutating func choice<Value: FieldChoice>(_ field: Field<Value>, _ value: inout Value) {
        let choice = value
        self.add(choice, field.standard) { $0.write(choice.rawValue) }
    }

    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        let id = value
        self.add(id, field.standard) { $0.writeVarint(UInt64(id.value)) }
    }

    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        let instant = value
        self.add(instant, nil) { $0.write(instant.microseconds) }
    }

    // MARK: - Fields of commands

    private mutating func optional<Value: Equatable>(
        _ value: Value?,
        _ write: (inout ByteWriter, Value?) -> Void
    ) { self.add(value, Optional<Optional<Value>>.some(nil)) { write(&$0, value) } }

    /// Writes 0 for `nil`, otherwise the number plus one.
    mutating func revision(_ value: inout LSN?) {
        self.optional(value) { $0.writeVarint($1.map { $0 + 1 } ?? 0) }
    }

    mutating func occurrence(_ value: inout Occurrence?) {
        self.optional(value) { writer, occurred in
            guard let occurred else { return writer.write(0 as UInt8) }
            writer.write(occurred.isImported ? 2 as UInt8 : 1)
            writer.write(occurred.at.microseconds)
        }
    }

    mutating func expiry(_ value: inout Expiry) {
        let expiry = value
        self.add(expiry, nil) { writer in
            switch expiry {
            case .at(let instant):
                writer.write(1 as UInt8)
                writer.write(instant.microseconds)
            case .after(let seconds):
                writer.write(2 as UInt8)
                writer.writeVarint(seconds)
            }
        }
    }

    mutating func optionalInstant(_ field: Field<Instant>, _ value: inout Instant?) {
        self.optional(value) { writer, instant in
            writer.write(instant != nil)
            if let instant { writer.write(instant.microseconds) }
        }
    }

    mutating func optionalDay(_ name: String, _ value: inout CalendarDay?) {
        self.optional(value) { writer, day in
            writer.writeVarint(day.map { UInt64($0.ordinal) + 1 } ?? 0)
        }
    }

    mutating func optionalLSN(_ field: Field<LSN>, _ value: inout LSN?) {
        self.revision(&value)
    }

    mutating func optionalMoney(_ field: Field<Money>, _ value: inout Money?) {
        self.optional(value) { $0.writeVarint($1?.minorUnits ?? 0) }
    }

    mutating func optionalMovement(_ name: String, _ value: inout MovementID?) {
        self.optional(value) { writer, movement in
            writer.writeVarint(movement?.lsn ?? 0)
            writer.writeVarint(UInt64(movement?.line ?? 0))
        }
    }

    mutating func optionalChoice<Value: FieldChoice>(_ name: String, _ value: inout Value?) {
        self.optional(value) { writer, choice in writer.write(choice?.rawValue ?? 0) }
    }

    mutating func instant(_ name: String, _ value: inout Instant, since base: Instant) {
        let distance = value.microseconds - base.microseconds
        self.add(distance, 0) { $0.writeVarint(distance) }
    }

    mutating func update<Entity: Described>(_ value: inout FieldUpdate<Entity>) {
        var all = Self.bytes { $0.writeVarint(value.given.rawValue) }
        var (fields, writer) = (value.values, Self())
        fields.visit(&writer, only: value.given)
        all += writer.bytes
        self.ahead += all
    }

    mutating func part<Part: DescribedCommand>(_ name: String, _ value: inout Part?) {
        self.ahead.append(value == nil ? 0 : 1)
        value?.visit(&self)
    }

    mutating func lines<Line: DescribedCommand>(_ list: LineList, _ value: inout [Line]) {
        var all = Self.bytes { $0.writeVarint(UInt64(value.count)) }
        for line in value {
            var (line, writer) = (line, Self())
            line.visit(&writer)
            all += writer.bytes
        }
        self.ahead += all
    }

    // MARK: - Masked fields

    mutating func mask(_ given: inout OptionalFields) {
        self.masked = []
        given.insertAll()
    }

    mutating func maskedQuantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity?) {
        self.optional(value) { $0.writeVarint($1 ?? 0) }
    }

    mutating func maskedMoney(_ field: Field<Money>, _ value: inout Money?) {
        self.optional(value) { $0.writeVarint($1?.minorUnits ?? 0) }
    }

    mutating func maskedRevision(_ value: inout LSN?) {
        self.optional(value) { $0.writeVarint($1 ?? 0) }
    }
}

extension DescribedBytes: QueryVisitor {
    mutating func term(_ name: StaticString, _ value: inout String) {
        let text = value
        self.ahead += Self.bytes { $0.writeText(text) }
    }

    mutating func lastTerm(_ name: StaticString, _ value: inout String) {
        if value.isEmpty { return }
        self.term(name, &value)
    }

    mutating func lastFlag(_ name: StaticString, _ value: inout Bool) {
        guard value else { return }
        self.ahead += Self.bytes { $0.write(true) }
    }

    mutating func count(_ field: Field<UInt32>, _ value: inout UInt32) {
        let number = UInt64(value)
        self.ahead += Self.bytes { $0.writeVarint(number) }
    }

    mutating func signed(_ name: String, _ value: inout Int64) {
        let number = value
        self.ahead += Self.bytes { $0.writeVarint(number) }
    }

    mutating func optionalID<ID: EntityID>(_ name: String, _ value: inout ID?) {
        let number = value.map { UInt64($0.value) + 1 } ?? 0
        self.ahead += Self.bytes { $0.writeVarint(number) }
    }

    /// A value with an encoding of its own is encoded by it.
    mutating func coded<Value: CodedValue>(_ value: inout Value) {
        let value = value
        self.ahead += Self.bytes { value.encode(into: &$0) }
    }

    mutating func optional<Part: DescribedPart>(_ name: String, _ value: inout Part?) {
        self.ahead.append(value == nil ? 0 : 1)
        value?.visit(&self)
    }

    mutating func list<Part: DescribedPart>(_ name: String, of value: inout [Part], max: Int) {
        let count = UInt64(value.count)
        self.ahead += Self.bytes { $0.writeVarint(count) }
        for index in value.indices { value[index].visit(&self) }
    }

    mutating func masked<Part: MaskedPart>(_ name: String, _ value: inout Part) {
        let given = value.presence
        self.ahead += Self.bytes { $0.writeVarint(given.rawValue) }
        value.visit(&self, only: given)
    }

    /// The mask's bit is the value.
    mutating func announced(_ name: String, _ value: inout Bool) {}
}

extension DescribedBytes: ChangeVisitor {
    /// The first of its kind in an entry is written in full.
    mutating func sharedReference(
        _ value: inout String,
        last: WritableKeyPath<EntryStrings, String>,
        of strings: inout EntryStrings
    ) {
        let text = value
        self.ahead += Self.bytes { $0.writeText(text) }
    }
}
