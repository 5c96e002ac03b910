internal import InventoryModel

/// What the lines of one request ask for beyond what there is: each is a refusal, and demand that the
/// log keeps where the request is refused for it.
struct UnmetDemand {
    private var lines: [RefusedDemand] = []

    /// Notes a line that asks for more of a level than the `sellable` part.
    ///
    /// `isDemand`: Whether the line is sound but for that; else it is refused, and no demand.
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

    /// Throws the first finding, if there is any; where that is for lack of stock, the demand is
    /// recorded.
    func settle(_ findings: Findings, in draft: inout Draft) throws(Refusal) {
        guard let first = findings.first else { return }
        if first.code == .insufficientStock { draft.refusedDemand += self.lines }
        throw first
    }
}
