internal import InventoryModel

/// What the lines of a product are counted and priced in.
struct SoldUnit: Sendable {
    var product: ProductID
    /// The decimals of its unit.
    var decimals: UInt8
    /// The base units that its price is for.
    var basis: Int64
}

extension SalesBatch {
    /// Encodes the batch's request, with the products by the file's numbers.
    func request(_ products: [SoldUnit]) -> EncodedCommand {
        var request = BatchEncoder(.errorsOnly)
        self.references.withUnsafeBytes { references in
            for index in 0..<self.groupCount {
                let group = self.group(index)
                let reference = UnsafeRawBufferPointer(
                    rebasing: references[self.lines[group.lowerBound].reference]
                )
                self.append(group, reference: reference, products, to: &request)
            }
        }
        return request.finish()
    }

    private func append(
        _ group: Range<Int>,
        reference: UnsafeRawBufferPointer,
        _ products: [SoldUnit],
        to request: inout BatchEncoder
    ) {
        let first = self.lines[group.lowerBound]
        let occurred = Occurrence(at: first.row.occurredAt, isImported: true)
        switch first.row.kind {
        case .sale, .discount:
            // Without a list of lines, if each row is one.
            let isPlain = group.allSatisfy { self.lines[$0].line(products) != nil }
            let lines = isPlain ? [] : self.lines[group].flatMap { $0.saleLines(products) }
            request.appendSale(
                lineCount: isPlain ? group.count : lines.count,
                reference: reference,
                occurred: occurred
            ) { index in
                guard isPlain else { return lines[index] }
                guard let line = self.lines[group.lowerBound + index].line(products) else {
                    preconditionFailure("line \(index) is no plain line")
                }
                return line
            }
        case .return:
            request.append(
                .returnSale(
                    SaleReturn(
                        lines: self.lines[group].flatMap { $0.saleLines(products) },
                        reference: String(decoding: reference, as: UTF8.self),
                        occurred: occurred
                    )
                )
            )
        case .writeOff:
            let product = products[first.product]
            let quantity =
                first.row.quantity.millionths / FileQuantity.perBaseUnit(product.decimals)
            request.append(
                .adjust(
                    Adjustment(
                        product: product.product,
                        location: first.row.location,
                        delta: -Quantity(quantity),
                        reason: .other,
                        reference: String(decoding: reference, as: UTF8.self),
                        occurred: occurred
                    )
                )
            )
        }
    }
}

extension SalesBatch.Line {
    /// The row as one line of a sale; `nil` if no price of the product's basis makes its amount.
    @inline(__always)
    fileprivate func line(_ products: [SoldUnit]) -> SaleLine? {
        let product = products[self.product]
        let perBaseUnit = FileQuantity.perBaseUnit(product.decimals)
        let quantity = self.row.quantity.millionths / perBaseUnit
        guard !self.row.isAmountGiven else { return nil }
        // The row's price is for `per` millionths, the product's for `basis` base units.
        let basis = product.basis.multipliedReportingOverflow(by: perBaseUnit)
        guard !basis.overflow else { return nil }
        if basis.partialValue == self.row.per {
            return self.saleLine(product, quantity, at: self.row.price.minorUnits)
        }
        let product128 = Int128(self.row.price.minorUnits) * Int128(basis.partialValue)
        let (price, rest) = product128.quotientAndRemainder(dividingBy: Int128(self.row.per))
        guard rest == 0, price <= Int128(Limits.moneyMax) else { return nil }
        return self.saleLine(product, quantity, at: Int64(price))
    }

    /// The row as lines whose amounts add up to its amount: one, or two with prices of neighbouring minor
    /// units.
    ///
    /// 3 for 10.00 is 2 at 3.33 and 1 at 3.34.
    fileprivate func saleLines(_ products: [SoldUnit]) -> [SaleLine] {
        if let line = self.line(products) { return [line] }
        let product = products[self.product]
        let quantity = self.row.quantity.millionths / FileQuantity.perBaseUnit(product.decimals)
        return SplitAmount.parts(
            of: self.row.amount.minorUnits,
            quantity: quantity,
            basis: product.basis
        ).map { self.saleLine(product, $0.quantity, at: $0.price) }
    }

    private func saleLine(_ product: SoldUnit, _ quantity: Int64, at price: Int64) -> SaleLine {
        SaleLine(
            product: product.product,
            location: self.row.location,
            quantity: Quantity(quantity),
            price: Money(price)
        )
    }
}

/// Prices in whole minor units whose amounts add up to one that no single price makes.
enum SplitAmount {
    struct Part: Equatable {
        var quantity: Int64
        var price: Int64
    }

    /// Splits a quantity into one part, or two with prices p and p + 1.
    ///
    /// p is the highest price at which the quantity costs no more than `amount`, and e is what is missing
    /// then. `e` times the basis at p + 1 cost exactly `e` more, without another rounding. If the quantity is
    /// less than that, all of it at p + 1 rounds to the amount.
    ///
    /// - Parameters:
    ///   - amount: The amount in minor units, not below 0.
    ///   - quantity: The quantity in base units, above 0.
    ///   - basis: The base units that a price is for.
    /// - Returns: The parts, whose amounts add up to `amount`.
    static func parts(of amount: Int64, quantity: Int64, basis: Int64) -> [Part] {
        let exact = Int128(amount) * Int128(basis) / Int128(quantity)
        let price = Int64(clamping: exact)
        let charged = Price(price, per: basis).amount(of: Quantity(quantity))?.minorUnits ?? amount
        let missing = amount - charged
        guard missing > 0 else { return [Part(quantity: quantity, price: price)] }
        let (more, overflow) = missing.multipliedReportingOverflow(by: basis)
        guard !overflow, more < quantity else {
            return [Part(quantity: quantity, price: price + 1)]
        }
        return [
            Part(quantity: quantity - more, price: price), Part(quantity: more, price: price + 1),
        ]
    }
}
