import Inventory
import InventoryClient
import InventoryWire

extension Shell {
    /// A refusal in the words of this database's currency.
    func sentence(_ refusal: Refusal) -> String {
        let facts = refusal.facts(
            decimals: self.server.currencyDecimals,
            currency: self.server.currencyCode,
            sku: nil
        )
        return facts.isEmpty ? refusal.code.name : "\(refusal.code.name)  \(facts)"
    }

    /// A refusal with what it takes to understand it: looked up, where the server has more to tell.
    func failure(_ refusal: Refusal, about subject: String? = nil) async -> Failure {
        let innermost = refusal.innermost
        let place = await self.place(of: innermost)
        var message = refusal.facts(
            decimals: self.server.currencyDecimals,
            currency: self.server.currencyCode,
            sku: place
        )
        var wayOut = innermost.code.wayOut
        switch innermost.detail {
        case .revision(let expected, let actual):
            let who = await self.whoDid(actual).map { " (\($0))" } ?? ""
            message = """
                \(subject ?? "it") is at revision \(actual)\(who), not \(expected). \
                Nothing was changed.
                """
            wayOut = "Look at it as it is now, then repeat with --if-revision \(actual)."
        case .shortage(let shortage):
            wayOut = self.wayOut(of: shortage, place)
        case .taken:
            wayOut = "Choose another, or change the one that has it."
        default:
            break
        }
        return Failure(
            refusal.code.name,
            message,
            wayOut: wayOut,
            number: refusal.code.rawValue,
            exit: Exit.code(for: refusal)
        )
    }

    /// The SKU, location and unit of the level that a shortage is about.
    private func place(of refusal: Refusal) async -> Refusal.Place? {
        guard case .shortage(let shortage) = refusal.detail else { return nil }
        let query = Query.levels(
            LevelQuery(product: shortage.product, location: shortage.location)
        )
        if let rows = try? await self.client.query(query).table, rows.rowCount > 0 {
            return Refusal.Place(
                sku: rows.text(0, "sku"),
                location: rows.text(0, "location"),
                decimals: UInt8(clamping: rows.integer(0, "unitDecimals") ?? 0)
            )
        }
        // Nothing was ever there: then there is no level, but a product.
        let key = ProductKey.id(shortage.product)
        guard let rows = try? await self.client.query(.product(key, asOf: nil)).table else {
            return nil
        }
        return Refusal.Place(
            sku: rows.text(0, "sku"),
            location: await self.code(of: shortage.location),
            decimals: UInt8(clamping: rows.integer(0, "unitDecimals") ?? 0)
        )
    }

    private func code(of location: LocationID) async -> String {
        let query = Query.locations(includingArchived: true)
        guard let rows = try? await self.client.query(query).table else { return "" }
        for row in 0..<rows.rowCount where rows.integer(row, "id") == Int64(location.value) {
            return rows.text(row, "code")
        }
        return "location \(location.value)"
    }

    private func wayOut(of shortage: Refusal.Shortage, _ place: Refusal.Place?) -> String {
        guard let place else { return "" }
        let most = DecimalText.format(shortage.sellable, decimals: place.decimals)
        let missing = DecimalText.format(
            shortage.asked - shortage.sellable,
            decimals: place.decimals
        )
        let delivery = "take a delivery in: invctl stock restock \(place.sku)=\(missing)"
        return shortage.sellable > 0
            ? "Take at most \(most), or \(delivery)" : "First \(delivery)"
    }

    /// What the step at that revision did, as the ledger says: "sale by pos-2, 12 s ago".
    private func whoDid(_ lsn: UInt64) async -> String? {
        let query = Query.ledger(LedgerQuery(lsn: lsn, limit: 1))
        guard let result = try? await self.client.query(query), result.table.rowCount > 0 else {
            return nil
        }
        let recorded = result.table.integer(0, "recordedAt") ?? 0
        let age = max(0, self.server.serverTime.microseconds - recorded) / 1_000_000
        let actor = result.table.text(0, "actor")
        return
            "\(result.table.text(0, "kind")) by \(actor.isEmpty ? "invd" : actor), \(Self.ago(age))"
    }

    private static func ago(_ seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(seconds) s ago"
        case ..<7_200: "\(seconds / 60) min ago"
        case ..<172_800: "\(seconds / 3_600) h ago"
        default: "\(seconds / 86_400) days ago"
        }
    }
}
