internal import Bytes

/// The rows of products that enter a filter, made once for all subscriptions of an interest.
///
///     find ──▶ make ──▶ making ──made──▶ made ──durable──▶ sent by every subscription that gets there
///
/// A plain value.
struct EnteringProducts {
    struct Key: Hashable {
        var interest: Int
        /// The LSN of the step that brings the product under the filter.
        var lsn: LSN
    }

    /// What to do for a step.
    enum Finding {
        /// The step as it is sent, with the rows as of `lsn`.
        case made(EventBatch, lsn: LSN)
        /// The rows are being made, or are not durable.
        case wait
        /// Make the rows; ``made(_:of:lsn:)`` follows.
        case make
    }

    fileprivate enum State {
        case making
        case made(EventBatch, lsn: LSN)
    }

    private var states: [Key: State] = [:]
    private let countMax: Int

    init(countMax: Int = FanoutLimits.enteringMax) {
        precondition(countMax > 0, "at most \(countMax) products")
        self.countMax = countMax
    }

    var isEmpty: Bool { self.states.isEmpty }

    /// Returns what to do for a step, as steps are durable up to `durable`.
    mutating func find(_ key: Key, durable: LSN) -> Finding {
        switch self.states[key] {
        case .made(let batch, let lsn): return lsn <= durable ? .made(batch, lsn: lsn) : .wait
        case .making: return .wait
        case nil: break
        }
        if self.states.count >= self.countMax {
            // On a cache miss the next subscriber has it made again.
            let oldest = self.states.filter { $0.value.isMade }.keys.min { $0.lsn < $1.lsn }
            if let oldest { self.states[oldest] = nil }
        }
        self.states[key] = .making
        return .make
    }

    /// Stores rows as of `lsn`.
    ///
    /// - Returns: Whether anybody waits for them.
    mutating func made(_ batch: EventBatch, of key: Key, lsn: LSN) -> Bool {
        guard self.states[key] != nil else { return false }
        self.states[key] = .made(batch, lsn: lsn)
        return true
    }

    mutating func removeAll() { self.states = [:] }

    /// Traps if rows were made before the step that they are for.
    ///
    /// - Complexity: O(products)
    func checkInvariants() {
        for (key, state) in self.states {
            guard case .made(let batch, let lsn) = state else { continue }
            precondition(lsn >= key.lsn, "rows of LSN \(lsn) for LSN \(key.lsn)")
            precondition(batch.through == key.lsn, "a step up to LSN \(batch.through)")
        }
    }
}

extension EnteringProducts.State {
    fileprivate var isMade: Bool { if case .made = self { true } else { false } }
}
