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

    struct Row {
        var event: String
        var facts: [Fact]

        init(_ event: String, _ facts: [Fact]) {
            self.event = event
            self.facts = facts
        }

        /// The facts as one line, for people.
        var sentence: String {
            self.facts.map { $0.name == "sku" ? $0.text : "\($0.name) \($0.text)" }
                .joined(separator: "  ")
        }
    }

    /// Returns the row of a change; `nil` if it does not belong to the topics watched.
    func row(_ change: Change, _ topics: SubscriptionTopics) -> Row? {
        switch change {
        case .category(let category):
            guard topics.contains(.products) else { return nil }
            return Row(
                "categoryChanged",
                [.number("categoryId", String(category.id.value))]
                    + self.facts(of: category.fields, isArchived: category.isArchived)
            )
        case .location(let location):
            guard topics.contains(.products) else { return nil }
            return Row(
                "locationChanged",
                [.number("locationId", String(location.id.value))]
                    + self.facts(of: location.fields, isArchived: location.isArchived)
            )
        case .productCreated(let product):
            guard topics.contains(.products) else { return nil }
            return Row("productCreated", self.facts(of: product))
        case .productUpdated(let id, let difference):
            guard topics.contains(.products) else { return nil }
            return Row(
                "productUpdated",
                [.text("sku", self.names.sku(id))] + self.facts(of: difference, id)
            )
        case .productArchived(let id):
            guard topics.contains(.products) else { return nil }
            return Row("productArchived", [.text("sku", self.names.sku(id))])
        case .productDeleted(let id):
            guard topics.contains(.products) else { return nil }
            return Row("productDeleted", [.text("sku", self.names.sku(id))])
        case .productLeft(let id):
            guard topics.contains(.products) else { return nil }
            return Row("productLeft", [.text("sku", self.names.sku(id))])
        case .moved(let movement, let level):
            return self.row(movement, level: level, topics: topics)
        case .level(let level):
            guard topics.contains(.stock) else { return nil }
            return Row("levelChanged", self.facts(of: level))
        case .reorderPoint(let change):
            guard topics.contains(.stock) else { return nil }
            let point = change.point.map { self.quantity($0, change.product) }
            return Row(
                "reorderPointChanged",
                [
                    .text("sku", self.names.sku(change.product)),
                    .text("location", self.names.code(change.location)),
                    point.map { .number("reorderPoint", $0) }
                        ?? .text("reorderPoint", "that of the product"),
                ]
            )
        case .demandRefused(let refused):
            guard topics.contains(.alerts) else { return nil }
            return Row(
                "demandRefused",
                [
                    .text("sku", self.names.sku(refused.product)),
                    .text("location", self.names.code(refused.location)),
                    .number("asked", self.quantity(refused.asked, refused.product)),
                    .number("available", self.quantity(refused.available, refused.product)),
                ]
            )
        case .alert(let kind, let isRaised, let product, let location, let available, let limit):
            guard topics.contains(.alerts) else { return nil }
            return Row(
                "\(kind)\(isRaised ? "Raised" : "Cleared")",
                [
                    .text("sku", self.names.sku(product)),
                    .text("location", self.names.code(location)),
                    .number("available", self.quantity(available, product)),
                    .number("threshold", self.quantity(limit, product)),
                ]
            )
        case .databaseCreated, .sessionOpened, .sessionAdvanced, .sessionsExpired, .keyRemembered,
            .keysForgotten, .importRun, .importPart, .productInferred, .receiptRecorded,
            .reservation,
            .transfer:
            return nil
        }
    }

    /// Returns all fields of a category or a location, and its status.
    private func facts<Fields: Described>(of fields: Fields, isArchived: Bool) -> [Fact] {
        FieldValues.of(fields, names: self.names, money: self.currencyDecimals).map { Fact($0) }
            + [.text("status", isArchived ? "archived" : "active")]
    }

    /// Returns the SKU, the id, the required fields, the status, and the fields that differ from their defaults.
    private func facts(of product: Product) -> [Fact] {
        var shown = product.fields.differences(from: ProductFields())
        for field in [ProductField.name, .category, .price, .status] { shown.insert(field) }
        shown.remove(.sku)
        let head: [Fact] = [
            .text("sku", product.sku), .number("productId", String(product.id.value)),
        ]
        return head
            + self.values(of: product.fields, shown, decimals: product.unit.decimals)
            .map { Fact($0) }
    }

    private func values(
        of fields: ProductFields,
        _ given: FieldSet<ProductField>,
        decimals: UInt8
    ) -> [FieldValue] {
        FieldValues.of(
            fields,
            only: given,
            names: self.names,
            money: self.currencyDecimals,
            decimals: decimals
        )
    }

    private func facts(of level: Level) -> [Fact] {
        [
            .text("sku", self.names.sku(level.product)),
            .text("location", self.names.code(level.location)),
            .number("onHand", self.quantity(level.onHand, level.product)),
            .number("unavailable", self.quantity(level.unavailable, level.product)),
            .number("reserved", self.quantity(level.reserved, level.product)),
            .number("available", self.quantity(level.available, level.product)),
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
            var facts: [Fact] = [
                .text("sku", self.names.sku(movement.product)),
                .text("location", self.names.code(movement.location)),
                .number(
                    "quantity",
                    self.quantity(movement.onHandDelta.negatedSaturated, movement.product)
                ),
                .text("amount", self.money(movement.amount.minorUnits)),
                .number("left", self.quantity(level.available, movement.product)),
            ]
            if !movement.reference.isEmpty {
                facts.append(.text("reference", movement.reference))
            }
            return Row(event, facts)
        }
        guard topics.contains(.stock) else { return nil }
        var facts = self.facts(of: level)
        facts.append(.text("cause", "\(movement.kind)"))
        facts.append(
            .number("delta", self.quantity(movement.onHandDelta, movement.product))
        )
        if !movement.reference.isEmpty { facts.append(.text("reference", movement.reference)) }
        return Row("levelChanged", facts)
    }

    /// Returns the changed fields; a quantity in the unit of the product at the time.
    private func facts(of difference: ProductDifference, _ id: ProductID) -> [Fact] {
        func values(_ fields: ProductFields) -> [FieldValue] {
            let changed = difference.contains(.unit) ? fields.unit.decimals : nil
            let decimals = changed ?? self.names.decimals(id)
            return self.values(of: fields, difference.fields, decimals: decimals)
        }
        return zip(values(difference.before), values(difference.after)).map { Fact($0, to: $1) }
    }
}

/// A fact of an event: a name and a value, for people and as members of an object.
struct Fact {
    var name: String
    var text: String
    var members: [(name: String, json: String)]

    static func text(_ name: String, _ text: String) -> Fact {
        Fact(name: name, text: text, members: [(name, JSONObject.quoted(text))])
    }

    static func number(_ name: String, _ text: String) -> Fact {
        Fact(name: name, text: text, members: [(name, text)])
    }
}

extension Fact {
    init(_ value: FieldValue) {
        self.init(
            name: value.name,
            text: value.text,
            members: value.columns.map { ($0.field.name, $0.json) }
        )
    }

    /// A field that changed.
    ///
    ///     price 2.10 → 2.20      "price":{"from":"2.10","to":"2.20"},"priceBasis":1000
    ///
    /// A column of it that did not change, such as the quantity that a new price is for, has its value alone.
    init(_ before: FieldValue, to after: FieldValue) {
        self.init(
            name: after.name,
            text: Shell.arrow(before.text, after.text),
            members: zip(before.columns, after.columns).map { old, new in
                guard old.json != new.json else { return (new.field.name, new.json) }
                var change = JSONObject()
                change.add("from", raw: old.json)
                change.add("to", raw: new.json)
                return (new.field.name, change.text)
            }
        )
    }
}
