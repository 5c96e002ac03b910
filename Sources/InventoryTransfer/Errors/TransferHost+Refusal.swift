internal import Bytes
import InventoryClient
package import InventoryModel
import InventoryWire

extension TransferHost {
    /// Returns a refusal's name and facts, formatted with the database's currency.
    ///
    /// The place is the refusal's subject if it is known without a query.
    func sentence(_ refusal: Refusal, _ place: Refusal.Place? = nil) -> String {
        let facts = refusal.facts(
            decimals: self.server.currencyDecimals,
            currency: self.server.currencyCode,
            sku: place
        )
        return facts.isEmpty ? refusal.code.name : "\(refusal.code.name)  \(facts)"
    }

    /// Returns a refusal with the facts needed to understand it, queried from the server where needed.
    ///
    /// - Parameters:
    ///   - refusal: The refusal to explain.
    ///   - command: The refused command, whose lines lead to the products of the quantities.
    ///   - subject: What the refusal is about, for people.
    /// - Returns: The failure, with a hint.
    package func failure(
        _ refusal: Refusal,
        of command: Command? = nil,
        about subject: String? = nil
    ) async -> Failure {
        let innermost = refusal.innermost
        let place = await self.place(of: innermost, command?.line(of: refusal))
        var message = refusal.facts(
            decimals: self.server.currencyDecimals,
            currency: self.server.currencyCode,
            sku: place,
            of: command
        )
        var hint = innermost.code.hint
        var part = command
        if case .batch(let index, _) = refusal.detail { part = command?.part(Int(index)) }
        switch innermost.detail {
        case .revision(let expected, let actual):
            let who = await self.describeStep(actual).map { " (\($0))" } ?? ""
            message = """
                \(subject ?? "it") is at revision \(actual)\(who), not \(expected). \
                Nothing was changed.
                """
            hint = "Review its current state, then retry with --if-revision \(actual)."
        case .shortage(let shortage):
            hint = self.hint(of: shortage, place, part?.taking)
        case .range("quantity", let asked, _, let most)
        where part?.isWriteOff == true && asked > most:
            (message, hint) = Self.words(ofWriteOff: asked, of: most, place)
        case .id where innermost.code == .inUse && command?.isProductDeletion == true:
            message = "\(subject ?? "the product") has stock, reservations or goods in transit"
            hint =
                "First write off its stock (invctl stock adjust SKU=-QUANTITY --reason other; of stock on hold "
                + "invctl stock write-off) and settle its reservations and transfers."
        case .id where innermost.code == .inUse && part?.isArchivingOfMain == true:
            message = "\(subject ?? "the first location") is the default location and stays"
            hint =
                "It can have another code and name: invctl location set CODE --code NEW --name NAME"
        case .id where innermost.code == .inUse:
            message = "\(subject ?? "it") is still in use"
        case .id(let id) where innermost.code == .archived:
            let product = await self.archivedProduct(id, movedBy: part)
            message = "\(product ?? subject ?? "it") is archived"
        case .id(let id) where innermost.code == .productInactive:
            let sku = await self.sku(of: id)
            message = "\(sku ?? "the product") is not for sale"
            if let sku {
                hint = "Put it on sale first: invctl product set \(sku) --status active"
            }
        case .taken(let text, let holder):
            if [.skuTaken, .barcodeTaken].contains(innermost.code),
                let product = await self.product(holder)
            {
                message = "'\(text)' is taken by \(product.sku) (\(product.name))"
            }
            hint = "Choose another, or change the object that uses it."
        default:
            break
        }
        return Failure(
            refusal.code.name,
            message,
            hint: hint,
            number: refusal.code.rawValue,
            exit: Exit.code(for: refusal)
        )
    }

    /// Returns the SKU of the archived product that a reversal would move; `nil` if the number is not one's.
    private func archivedProduct(_ id: UInt64, movedBy command: Command?) async -> String? {
        guard case .reverse(let reversal) = command,
            let rows = try? await self.client.movements(LedgerQuery(lsn: reversal.lsn)).rows,
            rows.contains(where: { UInt64($0.product.value) == id }),
            let product = await self.product(id), product.status == .archived
        else { return nil }
        return product.sku
    }

    private func sku(of product: UInt64) async -> String? { await self.product(product)?.sku }

    private func product(_ id: UInt64) async -> Product? {
        try? await self.client.product(.id(ProductID(UInt32(clamping: id))))?.product
    }

    private func hint(
        of shortage: Refusal.Shortage,
        _ place: Refusal.Place?,
        _ taking: StockTaking?
    ) -> String {
        guard let place else { return "" }
        let most = DecimalText.format(shortage.sellable, decimals: place.decimals)
        let missing = DecimalText.format(
            shortage.asked.subtractingSaturated(shortage.sellable),
            decimals: place.decimals
        )
        let delivery = "take a delivery in: invctl stock restock \(place.sku)=\(missing)"
        return shortage.sellable > 0
            ? "\(taking == .dispatch ? "Send" : "Take") at most \(most), or \(delivery)"
            : "First \(delivery)"
    }

    /// Returns the message and the hint for a write-off of more than is on hold.
    private static func words(
        ofWriteOff asked: Int64,
        of most: Int64,
        _ place: Refusal.Place?
    ) -> (message: String, hint: String) {
        func text(_ value: Int64) -> String {
            DecimalText.format(value, decimals: place?.decimals ?? 0)
        }
        let sku = place?.sku ?? "SKU"
        let verb = text(most) == "1" ? "is" : "are"
        let onHold =
            most == 0 ? "none is on hold" : "only \(text(most)) \(verb) on hold and there"
        return (
            "\(sku): asked to write off \(text(asked)), but \(onHold)",
            "Put what is there on hold first (invctl stock hold \(sku)=\(text(asked - most))), or remove what is not on "
                + "hold: invctl stock adjust \(sku)=-\(text(asked)) --reason damaged"
        )
    }

    /// Describes the step at a revision from the log: "stock sold by pos-2, 12 s ago".
    ///
    /// It is `nil` if the log does not answer with that entry first.
    private func describeStep(_ lsn: LSN) async -> String? {
        guard lsn > 0, let entry = await self.entry(lsn) else { return nil }
        let what = entry.changes.lazy.compactMap { Self.action($0) }.first ?? "changed"
        let now = self.server.serverTime.microseconds
        let age = max(0, now.subtractingSaturated(entry.time.microseconds)) / 1_000_000
        return "\(what) by \(entry.actor.isEmpty ? "invd" : entry.actor), \(Self.ago(age))"
    }

    /// Returns one entry of the log; `nil` if the log no longer has it.
    private func entry(_ lsn: LSN) async -> Entry? {
        let events = self.client.subscribe(Subscription(topics: .all, start: .after(lsn.previous)))
        do {
            for try await event in events {
                switch event {
                case .entry(let entry): return entry.lsn == lsn ? entry : nil
                case .progress, .reset, .disconnected: return nil
                case .began, .snapshot, .caughtUp, .verified, .mismatched: continue
                }
            }
        } catch {
            // The refusal is reported without it.
        }
        return nil
    }

    private static func action(_ change: Change) -> String? {
        switch change {
        case .moved(let movement, _):
            switch movement.kind {
            case .sale: "stock sold"
            case .return: "stock returned"
            case .restock: "stock received"
            case .adjust: "stock adjusted"
            case .count: "stock counted"
            case .setUnavailable:
                movement.unavailableDelta > 0 ? "stock put on hold" : "stock released from hold"
            case .reversal: "a step reversed"
            case .openingBalance: "a past sale recorded"
            default: "stock moved"
            }
        case .productUpdated(_, let difference):
            difference.fields.fields.first.map { "\(Self.name(of: $0)) changed" }
        case .category, .location: "changed"
        default: nil
        }
    }

    /// The name of a field for people.
    private static func name(of field: ProductField) -> String {
        switch field {
        case .sku: "SKU"
        // Users set both with the reorder point.
        case .reorderTarget: "reorder point"
        case .leadTimeDays: "lead time"
        default: "\(field)".wordsOfCamelCase
        }
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

extension Command {
    fileprivate var isWriteOff: Bool { if case .writeOff = self { true } else { false } }

    fileprivate var isProductDeletion: Bool {
        if case .deleteProduct = self { true } else { false }
    }

    fileprivate var isArchivingOfMain: Bool {
        if case .archiveLocation(.main, _) = self { true } else { false }
    }
}
