internal import Bytes
package import InventoryModel

/// The subject of a refusal as the refused command names it, which leads to the product and its unit.
enum RefusedLine: Hashable, Sendable {
    /// A product, with the new unit if the command changes it.
    case product(ProductID, in: InventoryModel.Unit? = nil)
    /// A product that does not exist yet.
    case draft(sku: String, InventoryModel.Unit)
    /// The movements of the step at an LSN.
    case step(LSN)
    case reservation(ReservationID)
    case transfer(TransferID)
}

extension Command {
    /// Returns the command at an index of a batch; `nil` if this is no batch or has fewer commands.
    package func part(_ index: Int) -> Command? {
        guard case .batch(let commands, _) = self, commands.indices.contains(index) else {
            return nil
        }
        return commands[index]
    }

    /// Returns the line that was refused, or the only line.
    ///
    /// It is `nil` if the command has several lines and the refusal names none, or if the command is not
    /// about a product.
    func line(of refusal: Refusal) -> RefusedLine? {
        if case .batch(let index, let inner) = refusal.detail {
            return self.part(Int(index))?.line(of: inner)
        }
        func chosen<Line>(_ lines: [Line]) -> Line? {
            guard let number = refusal.line.map({ Int($0) }) else {
                return lines.count == 1 ? lines[0] : nil
            }
            return lines.indices.contains(number) ? lines[number] : nil
        }
        return switch self {
        case .sell(let sale): chosen(sale.lines).map { .product($0.product) }
        case .returnSale(let saleReturn): chosen(saleReturn.lines).map { .product($0.product) }
        case .restock(let restock): chosen(restock.lines).map { .product($0.product) }
        case .reserve(let reserve): chosen(reserve.lines).map { .product($0.product) }
        case .dispatchTransfer(let dispatch): chosen(dispatch.lines).map { .product($0.product) }
        case .recordPastSale(let sale): chosen(sale.lines).map { .product($0.product) }
        case .adjust(let adjustment): .product(adjustment.product)
        case .count(let count): .product(count.product)
        case .setUnavailable(let hold): .product(hold.product)
        case .expectIncoming(let expectation): .product(expectation.product)
        case .setFloor(let change): .product(change.product)
        case .setReorderPoint(let change): .product(change.product)
        case .writeOff(let writeOff): .product(writeOff.product)
        case .reverse(let reversal): .step(reversal.lsn)
        case .createProduct(let draft): .draft(sku: draft.sku, draft.unit)
        case .inferProduct(let inferred): .draft(sku: inferred.sku, inferred.unit)
        case .updateProduct(let id, let update, _): .product(id, in: update.unit)
        case .deleteProduct(let id, _): .product(id)
        case .extendReservation(let extend):
            chosen(extend.lines).map { .reservation($0.reservation) }
        case .commitReservation(let commit):
            chosen(commit.lines).map { .reservation($0.reservation) }
        case .releaseReservation(let release):
            chosen(release.lines).map { .reservation($0.reservation) }
        case .receiveTransfer(let settlement), .cancelTransfer(let settlement):
            chosen(settlement.lines).map { .transfer($0.transfer) }
        case .createCategory, .renameCategory, .archiveCategory, .createLocation, .updateLocation,
            .archiveLocation, .recordImportRun, .describeImportRun, .batch:
            nil
        }
    }
}

extension Refusal {
    /// Fields whose values are base units of a product.
    static let quantityFields: Set<String> = {
        let ofStock = [
            "quantity", "delta", "counted", "floor", "onHand", "unavailable", "incoming",
        ]
        return Self.productQuantities.union(ofStock)
    }()

    /// Fields of a product whose values are base units.
    private static let productQuantities: Set<String> = {
        let names = ProductFields.descriptions.filter { $0.kind == .quantity }.map { $0.name }
        return Set(names + ["opening.quantity"])
    }()

    /// Fields whose lower limit is always 0: that they cannot be negative says it all.
    ///
    /// The limits of a movement follow from what is there.
    static let nonNegativeFields = Self.productQuantities.union(Self.moneyFields)

    /// Fields whose values are minor units of the currency.
    static let moneyFields: Set<String> = [
        "price", "unitCost", "opening.unitCost", "amount", "cost",
    ]

    /// Whether the refusal has quantities, which need their unit to be understood.
    var hasQuantities: Bool {
        switch self.detail {
        case .sold, .remainder, .shortage: true
        case .range(let name, _, _, _): Self.quantityFields.contains(name)
        case .batch(_, let inner): inner.hasQuantities
        case .none, .message, .field, .id, .taken, .revision, .sequence, .recorded, .receiptLine:
            false
        }
    }
}
