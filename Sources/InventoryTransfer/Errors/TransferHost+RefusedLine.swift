import InventoryClient
internal import InventoryModel

/// Queries the server for the product that a refusal's quantities belong to.
extension TransferHost {
    /// Returns the SKU, location and unit of a refusal's subject, which the refused command's line names.
    ///
    /// It is `nil` if the refusal has no quantities or the subject cannot be determined.
    func place(of refusal: Refusal, _ line: RefusedLine?) async -> Refusal.Place? {
        guard refusal.hasQuantities else { return nil }
        switch refusal.detail {
        case .shortage(let shortage): return await self.place(of: shortage)
        case .remainder(let id, _, _):
            let number = UInt32(clamping: id)
            return refusal.code == .exceedsTransfer
                ? await self.place(of: .transfer(TransferID(number)))
                : await self.place(of: .reservation(ReservationID(number)))
        default:
            guard let line else { return nil }
            return await self.place(of: line)
        }
    }

    private func place(of line: RefusedLine) async -> Refusal.Place? {
        switch line {
        case .draft(let sku, let unit):
            return Refusal.Place(sku: sku, of: unit)
        case .product(let id, let unit):
            let found = try? await self.client.product(.id(id), asOf: nil)
            var place = found.map { Refusal.Place(of: $0.product) }
            if let unit {
                place?.decimals = unit.decimals
                place?.unit = unit.code
            }
            return place
        case .step(let lsn):
            // Only a step whose movements are all of one product has a subject.
            let rows = try? await self.client.movements(LedgerQuery(lsn: lsn)).rows
            guard let rows, let first = rows.first, rows.allSatisfy({ $0.sku == first.sku })
            else { return nil }
            return Refusal.Place(sku: first.sku, of: first.unit)
        case .reservation(let id):
            let found = try? await self.client.reservations(ReservationQuery(id: id)).rows.first
            return found.map { Refusal.Place(sku: $0.sku, of: $0.unit) }
        case .transfer(let id):
            let found = try? await self.client.transfers(TransferQuery(id: id)).rows.first
            return found.map { Refusal.Place(sku: $0.sku, of: $0.unit) }
        }
    }

    private func place(of shortage: Refusal.Shortage) async -> Refusal.Place? {
        let query = LevelQuery(product: shortage.product, location: shortage.location)
        if let level = try? await self.client.levels(query).rows.first {
            var place = Refusal.Place(sku: level.sku, of: level.unit)
            place.location = level.locationCode
            return place
        }
        // A product that never had stock at the location has no level.
        var place = await self.place(of: .product(shortage.product))
        if place != nil { place?.location = await self.code(of: shortage.location) }
        return place
    }

    private func code(of location: LocationID) async -> String {
        guard let all = try? await self.client.locations(includingArchived: true).rows else {
            return ""
        }
        return all.first { $0.id == location }?.code ?? "location \(location.value)"
    }
}

extension Refusal.Place {
    init(of product: Product) {
        self.init(sku: product.sku, of: product.unit)
    }

    fileprivate init(sku: String, of unit: Unit) {
        self.init(sku: sku, decimals: unit.decimals, unit: unit.code)
    }
}
