import Bytes
import InventoryModel

/// The guarantees of a subscription; each has its own validator.
enum Guarantee: String, CaseIterable {
    /// LSNs never decrease.
    case ordered
    /// No LSN arrives twice.
    case unique
    /// No LSN that matches the subscription is missing.
    case reliable
    /// An LSN arrives complete, in one piece and as it was recorded.
    case atomic
    /// After a lost connection it continues where it was.
    case resumable
    /// Progress at n means that everything up to n has arrived.
    case bookmarkable
    /// Nothing is delivered that a power cut could still undo.
    case durable
}

/// An event delivered to a subscriber, and the durable LSN at that moment.
struct Delivery {
    enum Event: Equatable {
        /// Events start or continue after this LSN, without a snapshot before them.
        case began(LSN)
        /// The rows of the snapshot are complete.
        case caughtUp(LSN)
        case entry(Entry)
        case progress(LSN)
    }

    var event: Event
    var durable: LSN

    /// The LSN of the event.
    var lsn: LSN {
        switch self.event {
        case .began(let lsn), .caughtUp(let lsn), .progress(let lsn): lsn
        case .entry(let entry): entry.lsn
        }
    }

    var entry: Entry? { if case .entry(let entry) = self.event { entry } else { nil } }
}

/// The events delivered to a subscriber from one start: its first, or that of a snapshot.
struct Incarnation {
    /// Events are owed after this LSN; `nil` while the snapshot is not complete.
    private(set) var start: LSN?
    /// The rows of the snapshot, if it started with one.
    var levels: [Level]?
    private(set) var deliveries: [Delivery] = []
    /// Everything up to here has arrived, according to the events.
    private(set) var complete: LSN = 0

    mutating func append(_ delivery: Delivery) {
        self.deliveries.append(delivery)
        if self.start == nil { self.start = delivery.lsn }
        self.complete = max(self.complete, delivery.lsn)
    }

    var entryCount: Int { self.deliveries.count { $0.entry != nil } }

    // MARK: - The validators

    /// Returns every violated guarantee, with an example.
    func violations(
        of guarantees: [Guarantee] = Guarantee.allCases,
        owed: [Entry]
    )
        -> [(guarantee: Guarantee, example: String)]
    {
        guarantees.compactMap { guarantee in
            self.violation(of: guarantee, owed).map { (guarantee, $0) }
        }
    }

    private func violation(of guarantee: Guarantee, _ owed: [Entry]) -> String? {
        switch guarantee {
        case .ordered: self.disorder()
        case .unique: self.repetition()
        case .reliable: self.omission(owed)
        case .atomic: self.alteration(owed)
        case .resumable: self.wrongResumption()
        case .bookmarkable: self.wrongBookmark(owed)
        case .durable: self.prematureNotification()
        }
    }

    private func disorder() -> String? {
        var last: LSN = 0
        for lsn in self.deliveries.compactMap({ $0.entry?.lsn }) {
            if lsn < last { return "\(lsn) came after \(last)" }
            last = lsn
        }
        return nil
    }

    private func repetition() -> String? {
        var seen: Set<LSN> = []
        for lsn in self.deliveries.compactMap({ $0.entry?.lsn })
        where !seen.insert(lsn).inserted {
            return "\(lsn) came again"
        }
        return nil
    }

    private func omission(_ owed: [Entry]) -> String? {
        let came = Set(self.deliveries.compactMap { $0.entry?.lsn })
        return owed.first { !came.contains($0.lsn) }.map { "\($0.lsn) never came" }
    }

    private func alteration(_ owed: [Entry]) -> String? {
        let recorded = Dictionary(owed.map { ($0.lsn, $0) }) { first, _ in first }
        for entry in self.deliveries.compactMap({ $0.entry }) where recorded[entry.lsn] != entry {
            return "\(entry.lsn) came as \(entry)"
        }
        return nil
    }

    private func wrongResumption() -> String? {
        var position: LSN?
        for delivery in self.deliveries {
            if let position, case .began(let lsn) = delivery.event, lsn != position {
                return "it continued after \(lsn), having everything up to \(position)"
            }
            position = max(position ?? 0, delivery.lsn)
        }
        return nil
    }

    private func wrongBookmark(_ owed: [Entry]) -> String? {
        var rest = owed[...]
        var came: Set<LSN> = []
        var position: LSN = 0
        for delivery in self.deliveries {
            if let entry = delivery.entry { came.insert(entry.lsn) }
            if case .progress(let lsn) = delivery.event {
                if lsn < position { return "progress went back to \(lsn) from \(position)" }
                while let next = rest.first, next.lsn <= lsn {
                    if !came.contains(next.lsn) { return "progress \(lsn) came before \(next.lsn)" }
                    rest.removeFirst()
                }
            }
            position = max(position, delivery.lsn)
        }
        return nil
    }

    private func prematureNotification() -> String? {
        self.deliveries.first { $0.lsn > $0.durable }
            .map { "\($0.lsn) was delivered while \($0.durable) was durable" }
    }
}

/// Corruptions of a subscriber's events, to verify the validators.
enum Sabotage: CaseIterable {
    case drop, duplicate, swap, alter, split, resumeTooFar, progressTooEarly, notifyTooEarly

    /// The guarantee whose validator must fail.
    var broken: Guarantee {
        switch self {
        case .drop: .reliable
        case .duplicate: .unique
        case .swap: .ordered
        case .alter, .split: .atomic
        case .resumeTooFar: .resumable
        case .progressTooEarly: .bookmarkable
        case .notifyTooEarly: .durable
        }
    }
}

extension Incarnation {
    /// Returns the events of a broken server, or `nil` if these events do not allow it.
    func applying(_ sabotage: Sabotage) -> Incarnation? {
        let entries = self.deliveries.indices.filter { self.deliveries[$0].entry != nil }
        guard entries.count > 1 else { return nil }
        var broken = self
        let middle = entries[entries.count / 2]
        let before = entries[entries.count / 2 - 1]
        let delivery = self.deliveries[middle]
        guard var entry = delivery.entry else { return nil }
        switch sabotage {
        case .drop:
            broken.deliveries.remove(at: middle)
        case .duplicate:
            broken.deliveries.insert(delivery, at: middle)
        case .swap:
            broken.deliveries.swapAt(before, middle)
        case .alter:
            entry.time = Instant(microseconds: 1)
            broken.deliveries[middle].event = .entry(entry)
        case .split:
            let index = entries.first { (self.deliveries[$0].entry?.changes.count ?? 0) > 1 }
            guard let index, var first = self.deliveries[index].entry else { return nil }
            var second = first
            first.changes = [first.changes[0]]
            second.changes.removeFirst()
            broken.deliveries[index].event = .entry(first)
            broken.deliveries.insert(
                Delivery(event: .entry(second), durable: self.deliveries[index].durable),
                at: index + 1
            )
        case .resumeTooFar:
            broken.deliveries.insert(
                Delivery(event: .began(entry.lsn), durable: delivery.durable),
                at: middle
            )
        case .progressTooEarly:
            broken.deliveries.insert(
                Delivery(event: .progress(entry.lsn), durable: delivery.durable),
                at: middle
            )
        case .notifyTooEarly:
            broken.deliveries[middle].durable = entry.lsn.previous
        }
        return broken
    }
}
