internal import InventoryModel

/// The strings that people attach to a movement.
///
/// Like every string, they are trimmed before they are measured and stored, so that a
/// receipt ` POS-1 ` is found as `POS-1`.
protocol Annotated {
    var reference: String { get set }
    var note: String { get set }
}

extension Annotated {
    /// The command with its strings trimmed of white space.
    var trimmed: Self {
        guard
            NormalizedText.hasOuterSpace(self.reference) || NormalizedText.hasOuterSpace(self.note)
        else { return self }
        var trimmed = self
        trimmed.reference = NormalizedText.withoutOuterSpace(self.reference)
        trimmed.note = NormalizedText.withoutOuterSpace(self.note)
        return trimmed
    }
}

extension Sale: Annotated {}
extension SaleReturn: Annotated {}
extension Restock: Annotated {}
extension Adjustment: Annotated {}
extension StockCount: Annotated {}
extension Hold: Annotated {}
extension Expectation: Annotated {}
extension WriteOff: Annotated {}
extension Reserve: Annotated {}
extension CommitReservation: Annotated {}
extension DispatchTransfer: Annotated {}
extension PastSale: Annotated {}

extension Reversal {
    var trimmed: Self {
        Reversal(
            lsn: self.lsn,
            reason: self.reason,
            note: NormalizedText.withoutOuterSpace(self.note)
        )
    }
}

extension ReleaseReservation {
    var trimmed: Self {
        Self(lines: self.lines, note: NormalizedText.withoutOuterSpace(self.note))
    }
}

extension TransferSettlement {
    var trimmed: Self {
        Self(lines: self.lines, note: NormalizedText.withoutOuterSpace(self.note))
    }
}
