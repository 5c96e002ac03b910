public import Bytes

extension Outcome {
    fileprivate static let errorsOnlyTag: UInt8 = 4

    /// Writes the outcome.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .done(let done):
            done.encode(into: &writer)
        case .refused(let refusal):
            writer.write(2 as UInt8)
            refusal.encode(into: &writer)
        case .batch(let outcomes):
            Self.encodeBatchHead(count: outcomes.count, into: &writer)
            for outcome in outcomes { outcome.encode(into: &writer) }
        case .errorsOnly(let errorsOnly):
            writer.write(Self.errorsOnlyTag)
            errorsOnly.encode(into: &writer)
        }
    }

    /// Writes the head of a batch's outcome; the outcomes of its commands follow.
    public static func encodeBatchHead(count: Int, into writer: inout ByteWriter) {
        writer.write(3 as UInt8)
        writer.writeVarint(UInt64(count))
    }

    /// Reads what ``encode(into:)`` wrote.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        try self.init(from: &reader, isNested: false)
    }

    private init(from reader: inout ByteReader, isNested: Bool) throws(ByteReaderError) {
        let offset = reader.offset
        let tag = try reader.readUInt8()
        switch tag {
        case 1: self = .done(try Done(from: &reader))
        case 2: self = .refused(try Refusal(from: &reader))
        case 3 where !isNested:
            self = .batch(
                try reader.readList(limit: Limits.batchMax) {
                    (reader: inout ByteReader) throws(ByteReaderError) -> Outcome in
                    try Outcome(from: &reader, isNested: true)
                }
            )
        case Self.errorsOnlyTag where !isNested: self = .errorsOnly(try ErrorsOnly(from: &reader))
        default: throw .unknownCode(offset: offset, code: UInt64(tag), what: "outcome")
        }
    }
}

extension Outcome.ErrorsOnly {
    /// The largest byte count of what precedes the refusals.
    static let headByteCountMax = 1 + 3 * VarintCoding.byteCountMax
    /// The largest byte count of a refusal without a detail: index, code, line, tag.
    static let plainByteCountMax = 2 + 1 + 3 + 1

    fileprivate func encode(into writer: inout ByteWriter) {
        writer.writeVarint(self.lsn)
        writer.writeVarint(UInt64(self.count))
        writer.writeVarint(UInt64(self.refused.count))
        for refused in self.refused { refused.encode(into: &writer) }
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            lsn: try reader.readVarintLSN(),
            count: try reader.readCount(limit: Limits.batchMax),
            refused: try reader.readList(limit: Limits.batchMax) {
                (reader: inout ByteReader) throws(ByteReaderError) -> Refused in
                Refused(
                    index: try reader.readCount(limit: Limits.batchMax),
                    refusal: try Refusal(from: &reader)
                )
            }
        )
    }
}

extension Outcome.ErrorsOnly.Refused {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.index))
        self.refusal.encode(into: &writer)
    }

    var encodedByteCount: Int {
        var writer = ByteWriter(capacity: 128)
        self.encode(into: &writer)
        return writer.count
    }
}

extension Refusal {
    /// The refusal, without its detail if that is too long for the outcome of a batch.
    public var bounded: Refusal {
        var writer = ByteWriter(capacity: 256)
        self.encode(into: &writer)
        if writer.count < Limits.outcomeRefusalByteCountMax { return self }
        return Refusal(self.code, line: self.line)
    }
}

extension Outcome.Done {
    /// The largest byte count of what ``encodeHead(lsn:time:id:amount:into:)`` writes.
    @inlinable package static var headByteCountMax: Int { 9 + 3 * VarintCoding.byteCountMax }

    /// Writes the tag of an executed command's outcome, and all that precedes its levels.
    @inlinable @inline(__always)
    package static func encodeHead(
        lsn: LSN,
        time: Instant,
        id: UInt64 = 0,
        amount: Money,
        into cursor: inout ByteCursor
    ) {
        cursor.write(1 as UInt8)
        cursor.writeVarint(lsn)
        cursor.write(time.microseconds)
        cursor.writeVarint(id)
        cursor.writeVarint(amount)
    }

    func encode(into writer: inout ByteWriter) {
        writer.append(atMost: Self.headByteCountMax) {
            Self.encodeHead(
                lsn: self.lsn,
                time: self.time,
                id: self.id,
                amount: self.amount,
                into: &$0
            )
        }
        writer.writeVarint(UInt64(self.levels.count))
        for level in self.levels { level.encode(into: &writer, at: self.lsn) }
        writer.writeVarint(UInt64(self.ids.count))
        for id in self.ids { writer.writeVarint(id) }
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        let lsn = try reader.readVarintLSN()
        let time = try reader.readInstant()
        let id = try reader.readVarint()
        let amount = try reader.readMoney()
        let levels = try reader.readList(limit: .max) {
            (reader: inout ByteReader) throws(ByteReaderError) -> Level in
            try Level(from: &reader, at: lsn)
        }
        let ids = try reader.readList(limit: Limits.batchMax) {
            (reader: inout ByteReader) throws(ByteReaderError) -> UInt64 in
            try reader.readVarint()
        }
        self.init(lsn: lsn, time: time, id: id, amount: amount, levels: levels, ids: ids)
    }
}

extension Refusal {
    /// Writes the code, the line and the detail.
    public func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.code.rawValue))
        writer.writeOptional(self.line.map(UInt64.init))
        switch self.detail {
        case .none:
            writer.write(0 as UInt8)
        case .message(let text):
            writer.write(1 as UInt8)
            writer.writeText(text)
        case .field(let name, let problem):
            writer.write(2 as UInt8)
            writer.writeText(name)
            writer.writeText(problem)
        case .range(let name, let value, let lowest, let highest):
            writer.write(3 as UInt8)
            writer.writeText(name)
            writer.writeVarint(value)
            writer.writeVarint(lowest)
            writer.writeVarint(highest)
        case .id(let id):
            writer.write(4 as UInt8)
            writer.writeVarint(id)
        case .taken(let text, let holder):
            writer.write(5 as UInt8)
            writer.writeText(text)
            writer.writeVarint(holder)
        case .revision(let expected, let actual):
            writer.write(6 as UInt8)
            writer.writeVarint(expected)
            writer.writeVarint(actual)
        case .shortage(let shortage):
            writer.write(7 as UInt8)
            writer.writeVarint(UInt64(shortage.product.value))
            writer.writeVarint(UInt64(shortage.location.value))
            writer.writeVarint(shortage.asked)
            writer.writeVarint(shortage.sellable)
            writer.writeVarint(shortage.onHand)
            writer.writeVarint(shortage.unavailable)
            writer.writeVarint(shortage.reserved)
            writer.writeVarint(shortage.floor)
        case .sold(let asked, let remaining):
            writer.write(8 as UInt8)
            writer.writeVarint(asked)
            writer.writeVarint(remaining)
        case .batch(let index, let refusal):
            writer.write(9 as UInt8)
            writer.writeVarint(UInt64(index))
            refusal.encode(into: &writer)
        case .sequence(let received, let last):
            writer.write(10 as UInt8)
            writer.writeVarint(received)
            writer.writeVarint(last)
        case .remainder(let id, let asked, let remaining):
            writer.write(11 as UInt8)
            writer.writeVarint(id)
            writer.writeVarint(asked)
            writer.writeVarint(remaining)
        case .recorded(let lines):
            writer.write(12 as UInt8)
            writer.writeVarint(UInt64(lines))
        case .receiptLine(let number):
            writer.write(13 as UInt8)
            writer.writeVarint(UInt64(number))
        }
    }

    /// Reads what ``encode(into:)`` wrote.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        try self.init(from: &reader, isNested: false)
    }

    private init(from reader: inout ByteReader, isNested: Bool) throws(ByteReaderError) {
        let offset = reader.offset
        let number = try reader.readVarint()
        guard let raw = UInt16(exactly: number), let code = RefusalCode(rawValue: raw) else {
            throw .unknownCode(offset: offset, code: number, what: "error code")
        }
        let lineOffset = reader.offset
        var line: UInt32?
        if let wide = try reader.readOptional() {
            guard let narrow = UInt32(exactly: wide) else {
                throw .unknownCode(offset: lineOffset, code: wide, what: "line")
            }
            line = narrow
        }
        self.init(code, line: line, try Detail(from: &reader, isNested: isNested))
    }
}

extension Refusal.Detail {
    fileprivate init(from reader: inout ByteReader, isNested: Bool) throws(ByteReaderError) {
        let offset = reader.offset
        let tag = try reader.readUInt8()
        switch tag {
        case 0: self = .none
        case 1: self = .message(try reader.readText())
        case 2: self = .field(try reader.readText(), problem: try reader.readText())
        case 3:
            self = .range(
                try reader.readText(),
                value: try reader.readSignedVarint(),
                lowest: try reader.readSignedVarint(),
                highest: try reader.readSignedVarint()
            )
        case 4: self = .id(try reader.readVarint())
        case 5: self = .taken(try reader.readText(), by: try reader.readVarint())
        case 6:
            self = .revision(
                expected: try reader.readVarintLSN(),
                actual: try reader.readVarintLSN()
            )
        case 7:
            self = .shortage(
                Refusal.Shortage(
                    product: try reader.readProductID(),
                    location: try reader.readLocationID(),
                    asked: try reader.readQuantity(),
                    sellable: try reader.readQuantity(),
                    onHand: try reader.readQuantity(),
                    unavailable: try reader.readQuantity(),
                    reserved: try reader.readQuantity(),
                    floor: try reader.readQuantity()
                )
            )
        case 8:
            self = .sold(
                asked: try reader.readQuantity(),
                remaining: try reader.readQuantity()
            )
        case 9 where !isNested:
            let index = try reader.readVarint(as: UInt32.self, "index")
            self = .batch(index: index, try Refusal(from: &reader, isNested: true))
        case 10:
            self = .sequence(received: try reader.readVarint(), last: try reader.readVarint())
        case 11:
            self = .remainder(
                try reader.readVarint(),
                asked: try reader.readQuantity(),
                remaining: try reader.readQuantity()
            )
        case 12: self = .recorded(lines: try reader.readVarint(as: UInt32.self, "lines"))
        case 13: self = .receiptLine(try reader.readVarint(as: UInt32.self, "line"))
        default:
            throw .unknownCode(offset: offset, code: UInt64(tag), what: "error detail")
        }
    }
}

extension Outcome {
    /// The refused commands of an errors-only outcome that an import counts as rejected rows: an import sends the
    /// lines of a receipt that is on record again, and counts what it learns then.
    package var rowRefusalCount: Int {
        guard case .errorsOnly(let outcome) = self else { return 0 }
        return outcome.refused.count {
            $0.refusal.code != .alreadyRecorded && $0.refusal.code != .receiptDiffers
        }
    }

    /// The number of refused commands of an encoded errors-only outcome, without refusals that say what is on
    /// record of a receipt; 0 for any other outcome.
    ///
    /// - Complexity: O(refused commands)
    package static func errorsOnlyRefusalCount(_ encoded: UnsafeRawBufferPointer) -> Int {
        guard encoded.first == Self.errorsOnlyTag else { return 0 }
        do throws(ByteReaderError) {
            var reader = ByteReader(encoded)
            return try Outcome(from: &reader).rowRefusalCount
        } catch {
            preconditionFailure("an outcome that was encoded here: \(error)")
        }
    }
}
