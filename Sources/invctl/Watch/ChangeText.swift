internal import InventoryModel
import InventoryTransfer

/// A change for people and programs: the name of the event, and its facts in order.
struct ChangeText {
    private let names: Names
    private let currencyDecimals: UInt8

    init(_ names: Names, decimals: UInt8) {
        self.names = names
        self.currencyDecimals = decimals
    }

    private func quantity(_ value: Quantity, _ id: ProductID) -> String {
        DecimalText.format(value, decimals: self.names.decimals(id))
    }

    private func money(_ value: Int64) -> String {
        DecimalText.format(value, decimals: self.currencyDecimals)
    }

    enum Value {
        case text(String)
        case number(String)
    }

    struct Row {
        var event: String
        var facts: [(name: String, value: Value)]

        init(_ event: String, _ facts: [(String, Value)]) {
            self.event = event
            self.facts = facts.map { ($0.0, $0.1) }
        }

        /// The facts as one line, for people.
        var sentence: String {
            self.facts.map { name, value -> String in
                switch value {
                case .text(let text): name == "sku" ? text : "\(name) \(text)"
                case .number(let text): "\(name) \(text)"
                }
            }.joined(separator: "  ")
        }
    }

    /// Returns the row of a change; `nil` if it does not belong to the topics watched.
    func row(_ change: Change, _ topics: SubscriptionTopics) -> Row? {
        switch change {
        case .category(let category):
            guard topics.contains(.products) else { return nil }
            return Row(
                "categoryChanged",
                [
                    ("categoryId", .number(String(category.id.value))),
                    ("name", .text(category.name)),
                    ("status", .text(category.isArchived ? "archived" : "active")),
                ]
            )
        case .location(let location):
            guard topics.contains(.products) else { return nil }
            return Row(
                "locationChanged",
                [
                    ("locationId", .number(String(location.id.value))),
                    ("code", .text(location.code)), ("name", .text(location.name)),
                    ("status", .text(location.isArchived ? "archived" : "active")),
                ]
            )
        case .productCreated(let product):
            guard topics.contains(.products) else { return nil }
            return Row("productCreated", self.facts(of: product))
        case .productUpdated(let id, let difference):
            guard topics.contains(.products) else { return nil }
            return Row(
                "productUpdated",
                [("sku", .text(self.names.sku(id)))] + self.facts(of: difference, id)
            )
        case .productArchived(let id):
            guard topics.contains(.products) else { return nil }
            return Row("productArchived", [("sku", .text(self.names.sku(id)))])
        case .productDeleted(let id):
            guard topics.contains(.products) else { return nil }
            return Row("productDeleted", [("sku", .text(self.names.sku(id)))])
        case .productLeft(let id):
            guard topics.contains(.products) else { return nil }
            return Row("productLeft", [("sku", .text(self.names.sku(id)))])
        case .moved(let movement, let level):
            return self.row(movement, level: level, topics: topics)
        case .level(let level):
            guard topics.contains(.stock) else { return nil }
            return Row("levelChanged", self.facts(of: level))
        case .demandRefused(let refused):
            guard topics.contains(.alerts) else { return nil }
            return Row(
                "demandRefused",
                [
                    ("sku", .text(self.names.sku(refused.product))),
                    ("location", .text(self.names.code(refused.location))),
                    ("asked", .number(self.quantity(refused.asked, refused.product))),
                    ("available", .number(self.quantity(refused.available, refused.product))),
                ]
            )
        case .alert(let kind, let isRaised, let product, let location, let available, let limit):
            guard topics.contains(.alerts) else { return nil }
            return Row(
                "\(kind)\(isRaised ? "Raised" : "Cleared")",
                [
                    ("sku", .text(self.names.sku(product))),
                    ("location", .text(self.names.code(location))),
                    ("available", .number(self.quantity(available, product))),
                    ("threshold", .number(self.quantity(limit, product))),
                ]
            )
        case .databaseCreated, .sessionOpened, .sessionAdvanced, .sessionsExpired, .keyRemembered,
            .keysForgotten, .receiptRecorded, .reservation,
            .transfer:
            return nil
        }
    }

    /// Returns the SKU, the id, the required fields, the status, and the fields that differ from their defaults.
    private func facts(of product: Product) -> [(String, Value)] {
        var shown = product.fields.differences(from: ProductFields())
        for field in [ProductField.name, .price, .status] { shown.insert(field) }
        shown.remove(.sku)
        let decimals = product.unit.decimals
        var strings = FieldStrings(self.names, money: self.currencyDecimals, decimals: decimals)
        var fields = product.fields
        fields.visit(&strings, only: shown)
        let head: [(String, Value)] = [
            ("sku", .text(product.sku)), ("productId", .number(String(product.id.value))),
        ]
        return head + strings.strings.map { ($0.name, .text($0.text)) }
    }

    private func facts(of level: Level) -> [(String, Value)] {
        [
            ("sku", .text(self.names.sku(level.product))),
            ("location", .text(self.names.code(level.location))),
            ("onHand", .number(self.quantity(level.onHand, level.product))),
            ("unavailable", .number(self.quantity(level.unavailable, level.product))),
            ("reserved", .number(self.quantity(level.reserved, level.product))),
            ("available", .number(self.quantity(level.available, level.product))),
        ]
    }

    private func row(
        _ movement: Movement,
        level: Level,
        topics: SubscriptionTopics
    ) -> Row? {
        let event: String? =
            switch movement.kind {
            case .sale: "saleRecorded"
            case .return: "returnRecorded"
            // The reversal of anything but a sale has no amount.
            case .reversal where movement.amount != 0 || !topics.contains(.stock): "saleReversed"
            default: nil
            }
        if topics.contains(.sales), let event {
            var facts: [(String, Value)] = [
                ("sku", .text(self.names.sku(movement.product))),
                ("location", .text(self.names.code(movement.location))),
                (
                    "quantity",
                    .number(
                        self.quantity(movement.onHandDelta.negatedSaturated, movement.product)
                    )
                ),
                ("amount", .text(self.money(movement.amount.minorUnits))),
                ("left", .number(self.quantity(level.available, movement.product))),
            ]
            if !movement.reference.isEmpty {
                facts.append(("reference", .text(movement.reference)))
            }
            return Row(event, facts)
        }
        guard topics.contains(.stock) else { return nil }
        var facts = self.facts(of: level)
        facts.append(("cause", .text("\(movement.kind)")))
        facts.append(
            ("delta", .number(self.quantity(movement.onHandDelta, movement.product)))
        )
        if !movement.reference.isEmpty { facts.append(("reference", .text(movement.reference))) }
        return Row("levelChanged", facts)
    }

    /// Returns the changed fields, each as `old → new`; a quantity in the unit of the product at the time.
    private func facts(
        of difference: ProductDifference,
        _ id: ProductID
    ) -> [(String, Value)] {
        func strings(_ fields: ProductFields) -> FieldStrings {
            let changed = difference.contains(.unit) ? fields.unit.decimals : nil
            var strings = FieldStrings(
                self.names,
                money: self.currencyDecimals,
                decimals: changed ?? self.names.decimals(id)
            )
            var fields = fields
            fields.visit(&strings, only: difference.fields)
            return strings
        }
        let (before, after) = (strings(difference.before), strings(difference.after))
        return zip(before.strings, after.strings).map { old, new in
            (old.name, .text("\(old.text) → \(new.text)"))
        }
    }
}
