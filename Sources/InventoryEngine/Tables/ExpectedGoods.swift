internal import ColumnStore
internal import InventoryModel

/// What is still expected under each reference: for each purchase order, product and location, the sum of the
/// ledger's changes of incoming stock.
///
///     expect   PO-17  APPLE at main  +20        sum  20
///     restock  PO-17  APPLE at main   −5        sum  15
///     reversal of the restock         +5        sum  20
///
/// So a delivery that names its order is subtracted from what the order announced, and from no other. The sums
/// are linear: a reversal takes back exactly what its movement did. Goods in transit are not part of them: their
/// reference is that of their transfer.
///
/// Derived from the ledger and rebuilt with it; not part of a read view. It has an entry for each order, product
/// and location with something outstanding.
struct ExpectedGoods: Equatable, Sendable {
    private struct Key: ShardedKey {
        /// The code of the reference.
        var reference: UInt32
        var product: ProductID
        var location: LocationID

        var spreadNumber: UInt64 {
            UInt64(self.reference) << 32 ^ self.product.spreadNumber << 16
                ^ self.location.spreadNumber
        }
    }

    /// Base units, never 0; below 0 if more arrived than was announced.
    private var sums = ShardedMap<Key, Quantity>()

    /// The most sums that a movement can move.
    ///
    /// - Complexity: O(shards)
    var largestShardCount: Int { self.sums.largestShardCount }

    init() {}

    /// Reads only the segments of the ledger in which incoming stock changes.
    ///
    /// - Complexity: O(movements), of which it reads few
    init(for ledger: MovementLedger) {
        self.insert(rows: 0..<ledger.rowCount, of: ledger)
    }

    /// Adds the movements in these rows.
    mutating func insert(rows: Range<Int>, of ledger: MovementLedger) {
        let deltas = ledger.incomingDeltas
        for range in [Int64.min...(-1), 1...Int64.max] {
            deltas.scanSegments(of: rows, mayContain: range) { rows in
                for row in rows where range.contains(deltas[row]) { self.note(row, in: ledger) }
                return true
            }
        }
    }

    /// The base units that are expected under the reference with a code; below 0 if more arrived.
    func sum(under reference: UInt32, _ product: ProductID, _ location: LocationID) -> Quantity {
        let key = Key(reference: reference, product: product, location: location)
        return self.sums[key] ?? 0
    }

    /// Adds the movement in `row`, whatever its kind.
    mutating func note(_ row: Int, in ledger: MovementLedger) {
        let (delta, reference) = (ledger.incomingDeltas[row], ledger.references[row])
        guard delta != 0, reference != 0 else { return }
        let kind = ledger.kind(row)
        guard Self.isOrdered(kind, after: { Self.movement(before: row, in: ledger) }) else {
            return
        }
        let key = Key(
            reference: reference,
            product: ProductID(ledger.products[row]),
            location: LocationID(ledger.locations[row])
        )
        let sum = Quantity((self.sums[key] ?? 0).baseUnits &+ delta)
        self.sums[key] = sum == 0 ? nil : sum
    }

    /// The previous movement of the step, which distinguishes transit from orders.
    struct Predecessor {
        var kind: MovementKind
        var incomingDelta: Quantity
    }

    /// Whether a movement's change of incoming stock is of goods that were ordered, not of goods in transit.
    ///
    /// The movement that announces a transfer's goods follows its `transferOut`, and the one that takes them
    /// back the `transferIn` at the source, which changes no incoming stock. Late cost may be between them.
    static func isOrdered(_ kind: MovementKind, after predecessor: () -> Predecessor?) -> Bool {
        switch kind {
        case .transferOut, .transferIn: return false
        case .expectIncoming:
            guard let before = predecessor() else { return true }
            return before.kind != .transferOut
                && !(before.kind == .transferIn && before.incomingDelta == 0)
        default: return true
        }
    }

    private static func movement(before row: Int, in ledger: MovementLedger) -> Predecessor? {
        var before = row - 1
        while before >= 0, ledger.lsns[before] == ledger.lsns[row] {
            let kind = ledger.kind(before)
            if kind != .costVariance {
                let delta = Quantity(ledger.incomingDeltas[before])
                return Predecessor(kind: kind, incomingDelta: delta)
            }
            before -= 1
        }
        return nil
    }

    /// Stops the process unless the sums are the ledger's.
    ///
    /// - Complexity: O(movements)
    func checkInvariants(for ledger: MovementLedger) {
        let expected = ExpectedGoods(for: ledger)
        self.sums.checkInvariants()
        precondition(self == expected, "the sums of expected goods differ from the ledger's")
    }
}
