internal import InventoryModel

/// The demand of one request's lines beyond the stock: each such line is a finding, and the log records
/// the demand if the request is refused for it.
struct UnmetDemand {
    private var lines: [RefusedDemand] = []

    /// Adds a line that asks for more than the `sellable` units of a level.
    ///
    /// `isDemand` is whether the line is sound otherwise; if not, it is refused but not recorded as demand.
    mutating func add(
        _ asked: Quantity,
        of level: Level,
        sellable: Quantity,
        line: UInt32,
        reference: String,
        isDemand: Bool = true,
        _ findings: inout Findings
    ) {
        var shortage = Refusal.Shortage(of: level, asked: asked)
        shortage.sellable = sellable
        findings.add(Refusal(.insufficientStock, line: line, .shortage(shortage)))
        guard isDemand else { return }
        self.lines.append(
            RefusedDemand(
                product: level.product,
                location: level.location,
                asked: asked,
                available: sellable,
                reference: reference
            )
        )
    }

    /// Throws the first finding, if there is any; if that is for lack of stock, records the unmet
    /// demand.
    func settle(_ findings: Findings, in draft: inout Draft) throws(Refusal) {
        guard let first = findings.first else { return }
        if first.code == .insufficientStock { draft.refusedDemand += self.lines }
        throw first
    }
}
