internal import InventoryModel

/// Commands of stock.
extension CommandReader {
    static let ofStock: [String: CommandRead] = [
        "sell": { (fields) throws(CommandProblem) in
            let sale = Sale(
                lines: try Self.saleLines(fields),
                reference: try fields.reference(),
                note: try fields.note(),
                occurred: try fields.occurrence()
            )
            return .sell(sale)
        },
        "returnSale": { (fields) throws(CommandProblem) in
            let original = try fields.optionalInteger("originalLsn", in: 1...Int64.max)
            let saleReturn = SaleReturn(
                lines: try Self.saleLines(fields),
                target: try fields.optionalNamed("to", ReturnTarget.self) ?? .available,
                original: original.map { UInt64($0) },
                reference: try fields.reference(),
                note: try fields.note(),
                occurred: try fields.occurrence()
            )
            return .returnSale(saleReturn)
        },
        "restock": { (fields) throws(CommandProblem) in
            let restock = Restock(
                lines: try Self.restockLines(fields),
                fromIncoming: try fields.optionalFlag("fromIncoming") ?? false,
                reference: try fields.reference(),
                note: try fields.note(),
                occurred: try fields.occurrence()
            )
            return .restock(restock)
        },
        "adjust": { (fields) throws(CommandProblem) in
            let product = try fields.product()
            let adjustment = Adjustment(
                product: product.id,
                location: try fields.optionalLocation(),
                delta: try fields.quantity("delta", product.decimals),
                reason: try fields.named("reason", Reason.self),
                reference: try fields.reference(),
                note: try fields.note(),
                occurred: try fields.occurrence(),
                ifRevision: try fields.revision()
            )
            return .adjust(adjustment)
        },
        "count": { (fields) throws(CommandProblem) in
            let product = try fields.product()
            let count = StockCount(
                product: product.id,
                location: try fields.optionalLocation(),
                counted: try fields.quantity("counted", product.decimals),
                reference: try fields.reference(),
                note: try fields.note(),
                ifRevision: try fields.revision()
            )
            return .count(count)
        },
        "setUnavailable": { (fields) throws(CommandProblem) in
            let product = try fields.product()
            let hold = Hold(
                product: product.id,
                location: try fields.optionalLocation(),
                delta: try fields.quantity("delta", product.decimals),
                reason: try fields.named("reason", Reason.self),
                reference: try fields.reference(),
                note: try fields.note(),
                ifRevision: try fields.revision()
            )
            return .setUnavailable(hold)
        },
        "expectIncoming": { (fields) throws(CommandProblem) in
            let product = try fields.product()
            let expectation = Expectation(
                product: product.id,
                location: try fields.optionalLocation(),
                delta: try fields.quantity("delta", product.decimals),
                eta: try fields.optionalInstant("eta"),
                reference: try fields.reference(),
                note: try fields.note(),
                ifRevision: try fields.revision()
            )
            return .expectIncoming(expectation)
        },
        "setFloor": { (fields) throws(CommandProblem) in
            let product = try fields.product()
            let change = FloorChange(
                product: product.id,
                location: try fields.optionalLocation(),
                floor: try fields.quantity("floor", product.decimals),
                ifRevision: try fields.revision()
            )
            return .setFloor(change)
        },
        "reverse": { (fields) throws(CommandProblem) in
            let reversal = Reversal(
                lsn: UInt64(try fields.integer("lsn", in: 1...Int64.max)),
                reason: try fields.named("reason", Reason.self),
                note: try fields.note()
            )
            return .reverse(reversal)
        },
    ]

    private static func saleLines(_ fields: CommandFields) throws(CommandProblem) -> [SaleLine] {
        try fields.lines { (fields) throws(CommandProblem) in
            let product = try fields.product()
            return SaleLine(
                product: product.id,
                location: try fields.optionalLocation(),
                quantity: try fields.quantity("quantity", product.decimals),
                price: try fields.optionalMoney("price"),
                ifRevision: try fields.revision()
            )
        }
    }

    private static func restockLines(
        _ fields: CommandFields
    ) throws(CommandProblem) -> [RestockLine] {
        try fields.lines { (fields) throws(CommandProblem) in
            let product = try fields.product()
            return RestockLine(
                product: product.id,
                location: try fields.optionalLocation(),
                quantity: try fields.quantity("quantity", product.decimals),
                unitCost: try fields.optionalMoney("unitCost"),
                ifRevision: try fields.revision()
            )
        }
    }
}
