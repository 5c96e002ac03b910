import InventoryClient
internal import InventoryModel
import InventoryTransfer

/// Descriptions of why a subscription is interrupted.
extension ClientError {
    var reason: String {
        guard let refusal else { return self.message.isEmpty ? "\(self.code)" : self.message }
        let facts = refusal.facts(decimals: 2, currency: "", sku: nil)
        return facts.isEmpty ? refusal.code.name : "\(refusal.code.name)  \(facts)"
    }

    var interruption: String {
        self.refusal == nil
            ? "connection lost (\(self.reason))" : "temporarily refused (\(self.reason))"
    }
}
