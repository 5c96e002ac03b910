public import Bytes

/// The first byte of an encoded command; numbers never change their meaning.
public enum CommandTag: UInt8, CaseIterable, Sendable {
    /// ``Command/createCategory(name:)``.
    case createCategory = 1
    /// ``Command/renameCategory(_:name:ifRevision:)``.
    case renameCategory = 2
    /// ``Command/archiveCategory(_:ifRevision:)``.
    case archiveCategory = 3
    /// ``Command/createLocation(_:)``.
    case createLocation = 4
    /// ``Command/updateLocation(_:_:ifRevision:)``.
    case updateLocation = 5
    /// ``Command/archiveLocation(_:ifRevision:)``.
    case archiveLocation = 6
    /// ``Command/createProduct(_:)``.
    case createProduct = 7
    /// ``Command/updateProduct(_:_:ifRevision:)``.
    case updateProduct = 8
    /// ``Command/deleteProduct(_:ifRevision:)``.
    case deleteProduct = 9
    /// ``Command/sell(_:)``.
    case sell = 10
    /// ``Command/returnSale(_:)``.
    case returnSale = 11
    /// ``Command/restock(_:)``.
    case restock = 12
    /// ``Command/adjust(_:)``.
    case adjust = 13
    /// ``Command/count(_:)``.
    case count = 14
    /// ``Command/setUnavailable(_:)``.
    case setUnavailable = 15
    /// ``Command/expectIncoming(_:)``.
    case expectIncoming = 16
    /// ``Command/setFloor(_:)``.
    case setFloor = 17
    /// ``Command/reverse(_:)``.
    case reverse = 18
    /// ``Command/reserve(_:)``.
    case reserve = 19
    /// ``Command/extendReservation(_:)``.
    case extendReservation = 20
    /// ``Command/commitReservation(_:)``.
    case commitReservation = 21
    /// ``Command/releaseReservation(_:)``.
    case releaseReservation = 22
    /// ``Command/dispatchTransfer(_:)``.
    case dispatchTransfer = 23
    /// ``Command/receiveTransfer(_:)``.
    case receiveTransfer = 24
    /// ``Command/cancelTransfer(_:)``.
    case cancelTransfer = 25
    /// ``Command/setReorderPoint(_:)``.
    case setReorderPoint = 28
    /// ``Command/recordImportRun(_:)``.
    case recordImportRun = 27
    /// ``Command/recordPastSale(_:)``.
    case recordPastSale = 26
    /// ``Command/batch(_:_:)``.
    case batch = 30
    /// ``Command/createProduct(_:)`` with extension fields.
    case createExtendedProduct = 31
    /// ``Command/writeOff(_:)``.
    case writeOff = 32
    /// ``Command/describeImportRun(_:)``.
    case describeImportRun = 33
    /// ``Command/inferProduct(_:)``.
    case inferProduct = 34
}

extension Command {
    /// The tag that names the command; a product is created under one name whatever its layout.
    public var tag: CommandTag {
        switch self {
        case .createCategory: .createCategory
        case .renameCategory: .renameCategory
        case .archiveCategory: .archiveCategory
        case .createLocation: .createLocation
        case .updateLocation: .updateLocation
        case .archiveLocation: .archiveLocation
        case .createProduct: .createProduct
        case .updateProduct: .updateProduct
        case .deleteProduct: .deleteProduct
        case .sell: .sell
        case .returnSale: .returnSale
        case .restock: .restock
        case .adjust: .adjust
        case .count: .count
        case .setUnavailable: .setUnavailable
        case .expectIncoming: .expectIncoming
        case .setFloor: .setFloor
        case .setReorderPoint: .setReorderPoint
        case .writeOff: .writeOff
        case .reverse: .reverse
        case .reserve: .reserve
        case .extendReservation: .extendReservation
        case .commitReservation: .commitReservation
        case .releaseReservation: .releaseReservation
        case .dispatchTransfer: .dispatchTransfer
        case .receiveTransfer: .receiveTransfer
        case .cancelTransfer: .cancelTransfer
        case .recordImportRun: .recordImportRun
        case .describeImportRun: .describeImportRun
        case .inferProduct: .inferProduct
        case .recordPastSale: .recordPastSale
        case .batch: .batch
        }
    }

    /// Writes the tag and the fields.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .createCategory(let name):
            Self.write(.createCategory, Creation(CategoryFields(name: name)), into: &writer)
        case .renameCategory(let id, let name, let revision):
            Self.write(.renameCategory, Renaming(id, name: name, revision), into: &writer)
        case .archiveCategory(let id, let revision):
            Self.write(.archiveCategory, Removal(id, revision), into: &writer)
        case .createLocation(let location):
            Self.write(.createLocation, Creation(location), into: &writer)
        case .updateLocation(let id, let update, let revision):
            Self.write(
                .updateLocation,
                Updating(id, update: update, ifRevision: revision),
                into: &writer
            )
        case .archiveLocation(let id, let revision):
            Self.write(.archiveLocation, Removal(id, revision), into: &writer)
        case .createProduct(let product): product.encodeTagged(into: &writer)
        case .updateProduct(let id, let update, let revision):
            Self.write(
                .updateProduct,
                Updating(id, update: update, ifRevision: revision),
                into: &writer
            )
        case .deleteProduct(let id, let revision):
            Self.write(.deleteProduct, Removal(id, revision), into: &writer)
        case .sell(let sale):
            writer.writeCase(CommandTag.sell)
            sale.encode(into: &writer)
        case .returnSale(let wanted): Self.write(.returnSale, wanted, into: &writer)
        case .restock(let restock):
            writer.writeCase(CommandTag.restock)
            restock.encode(into: &writer)
        case .adjust(let adjustment): Self.write(.adjust, adjustment, into: &writer)
        case .count(let count): Self.write(.count, count, into: &writer)
        case .setUnavailable(let hold): Self.write(.setUnavailable, hold, into: &writer)
        case .expectIncoming(let wanted): Self.write(.expectIncoming, wanted, into: &writer)
        case .setFloor(let change): Self.write(.setFloor, change, into: &writer)
        case .setReorderPoint(let change): Self.write(.setReorderPoint, change, into: &writer)
        case .writeOff(let wanted): Self.write(.writeOff, wanted, into: &writer)
        case .reverse(let reversal): Self.write(.reverse, reversal, into: &writer)
        case .reserve(let wanted): Self.write(.reserve, wanted, into: &writer)
        case .extendReservation(let wanted): Self.write(.extendReservation, wanted, into: &writer)
        case .commitReservation(let wanted): Self.write(.commitReservation, wanted, into: &writer)
        case .releaseReservation(let wanted): Self.write(.releaseReservation, wanted, into: &writer)
        case .dispatchTransfer(let wanted): Self.write(.dispatchTransfer, wanted, into: &writer)
        case .receiveTransfer(let wanted): Self.write(.receiveTransfer, wanted, into: &writer)
        case .cancelTransfer(let wanted): Self.write(.cancelTransfer, wanted, into: &writer)
        case .recordImportRun(let wanted): Self.write(.recordImportRun, wanted, into: &writer)
        case .describeImportRun(let wanted): Self.write(.describeImportRun, wanted, into: &writer)
        case .inferProduct(let wanted): Self.write(.inferProduct, wanted, into: &writer)
        case .recordPastSale(let sale): Self.write(.recordPastSale, sale, into: &writer)
        case .batch(let commands, let mode):
            writer.writeCase(CommandTag.batch)
            writer.writeCase(mode)
            writer.writeVarint(UInt64(commands.count))
            for command in commands { command.encode(into: &writer) }
        }
    }

    private static func write(
        _ tag: CommandTag,
        _ command: some DescribedCommand,
        into writer: inout ByteWriter
    ) {
        writer.writeCase(tag)
        command.encode(into: &writer)
    }

    /// Reads what ``encode(into:)`` wrote; limits on lines and values are checked when it is executed.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        let tag = try reader.readCase(CommandTag.self, "command")
        guard tag == .batch else {
            try self.init(tag, from: &reader)
            return
        }
        let mode = try reader.readCase(BatchMode.self, "batch mode")
        let commands = try reader.readList(limit: Limits.batchMax) {
            (reader: inout ByteReader) throws(ByteReaderError) -> Command in
            let tag = try reader.readCase(CommandTag.self, "command")
            guard tag == .batch else { return try Command(tag, from: &reader) }
            let group = try reader.readCase(BatchMode.self, "batch mode")
            guard mode.mayContain(group) else {
                throw .unknownCode(offset: offset, code: 30, what: "batch in a batch")
            }
            return .batch(try Self.plainCommands(from: &reader), group)
        }
        self = .batch(commands, mode)
    }

    /// Reads the commands of a batch in a batch, which contains no further one.
    private static func plainCommands(
        from reader: inout ByteReader
    ) throws(ByteReaderError) -> [Command] {
        let offset = reader.offset
        return try reader.readList(limit: Limits.batchMax) {
            (reader: inout ByteReader) throws(ByteReaderError) -> Command in
            let tag = try reader.readCase(CommandTag.self, "command")
            guard tag != .batch else {
                throw .unknownCode(offset: offset, code: 30, what: "batch in a batch")
            }
            return try Command(tag, from: &reader)
        }
    }

    private init(_ tag: CommandTag, from reader: inout ByteReader) throws(ByteReaderError) {
        switch tag {
        case .sell: self = .sell(try Sale(from: &reader))
        case .restock: self = .restock(try Restock(from: &reader))
        case .createExtendedProduct: self = .createProduct(try ProductDraft(extended: &reader))
        default: try self.init(tag, visiting: &reader)
        }
    }
}
