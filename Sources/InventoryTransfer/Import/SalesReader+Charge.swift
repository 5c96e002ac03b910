internal import InventoryModel

/// What was charged for a row: its kind, its price and its amount.
extension SalesReader {
    /// Sets the kind, the price and the amount of a row.
    func setKind(_ row: inout Row, isNegative: Bool) throws(Problem) {
        let amount =
            self.columns.amount == .max ? nil : try self.money(self.columns.amount, "amount")
        let unit = try self.unitMoney(self.columns.price, "price")
        let price = unit?.money
        if let unit { row.per = unit.per }
        guard let charged = amount ?? price else { throw Problem(text: "price: is empty") }
        let field = amount == nil ? "price" : "amount"
        row.kind = try self.kind(isNegative: isNegative, charged, field, isAmount: amount != nil)
        if row.kind == .writeOff {
            row.price = Money(max(0, price ?? 0))
            return
        }
        guard Money(charged).isInRange, Money(price ?? 0).isInRange else {
            throw Problem(text: "\(field): \(self.text(of: field)) \(self.limit)")
        }
        if let amount {
            row.amount = Money(abs(amount))
            row.price = row.quantity.millionths == 0 ? .zero : row.unitPrice
        } else {
            row.price = Money(abs(charged))
            guard let amount = row.price.amount(of: row.quantity, per: row.per) else {
                let quantity = self.records.text(self.columns.quantity).drop { $0 == "-" }
                throw Problem(text: "price: \(quantity) at \(self.text(of: field)) \(self.limit)")
            }
            row.amount = amount
        }
    }

    private func text(of field: String) -> String {
        self.records.text(field == "price" ? self.columns.price : self.columns.amount)
    }

    private var limit: String {
        "exceed \(DecimalText.format(Limits.moneyMax, decimals: self.options.currency.decimals))"
    }

    private func kind(
        isNegative: Bool,
        _ charged: Int64,
        _ field: String,
        isAmount: Bool
    ) throws(Problem) -> Kind {
        guard isNegative else {
            if self.isWriteOffOfExport { return .writeOff }
            return charged < 0 ? .discount : .sale
        }
        // Of a return, what is given back may be below 0 as well as the quantity.
        guard charged >= 0 || isAmount else {
            throw Problem(text: "price: \(self.text(of: field)) is below 0, as is the quantity")
        }
        if self.isReturnOfExport { return .return }
        let prefix = self.options.returnPrefix.utf8
        if !prefix.isEmpty, self.withReference({ $0.starts(with: prefix) }) { return .return }
        switch self.options.negative {
        case .return: return .return
        case .writeOff: return .writeOff
        case nil:
            let text = self.records.text(self.columns.quantity)
            throw Problem(
                text: "quantity: \(text) is below 0; use --negative return if such rows are returns"
            )
        }
    }
}

/// The kinds of rows of an export.
extension SalesReader {
    /// Whether the row is cost that became known after its sale, which was charged to nobody.
    var isLateCost: Bool { self.hasKind([.costVariance]) }

    /// Whether the row, of a negative quantity, is a return or takes a sale back.
    fileprivate var isReturnOfExport: Bool { self.hasKind([.return, .reversal]) }

    /// Whether the row is the write-off of a past sale.
    fileprivate var isWriteOffOfExport: Bool { self.hasKind([.adjust]) }

    private func hasKind(_ kinds: [MovementKind]) -> Bool {
        guard self.columns.kind != .max else { return false }
        let text = self.records.text(self.columns.kind)
        return kinds.contains { "\($0)" == text }
    }
}

extension Money {
    /// Returns the amount of a quantity if `per` millionths of a unit cost this, rounded once; `nil` if it is
    /// beyond the range of money.
    @inline(__always)
    func amount(of quantity: FileQuantity, per: Int64) -> Money? {
        Price(self.minorUnits, per: per).amount(of: Quantity(quantity.millionths))
    }
}

extension SalesReader.Row {
    /// The price that the amount makes, rounded.
    fileprivate var unitPrice: Money {
        let price = Price(self.amount.minorUnits, per: self.quantity.millionths)
        return price.amount(of: Quantity(self.per)) ?? Money(Limits.moneyMax)
    }
}
