import InventoryModel

/// Verifies a conflated subscriber: at each progress its levels are those of that step, and everything
/// that is not a level has arrived in order.
extension Incarnation {
    private struct Key: Hashable {
        var product: ProductID
        var location: LocationID
    }

    private struct Copy: Equatable {
        var levels: [Key: Level] = [:]
        var others: [Entry] = []

        mutating func apply(_ entry: Entry) {
            var other = entry
            other.changes = []
            for change in entry.changes {
                switch change {
                case .level(let level), .moved(_, let level):
                    self.levels[Key(product: level.product, location: level.location)] = level
                default: other.changes.append(change)
                }
            }
            if !other.changes.isEmpty { self.others.append(other) }
        }
    }

    /// `owed` has the recorded entries that match the subscription.
    func wrongWindow(_ owed: [Entry]) -> String? {
        var copy = Copy()
        var recorded = Copy()
        var rest = owed[...]
        for delivery in self.deliveries {
            switch delivery.event {
            case .entry(let entry):
                for case .moved in entry.changes { return "a movement came at \(entry.lsn)" }
                copy.apply(entry)
            case .progress(let lsn):
                while let next = rest.first, next.lsn <= lsn {
                    recorded.apply(next)
                    rest.removeFirst()
                }
                if copy != recorded { return "at \(lsn) it has \(copy), recorded is \(recorded)" }
            case .began, .caughtUp: break
            }
        }
        return nil
    }
}
