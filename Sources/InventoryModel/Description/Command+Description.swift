/// The description of each command.
///
/// The encoding of the fields, the members of `apply` and `invctl help commands` are derived from these, and
/// PROTOCOL.md is compared with them. ``Command``, ``CommandTag`` and the engine's `decide` list the commands too;
/// CONTRIBUTING.md names every place.
extension Command {
    /// Creates the command of a tag with the fields that `visitor` sets; a batch has no description.
    package init<Visitor: CommandVisitor & ~Copyable>(
        _ tag: CommandTag,
        visiting visitor: inout Visitor
    ) throws(Visitor.Failure) {
        switch tag {
        case .createCategory:
            let creation = try visitor.read(Creation<CategoryFields>.self)
            self = .createCategory(name: creation.fields.name)
        case .renameCategory:
            let renaming = try visitor.read(Renaming.self)
            let name = renaming.fields.name
            self = .renameCategory(renaming.id, name: name, ifRevision: renaming.ifRevision)
        case .archiveCategory:
            let removal = try visitor.read(Removal<CategoryID>.self)
            self = .archiveCategory(removal.id, ifRevision: removal.ifRevision)
        case .createLocation:
            self = .createLocation(try visitor.read(Creation<LocationFields>.self).fields)
        case .updateLocation:
            let updating = try visitor.read(Updating<LocationID, LocationFields>.self)
            self = .updateLocation(updating.id, updating.update, ifRevision: updating.ifRevision)
        case .archiveLocation:
            let removal = try visitor.read(Removal<LocationID>.self)
            self = .archiveLocation(removal.id, ifRevision: removal.ifRevision)
        case .createProduct: self = .createProduct(try visitor.read(ProductDraft.self))
        case .updateProduct:
            let updating = try visitor.read(Updating<ProductID, ProductFields>.self)
            self = .updateProduct(updating.id, updating.update, ifRevision: updating.ifRevision)
        case .deleteProduct:
            let removal = try visitor.read(Removal<ProductID>.self)
            self = .deleteProduct(removal.id, ifRevision: removal.ifRevision)
        case .sell: self = .sell(try visitor.read(Sale.self))
        case .returnSale: self = .returnSale(try visitor.read(SaleReturn.self))
        case .restock: self = .restock(try visitor.read(Restock.self))
        case .adjust: self = .adjust(try visitor.read(Adjustment.self))
        case .count: self = .count(try visitor.read(StockCount.self))
        case .setUnavailable: self = .setUnavailable(try visitor.read(Hold.self))
        case .expectIncoming: self = .expectIncoming(try visitor.read(Expectation.self))
        case .setFloor: self = .setFloor(try visitor.read(FloorChange.self))
        case .setReorderPoint:
            self = .setReorderPoint(try visitor.read(ReorderPointChange.self))
        case .writeOff: self = .writeOff(try visitor.read(WriteOff.self))
        case .reverse: self = .reverse(try visitor.read(Reversal.self))
        case .reserve: self = .reserve(try visitor.read(Reserve.self))
        case .extendReservation:
            self = .extendReservation(try visitor.read(ExtendReservation.self))
        case .commitReservation:
            self = .commitReservation(try visitor.read(CommitReservation.self))
        case .releaseReservation:
            self = .releaseReservation(try visitor.read(ReleaseReservation.self))
        case .dispatchTransfer: self = .dispatchTransfer(try visitor.read(DispatchTransfer.self))
        case .receiveTransfer: self = .receiveTransfer(try visitor.read(TransferSettlement.self))
        case .cancelTransfer: self = .cancelTransfer(try visitor.read(TransferSettlement.self))
        case .recordImportRun: self = .recordImportRun(try visitor.read(RecordImportRun.self))
        case .describeImportRun:
            self = .describeImportRun(try visitor.read(DescribeImportRun.self))
        case .inferProduct: self = .inferProduct(try visitor.read(InferredProduct.self))
        case .recordPastSale: self = .recordPastSale(try visitor.read(PastSale.self))
        case .createExtendedProduct, .batch: preconditionFailure("\(tag) has no description")
        }
    }
}

extension CommandVisitor where Self: ~Copyable {
    /// Returns the value that this visitor reads.
    fileprivate mutating func read<Value: DescribedCommand>(
        _ type: Value.Type
    ) throws(Failure) -> Value {
        var value = Value()
        try value.visit(&self)
        return value
    }
}

extension CommandTag {
    /// The commands that have a description: not a batch, which is a list of others, nor another encoding of
    /// one that has.
    public static var described: [Self] {
        Self.allCases.filter { $0 != .batch && $0 != .createExtendedProduct }
    }

    /// The fields of the command, in the order of their encoding.
    public var fields: [FieldDescription] {
        var list = FieldList()
        _ = Command(self, visiting: &list)
        return list.fields
    }
}
