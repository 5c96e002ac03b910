internal import InventoryModel

/// What the lines of a product are counted in.
struct SoldUnit: Sendable {
    var product: ProductID
    /// The decimals of its unit.
    var decimals: UInt8
}

extension SalesBatch {
    /// Encodes the batch's request, with the products by the file's numbers.
    ///
    /// `openedAt` is when the opening balances are dated.
    func request(_ products: [SoldUnit], openedAt: Instant) -> EncodedCommand {
        var request = BatchEncoder(.errorsOnly)
        self.references.withUnsafeBytes { references in
            for group in self.groups {
                let first = self.lines[group.lines.lowerBound].row
                request.append(
                    past: PastSaleHead(
                        location: first.location,
                        day: group.day,
                        firstLine: group.firstLine,
                        occurredAt: first.occurredAt,
                        openedAt: openedAt,
                        isWriteOff: first.kind == .writeOff
                    ),
                    reference: UnsafeRawBufferPointer(rebasing: references[group.reference]),
                    lineCount: group.lines.count
                ) { self.lines[group.lines.lowerBound + $0].pastLine(products) }
            }
        }
        return request.finish()
    }
}

extension SalesBatch.Line {
    @inline(__always)
    fileprivate func pastLine(_ products: [SoldUnit]) -> PastSaleLine {
        let product = products[self.product]
        let perBaseUnit = FileQuantity.perBaseUnit(product.decimals)
        let units = Quantity(self.row.quantity.millionths / perBaseUnit)
        var line = PastSaleLine(
            product: product.product,
            quantity: units,
            amount: self.row.lineAmount,
            cost: self.row.cost
        )
        switch self.row.kind {
        case .sale, .writeOff: break
        case .return: line.quantity = -units
        case .discount:
            line.quantity = 0
            line.cost = nil
        }
        return line
    }
}
