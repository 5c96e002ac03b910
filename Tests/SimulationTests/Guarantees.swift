import Bytes
import InventoryModel

/// What a subscriber may rely on; each has a validator of its own.
enum Guarantee: String, CaseIterable {
    /// LSNs never go down.
    case ordered
    /// No LSN comes twice.
    case unique
    /// No LSN that concerns the subscription is left out.
    case reliable
    /// An LSN comes whole, in one piece and as it was recorded.
    case atomic
    /// After a lost connection it goes on where it was.
    case resumable
    /// Progress at n means that everything up to n has come.
    case bookmarkable
    /// Nothing is told before a power cut could no longer take it back.
    case durable
}

/// Something a subscriber was told, and what was durable on the disk at that moment.
struct Telling {
    enum Heard: Equatable {
        /// Events begin, or go on, after this LSN; no snapshot came before them.
        case began(LSN)
        /// The rows of the snapshot are complete.
        case caughtUp(LSN)
        case entry(Entry)
        case progress(LSN)
    }

    var heard: Heard
    var durable: LSN

    /// The LSN it speaks of.
    var lsn: LSN {
        switch self.heard {
        case .began(let lsn), .caughtUp(let lsn), .progress(let lsn): lsn
        case .entry(let entry): entry.lsn
        }
    }

    var entry: Entry? { if case .entry(let entry) = self.heard { entry } else { nil } }
}

/// What a subscriber was told from one beginning on: its first, or that of a snapshot.
struct Incarnation {
    /// Events are owed after this LSN; nothing while the snapshot is not complete.
    private(set) var start: LSN?
    /// The rows of the snapshot, if it began with one.
    var levels: [Level]?
    private(set) var tellings: [Telling] = []
    /// Everything up to here has come, if what was said is true.
    private(set) var complete: LSN = 0

    mutating func append(_ telling: Telling) {
        self.tellings.append(telling)
        if self.start == nil { self.start = telling.lsn }
        self.complete = max(self.complete, telling.lsn)
    }

    var entryCount: Int { self.tellings.count { $0.entry != nil } }

    // MARK: - The validators

    /// Every guarantee that does not hold, with an example.
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
        for lsn in self.tellings.compactMap({ $0.entry?.lsn }) {
            if lsn < last { return "\(lsn) came after \(last)" }
            last = lsn
        }
        return nil
    }

    private func repetition() -> String? {
        var seen: Set<LSN> = []
        for lsn in self.tellings.compactMap({ $0.entry?.lsn })
        where !seen.insert(lsn).inserted {
            return "\(lsn) came again"
        }
        return nil
    }

    private func omission(_ owed: [Entry]) -> String? {
        let came = Set(self.tellings.compactMap { $0.entry?.lsn })
        return owed.first { !came.contains($0.lsn) }.map { "\($0.lsn) never came" }
    }

    private func alteration(_ owed: [Entry]) -> String? {
        let recorded = Dictionary(owed.map { ($0.lsn, $0) }) { first, _ in first }
        for entry in self.tellings.compactMap({ $0.entry }) where recorded[entry.lsn] != entry {
            return "\(entry.lsn) came as \(entry)"
        }
        return nil
    }

    private func wrongResumption() -> String? {
        var position: LSN?
        for telling in self.tellings {
            if let position, case .began(let lsn) = telling.heard, lsn != position {
                return "it went on after \(lsn), having everything up to \(position)"
            }
            position = max(position ?? 0, telling.lsn)
        }
        return nil
    }

    private func wrongBookmark(_ owed: [Entry]) -> String? {
        var rest = owed[...]
        var came: Set<LSN> = []
        var position: LSN = 0
        for telling in self.tellings {
            if let entry = telling.entry { came.insert(entry.lsn) }
            if case .progress(let lsn) = telling.heard {
                if lsn < position { return "progress went back to \(lsn) from \(position)" }
                while let next = rest.first, next.lsn <= lsn {
                    if !came.contains(next.lsn) { return "progress \(lsn) came before \(next.lsn)" }
                    rest.removeFirst()
                }
            }
            position = max(position, telling.lsn)
        }
        return nil
    }

    private func prematureNotification() -> String? {
        self.tellings.first { $0.lsn > $0.durable }
            .map { "\($0.lsn) was told while \($0.durable) was durable" }
    }
}

/// What goes wrong with a subscriber's events, to see that it is noticed.
enum Sabotage: CaseIterable {
    case drop, duplicate, swap, alter, split, resumeTooFar, progressTooEarly, notifyTooEarly

    /// The guarantee whose validator must notice.
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
    /// What a broken server would have told; nothing if what was told gives no occasion.
    func suffering(_ sabotage: Sabotage) -> Incarnation? {
        let entries = self.tellings.indices.filter { self.tellings[$0].entry != nil }
        guard entries.count > 1 else { return nil }
        var broken = self
        let middle = entries[entries.count / 2]
        let before = entries[entries.count / 2 - 1]
        let telling = self.tellings[middle]
        guard var entry = telling.entry else { return nil }
        switch sabotage {
        case .drop:
            broken.tellings.remove(at: middle)
        case .duplicate:
            broken.tellings.insert(telling, at: middle)
        case .swap:
            broken.tellings.swapAt(before, middle)
        case .alter:
            entry.time = Instant(microseconds: 1)
            broken.tellings[middle].heard = .entry(entry)
        case .split:
            let index = entries.first { (self.tellings[$0].entry?.changes.count ?? 0) > 1 }
            guard let index, var first = self.tellings[index].entry else { return nil }
            var second = first
            first.changes = [first.changes[0]]
            second.changes.removeFirst()
            broken.tellings[index].heard = .entry(first)
            broken.tellings.insert(
                Telling(heard: .entry(second), durable: self.tellings[index].durable),
                at: index + 1
            )
        case .resumeTooFar:
            broken.tellings.insert(
                Telling(heard: .began(entry.lsn), durable: telling.durable),
                at: middle
            )
        case .progressTooEarly:
            broken.tellings.insert(
                Telling(heard: .progress(entry.lsn), durable: telling.durable),
                at: middle
            )
        case .notifyTooEarly:
            broken.tellings[middle].durable = entry.lsn.previous
        }
        return broken
    }
}
