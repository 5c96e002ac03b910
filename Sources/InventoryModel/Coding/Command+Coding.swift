public import Bytes

/// What the first byte of a command says it is.
///
/// Numbers are never given a second meaning.
public enum CommandTag: UInt8, CaseIterable, Sendable {
    case createCategory = 1
    case renameCategory = 2
    case archiveCategory = 3
    case createLocation = 4
    case updateLocation = 5
    case archiveLocation = 6
    case createProduct = 7
    case updateProduct = 8
    case deleteProduct = 9
    case sell = 10
    case returnSale = 11
    case restock = 12
    case adjust = 13
    case count = 14
    case setUnavailable = 15
    case expectIncoming = 16
    case setFloor = 17
    case reverse = 18
    case reserve = 19
    case extendReservation = 20
    case commitReservation = 21
    case releaseReservation = 22
    case dispatchTransfer = 23
    case receiveTransfer = 24
    case cancelTransfer = 25
    case batch = 30
}

extension Command {
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .createCategory(let name):
            writer.writeCase(CommandTag.createCategory)
            writer.writeText(name)
        case .renameCategory(let id, let name, let revision):
            writer.writeCase(CommandTag.renameCategory)
            writer.writeVarint(UInt64(id.value))
            writer.writeText(name)
            writer.writeOptional(revision)
        case .archiveCategory(let id, let revision):
            writer.writeCase(CommandTag.archiveCategory)
            writer.writeVarint(UInt64(id.value))
            writer.writeOptional(revision)
        case .createLocation(let location):
            writer.writeCase(CommandTag.createLocation)
            writer.writeText(location.code)
            writer.writeText(location.name)
            writer.writeText(location.zone)
            writer.writeCase(location.kind)
        case .updateLocation(let id, let update, let revision):
            writer.writeCase(CommandTag.updateLocation)
            writer.writeVarint(UInt64(id.value))
            update.encode(into: &writer)
            writer.writeOptional(revision)
        case .archiveLocation(let id, let revision):
            writer.writeCase(CommandTag.archiveLocation)
            writer.writeVarint(UInt64(id.value))
            writer.writeOptional(revision)
        case .createProduct(let product):
            writer.writeCase(CommandTag.createProduct)
            product.encode(into: &writer)
        case .updateProduct(let id, let update, let revision):
            writer.writeCase(CommandTag.updateProduct)
            writer.writeVarint(UInt64(id.value))
            update.encode(into: &writer)
            writer.writeOptional(revision)
        case .deleteProduct(let id, let revision):
            writer.writeCase(CommandTag.deleteProduct)
            writer.writeVarint(UInt64(id.value))
            writer.writeOptional(revision)
        case .sell(let sale):
            writer.writeCase(CommandTag.sell)
            sale.encode(into: &writer)
        case .returnSale(let wanted):
            writer.writeCase(CommandTag.returnSale)
            wanted.encode(into: &writer)
        case .restock(let restock):
            writer.writeCase(CommandTag.restock)
            restock.encode(into: &writer)
        case .adjust(let adjustment):
            writer.writeCase(CommandTag.adjust)
            adjustment.encode(into: &writer)
        case .count(let count):
            writer.writeCase(CommandTag.count)
            count.encode(into: &writer)
        case .setUnavailable(let hold):
            writer.writeCase(CommandTag.setUnavailable)
            hold.encode(into: &writer)
        case .expectIncoming(let expectation):
            writer.writeCase(CommandTag.expectIncoming)
            expectation.encode(into: &writer)
        case .setFloor(let change):
            writer.writeCase(CommandTag.setFloor)
            writer.writePlace(change.product, change.location)
            writer.writeVarint(change.floor)
            writer.writeOptional(change.ifRevision)
        case .reverse(let reversal):
            writer.writeCase(CommandTag.reverse)
            writer.writeVarint(reversal.lsn)
            writer.writeCase(reversal.reason)
            writer.writeText(reversal.note)
        case .reserve(let reserve):
            writer.writeCase(CommandTag.reserve)
            reserve.encode(into: &writer)
        case .extendReservation(let wanted):
            writer.writeCase(CommandTag.extendReservation)
            wanted.encode(into: &writer)
        case .commitReservation(let commit):
            writer.writeCase(CommandTag.commitReservation)
            commit.encode(into: &writer)
        case .releaseReservation(let release):
            writer.writeCase(CommandTag.releaseReservation)
            release.encode(into: &writer)
        case .dispatchTransfer(let dispatch):
            writer.writeCase(CommandTag.dispatchTransfer)
            dispatch.encode(into: &writer)
        case .receiveTransfer(let settlement):
            writer.writeCase(CommandTag.receiveTransfer)
            settlement.encode(into: &writer)
        case .cancelTransfer(let settlement):
            writer.writeCase(CommandTag.cancelTransfer)
            settlement.encode(into: &writer)
        case .batch(let commands, let mode):
            writer.writeCase(CommandTag.batch)
            writer.writeCase(mode)
            writer.writeVarint(UInt64(commands.count))
            for command in commands { command.encode(into: &writer) }
        }
    }

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
            guard tag != .batch else {
                throw .unknownCode(offset: offset, code: 30, what: "batch in a batch")
            }
            return try Command(tag, from: &reader)
        }
        self = .batch(commands, mode)
    }

    private init(_ tag: CommandTag, from reader: inout ByteReader) throws(ByteReaderError) {
        switch tag {
        case .createCategory:
            self = .createCategory(name: try reader.readCommandText())
        case .renameCategory:
            self = .renameCategory(
                try reader.readCategoryID(),
                name: try reader.readCommandText(),
                ifRevision: try reader.readOptional()
            )
        case .archiveCategory:
            self = .archiveCategory(
                try reader.readCategoryID(),
                ifRevision: try reader.readOptional()
            )
        case .createLocation:
            self = .createLocation(
                LocationDraft(
                    code: try reader.readCommandText(),
                    name: try reader.readCommandText(),
                    zone: try reader.readCommandText(),
                    kind: try reader.readCase(LocationKind.self, "location kind")
                )
            )
        case .updateLocation:
            self = .updateLocation(
                try reader.readLocationID(),
                try LocationUpdate(from: &reader),
                ifRevision: try reader.readOptional()
            )
        case .archiveLocation:
            self = .archiveLocation(
                try reader.readLocationID(),
                ifRevision: try reader.readOptional()
            )
        case .createProduct:
            self = .createProduct(try ProductDraft(from: &reader))
        case .updateProduct:
            self = .updateProduct(
                try reader.readProductID(),
                try ProductUpdate(from: &reader),
                ifRevision: try reader.readOptional()
            )
        case .deleteProduct:
            self = .deleteProduct(
                try reader.readProductID(),
                ifRevision: try reader.readOptional()
            )
        case .sell: self = .sell(try Sale(from: &reader))
        case .returnSale: self = .returnSale(try SaleReturn(from: &reader))
        case .restock: self = .restock(try Restock(from: &reader))
        case .adjust: self = .adjust(try Adjustment(from: &reader))
        case .count: self = .count(try StockCount(from: &reader))
        case .setUnavailable: self = .setUnavailable(try Hold(from: &reader))
        case .expectIncoming: self = .expectIncoming(try Expectation(from: &reader))
        case .setFloor:
            self = .setFloor(
                FloorChange(
                    product: try reader.readProductID(),
                    location: try reader.readLocationID(),
                    floor: try reader.readSignedVarint(),
                    ifRevision: try reader.readOptional()
                )
            )
        case .reverse:
            self = .reverse(
                Reversal(
                    lsn: try reader.readVarint(),
                    reason: try reader.readCase(Reason.self, "reason"),
                    note: try reader.readCommandText()
                )
            )
        case .reserve: self = .reserve(try Reserve(from: &reader))
        case .extendReservation:
            self = .extendReservation(try ExtendReservation(from: &reader))
        case .commitReservation:
            self = .commitReservation(try CommitReservation(from: &reader))
        case .releaseReservation:
            self = .releaseReservation(try ReleaseReservation(from: &reader))
        case .dispatchTransfer:
            self = .dispatchTransfer(try DispatchTransfer(from: &reader))
        case .receiveTransfer:
            self = .receiveTransfer(try TransferSettlement(from: &reader))
        case .cancelTransfer:
            self = .cancelTransfer(try TransferSettlement(from: &reader))
        case .batch:
            preconditionFailure("a batch is read by its caller")
        }
    }
}
