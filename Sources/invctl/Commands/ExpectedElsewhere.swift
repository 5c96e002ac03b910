internal import InventoryClient
internal import InventoryModel
import InventoryTransfer
import TerminalKit

/// Goods of a delivery that are expected under its reference at another location: they stay expected there, which
/// the person at the door should know.
///
///     note  20 LAP-01 are still expected under PO-118 at depot, not at main
extension Shell {
    /// Says what a delivery did not reduce because it is expected at other locations.
    ///
    /// Only of products of which more came than was expected here. The delivery is recorded, so that a query
    /// which fails now is no failure of it.
    func noteExpectedElsewhere(
        _ done: Outcome.Done,
        _ restock: Restock,
        of products: [ProductInfo]
    ) async {
        guard !restock.reference.isEmpty, !self.isDryRun, !self.options.isQuiet else { return }
        var seen: Set<ProductID> = []
        for (line, product) in zip(restock.lines, products)
        where seen.insert(line.product).inserted {
            let query = LedgerQuery(product: line.product, reference: restock.reference)
            guard let rows = try? await self.client.movements(query).rows else { return }
            let delivered = rows.filter { $0.id.lsn == done.lsn }
            let surplus = delivered.reduce(Quantity(0)) {
                $0.addingSaturated($1.onHandDelta).addingSaturated($1.incomingDelta)
            }
            guard surplus > 0 else { continue }
            for place in ExpectedPlace.all(of: rows) where place.location != line.location {
                self.note(place, of: product, under: restock.reference)
            }
        }
    }

    private func note(
        _ place: ExpectedPlace,
        of product: ProductInfo,
        under reference: String
    ) {
        let quantity = DecimalText.format(place.quantity, decimals: product.unitDecimals)
        self.note(
            """
              note  \(quantity) \(product.sku) are still expected under \(reference) at \(place.code); \
            if they are these, invctl stock expect \(product.sku)=-\(quantity) --at \(place.code) \
            --ref \(reference)
            """
        )
    }
}

/// What is expected of a product at one location under one reference.
private struct ExpectedPlace {
    var location: LocationID
    var code: String
    var quantity: Quantity

    /// Sums the changes of incoming stock; those of transfers are no orders.
    static func all(of rows: [ListedMovement]) -> [ExpectedPlace] {
        let transfers = Set(
            rows.filter { [.transferOut, .transferIn].contains($0.kind) }.map { $0.id.lsn }
        )
        var places: [LocationID: ExpectedPlace] = [:]
        for row in rows where !transfers.contains(row.id.lsn) {
            var place =
                places[row.location]
                ?? ExpectedPlace(location: row.location, code: row.locationCode, quantity: 0)
            place.quantity = place.quantity.addingSaturated(row.incomingDelta)
            places[row.location] = place
        }
        return places.values.filter { $0.quantity > 0 }
            .sorted { $0.location.value < $1.location.value }
    }
}
