public import Bytes

/// The first byte of an encoded change; numbers never change their meaning.
public enum ChangeTag: UInt8, CaseIterable, Sendable {
    /// ``Change/databaseCreated(currency:)``.
    case databaseCreated = 1
    /// ``Change/category(_:)``.
    case category = 2
    /// ``Change/location(_:)``.
    case location = 3
    /// ``Change/productCreated(_:)``.
    case productCreated = 4
    /// ``Change/productUpdated(_:_:)``.
    case productUpdated = 5
    /// ``Change/productArchived(_:)``.
    case productArchived = 6
    /// ``Change/productDeleted(_:)``.
    case productDeleted = 7
    /// ``Change/moved(_:_:)``.
    case moved = 8
    /// ``Change/level(_:)``.
    case level = 9
    /// ``Change/demandRefused(_:)``.
    case demandRefused = 10
    /// ``Change/alert(_:isRaised:_:_:available:threshold:)``.
    case alert = 11
    /// ``Change/sessionOpened(_:number:)``.
    case sessionOpened = 12
    /// ``Change/sessionAdvanced(number:sequence:digest:outcome:)``.
    case sessionAdvanced = 13
    /// ``Change/sessionsExpired(_:)``.
    case sessionsExpired = 14
    /// ``Change/reservation(_:)``.
    case reservation = 15
    /// ``Change/transfer(_:)``.
    case transfer = 16
    /// ``Change/productLeft(_:)``; only in events.
    case productLeft = 17
    /// ``Change/keyRemembered(_:digest:outcome:)``.
    case keyRemembered = 18
    /// ``Change/keysForgotten(count:)``.
    case keysForgotten = 19
    /// ``Change/productCreated(_:)`` of a product with extension fields.
    case extendedProductCreated = 20
    /// ``Change/reorderPoint(_:)``.
    case reorderPoint = 24
    /// ``Change/importRun(_:)``.
    case importRun = 23
    /// ``Change/receiptRecorded(_:)``.
    case receiptRecorded = 21
    /// ``Change/importPart(_:)``.
    case importPart = 25
    /// ``Change/productInferred(_:)``.
    case productInferred = 26
}

extension Change {
    /// Writes a change that is not part of an entry, such as a snapshot's row.
    public func encode(into writer: inout ByteWriter, lsn: LSN, time: Instant) {
        var strings = EntryStrings()
        self.encode(into: &writer, lsn: lsn, time: time, &strings)
    }

    /// Writes a change of an entry.
    ///
    /// `lsn` and `time` are those of the step, which the encoding is relative to; `strings` are those of the
    /// earlier changes.
    func encode(
        into writer: inout ByteWriter,
        lsn: LSN,
        time: Instant,
        _ strings: inout EntryStrings
    ) {
        switch self {
        case .databaseCreated(let currency):
            writer.writeCase(ChangeTag.databaseCreated)
            writer.writeText(currency.code)
        case .category(let category):
            writer.writeCase(ChangeTag.category)
            category.encode(into: &writer)
        case .location(let location):
            writer.writeCase(ChangeTag.location)
            location.encode(into: &writer)
        case .productCreated(let product):
            product.encodeTagged(into: &writer)
        case .productUpdated(let id, let difference):
            writer.writeCase(ChangeTag.productUpdated)
            writer.writeVarint(UInt64(id.value))
            difference.encode(into: &writer)
        case .productArchived(let id):
            writer.writeCase(ChangeTag.productArchived)
            writer.writeVarint(UInt64(id.value))
        case .productDeleted(let id):
            writer.writeCase(ChangeTag.productDeleted)
            writer.writeVarint(UInt64(id.value))
        case .productLeft(let id):
            writer.writeCase(ChangeTag.productLeft)
            writer.writeVarint(UInt64(id.value))
        case .moved(let movement, let level):
            Self.encodeMoved(
                movement,
                leaving: level,
                into: &writer,
                lsn: lsn,
                time: time,
                &strings
            )
        case .level(let level):
            writer.writeCase(ChangeTag.level)
            level.encode(into: &writer, at: lsn)
        case .reorderPoint(let point):
            writer.writeCase(ChangeTag.reorderPoint)
            point.encode(into: &writer, &strings)
        case .demandRefused(let refused):
            writer.writeCase(ChangeTag.demandRefused)
            refused.encode(into: &writer, &strings)
        case .alert(let kind, let isRaised, let product, let location, let available, let limit):
            writer.writeCase(ChangeTag.alert)
            var alert = AlertNotice(kind, isRaised: isRaised, of: product, at: location)
            (alert.available, alert.threshold) = (available, limit)
            alert.visit(&writer, &strings)
        case .sessionOpened(let id, let number):
            writer.writeCase(ChangeTag.sessionOpened)
            id.encode(into: &writer)
            writer.writeVarint(UInt64(number))
        case .sessionAdvanced(let number, let sequence, let digest, let outcome):
            outcome.withUnsafeBytes {
                let name = RememberedOutcome.Name.session(number, sequence: sequence)
                RememberedOutcome(name, digest: digest, outcome: $0).encode(into: &writer)
            }
        case .keyRemembered(let fingerprint, let digest, let outcome):
            outcome.withUnsafeBytes {
                RememberedOutcome(.key(fingerprint), digest: digest, outcome: $0)
                    .encode(into: &writer)
            }
        case .keysForgotten(let count):
            writer.writeCase(ChangeTag.keysForgotten)
            writer.writeVarint(UInt64(count))
        case .sessionsExpired(let numbers):
            writer.writeCase(ChangeTag.sessionsExpired)
            writer.writeVarint(UInt64(numbers.count))
            for number in numbers { writer.writeVarint(UInt64(number)) }
        case .reservation(let reservation):
            writer.writeCase(ChangeTag.reservation)
            reservation.encode(into: &writer, &strings)
        case .transfer(let transfer):
            writer.writeCase(ChangeTag.transfer)
            transfer.encode(into: &writer, &strings)
        case .importRun(let run):
            writer.writeCase(ChangeTag.importRun)
            run.encode(into: &writer, &strings)
        case .importPart(let part):
            writer.writeCase(ChangeTag.importPart)
            part.encode(into: &writer, &strings)
        case .productInferred(let times):
            writer.writeCase(ChangeTag.productInferred)
            times.encode(into: &writer, &strings)
        case .receiptRecorded(let part):
            writer.writeCase(ChangeTag.receiptRecorded)
            part.encode(into: &writer, &strings)
        }
    }

    /// Reads a change that is not part of an entry; its encoding is relative to `lsn` and `time`.
    public init(
        from reader: inout ByteReader,
        lsn: LSN,
        time: Instant
    ) throws(ByteReaderError) {
        var strings = EntryStrings()
        try self.init(from: &reader, lsn: lsn, time: time, &strings)
    }

    /// Reads a change of an entry, with the step's LSN and time and the strings of the earlier changes.
    package init(
        from reader: inout ByteReader,
        lsn: LSN,
        time: Instant,
        _ strings: inout EntryStrings
    ) throws(ByteReaderError) {
        let tag = try reader.readCase(ChangeTag.self, "change")
        try self.init(tag, from: &reader, lsn: lsn, time: time, &strings)
    }

    /// Reads what follows the tag.
    package init(
        _ tag: ChangeTag,
        from reader: inout ByteReader,
        lsn: LSN,
        time: Instant,
        _ strings: inout EntryStrings
    ) throws(ByteReaderError) {
        switch tag {
        case .databaseCreated:
            let offset = reader.offset
            let code = try reader.readText()
            guard let currency = Currency(code: code), currency.code == code else {
                throw .unknownCode(offset: offset, code: 0, what: "currency")
            }
            self = .databaseCreated(currency: currency)
        case .category:
            self = .category(try Category(from: &reader))
        case .location:
            self = .location(try Location(from: &reader))
        case .productCreated:
            self = .productCreated(try Product(from: &reader))
        case .extendedProductCreated:
            self = .productCreated(try Product(extended: &reader))
        case .productUpdated:
            let id = try reader.readProductID()
            self = .productUpdated(id, try ProductDifference(from: &reader))
        case .productArchived:
            self = .productArchived(try reader.readProductID())
        case .productDeleted:
            self = .productDeleted(try reader.readProductID())
        case .productLeft:
            self = .productLeft(try reader.readProductID())
        case .moved:
            let movement = try Movement(from: &reader, recordedAt: time, &strings)
            let level = try Level.balances(
                from: &reader,
                movement.product,
                movement.location,
                at: lsn
            )
            self = .moved(movement, level)
        case .level:
            self = .level(try Level(from: &reader, at: lsn))
        case .reorderPoint:
            self = .reorderPoint(try LevelReorderPoint(from: &reader, &strings))
        case .demandRefused:
            self = .demandRefused(try RefusedDemand(from: &reader, &strings))
        case .alert:
            let alert = try AlertNotice(from: &reader, &strings)
            self = .alert(
                alert.kind,
                isRaised: alert.isRaised,
                alert.product,
                alert.location,
                available: alert.available,
                threshold: alert.threshold
            )
        case .sessionOpened:
            let id = try SessionID(from: &reader)
            let number = try reader.readVarint(as: UInt32.self, "session number")
            self = .sessionOpened(id, number: number)
        case .sessionAdvanced:
            let number = try reader.readVarint(as: UInt32.self, "session number")
            self = .sessionAdvanced(
                number: number,
                sequence: try reader.readVarint(),
                digest: try reader.readUInt64(),
                outcome: try Self.readOutcome(&reader)
            )
        case .keyRemembered:
            self = .keyRemembered(
                try KeyFingerprint(from: &reader),
                digest: try reader.readUInt64(),
                outcome: try Self.readOutcome(&reader)
            )
        case .keysForgotten:
            self = .keysForgotten(count: try reader.readCount(limit: Limits.tickKeysMax))
        case .sessionsExpired:
            let numbers = try reader.readList(limit: Limits.sessionsMax) {
                (reader: inout ByteReader) throws(ByteReaderError) -> UInt32 in
                try reader.readVarint(as: UInt32.self, "session number")
            }
            self = .sessionsExpired(numbers)
        case .reservation:
            self = .reservation(try Reservation(from: &reader, &strings))
        case .transfer:
            self = .transfer(try Transfer(from: &reader, &strings))
        case .importRun:
            self = .importRun(try ImportRun(from: &reader, &strings))
        case .importPart:
            self = .importPart(try ImportPart(from: &reader, &strings))
        case .productInferred:
            self = .productInferred(try InferredTimes(from: &reader, &strings))
        case .receiptRecorded:
            self = .receiptRecorded(try ReceiptPart(from: &reader, &strings))
        }
    }

    /// Writes ``Change/moved(_:_:)`` of these without creating it.
    static func encodeMoved(
        _ movement: borrowing Movement,
        leaving level: borrowing Level,
        into writer: inout ByteWriter,
        lsn: LSN,
        time: Instant,
        _ strings: inout EntryStrings
    ) {
        writer.writeCase(ChangeTag.moved)
        movement.encode(into: &writer, recordedAt: time, &strings)
        level.encodeBalances(into: &writer, at: lsn)
    }

    /// Whether it may share a text with an earlier change, see ``EntryStrings``.
    package var mayShareStrings: Bool {
        switch self {
        case .moved(let movement, _): !movement.reference.isEmpty || !movement.note.isEmpty
        case .demandRefused(let refused): !refused.reference.isEmpty
        case .reservation(let reservation): !reservation.reference.isEmpty
        case .transfer(let transfer): !transfer.reference.isEmpty
        case .databaseCreated, .category, .location, .productCreated, .productUpdated,
            .productArchived, .productDeleted, .productLeft, .level, .reorderPoint, .alert,
            .sessionOpened, .sessionAdvanced, .sessionsExpired, .keyRemembered, .keysForgotten,
            .importRun, .importPart, .productInferred, .receiptRecorded:
            false
        }
    }

    private static func readOutcome(
        _ reader: inout ByteReader
    ) throws(ByteReaderError) -> [UInt8] {
        [UInt8](try reader.readBytes(try reader.readCount(limit: .max)))
    }
}
