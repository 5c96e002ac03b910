import InventoryClient
internal import InventoryModel

/// What the quantities of a refusal are of: looked up at the server.
extension TransferHost {
    /// The SKU, location and unit of what a refusal is about; nothing where it has no quantities, or
    /// nobody can tell.
    ///
    /// `line`: What the refused command says.
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
            return Refusal.Place(sku: sku, decimals: unit.decimals, unit: unit.code)
        case .product(let id, let unit):
            var place = await self.place(in: .product(.id(id), asOf: nil))
            if let unit {
                place?.decimals = unit.decimals
                place?.unit = unit.code
            }
            return place
        case .step(let lsn): return await self.place(in: .ledger(LedgerQuery(lsn: lsn)))
        case .reservation(let id):
            return await self.place(in: .reservations(ReservationQuery(id: id)))
        case .transfer(let id): return await self.place(in: .transfers(TransferQuery(id: id)))
        }
    }

    /// The product that all rows of an answer are of.
    private func place(in query: Query) async -> Refusal.Place? {
        guard let rows = try? await self.client.query(query).table, rows.rowCount > 0 else {
            return nil
        }
        let sku = rows.text(0, "sku")
        guard (1..<rows.rowCount).allSatisfy({ rows.text($0, "sku") == sku }) else { return nil }
        return Refusal.Place(rows)
    }

    private func place(of shortage: Refusal.Shortage) async -> Refusal.Place? {
        let query = Query.levels(
            LevelQuery(product: shortage.product, location: shortage.location)
        )
        if let rows = try? await self.client.query(query).table, rows.rowCount > 0 {
            var place = Refusal.Place(rows)
            place.location = rows.text(0, "location")
            return place
        }
        // Nothing was ever there: then there is no level, but a product.
        var place = await self.place(of: .product(shortage.product))
        if place != nil { place?.location = await self.code(of: shortage.location) }
        return place
    }

    private func code(of location: LocationID) async -> String {
        let query = Query.locations(includingArchived: true)
        guard let rows = try? await self.client.query(query).table else { return "" }
        for row in 0..<rows.rowCount where rows.integer(row, "id") == Int64(location.value) {
            return rows.text(row, "code")
        }
        return "location \(location.value)"
    }
}

extension Refusal.Place {
    init(of product: Product) {
        self.init(sku: product.sku, decimals: product.unit.decimals, unit: product.unit.code)
    }

    /// The product of the first row.
    fileprivate init(_ rows: ResultTable) {
        self.init(
            sku: rows.text(0, "sku"),
            decimals: UInt8(clamping: rows.integer(0, "unitDecimals") ?? 0),
            unit: rows.text(0, "unit")
        )
    }
}
