internal import Bytes
internal import InventoryModel

/// A subscriber's replica of the levels, which is verified against the server's state checksum.
///
/// It updates the digest with each step and remembers the digests after the latest steps: the server's
/// digest arrives shortly after the steps that it covers.
struct ReplicaVerification {
    enum Verdict: Equatable {
        case verified
        case mismatched(own: UInt64)
        /// The digest is of a step that is no longer remembered.
        case unknown
    }

    /// The number of steps whose digests are remembered.
    static let rememberedMax = 65_536

    private var levels: [ProductID: [LocationID: Level]] = [:]
    private var digest = LevelDigest()
    private var remembered: [(lsn: LSN, value: UInt64)] = []
    private var first = 0

    /// Applies a row of the snapshot or a change of a step.
    mutating func apply(_ change: Change) {
        let level: Level
        switch change {
        case .moved(_, let moved): level = moved
        case .level(let row): level = row
        case .productLeft(let product):
            // It no longer counts, neither here nor at the server.
            let gone = self.levels.removeValue(forKey: product) ?? [:]
            for level in gone.values { self.digest.remove(level) }
            return
        case .databaseCreated, .category, .location, .productCreated, .productUpdated,
            .productArchived, .productDeleted, .reorderPoint, .demandRefused, .alert, .reservation,
            .transfer, .importRun, .importPart, .productInferred, .sessionOpened, .sessionAdvanced,
            .sessionsExpired,
            .keyRemembered, .keysForgotten, .receiptRecorded:
            return
        }
        let old = self.levels[level.product, default: [:]]
            .updateValue(level, forKey: level.location)
        self.digest.replace(old, with: level)
    }

    /// Records the digest after `lsn`: everything up to it was applied.
    mutating func remember(_ lsn: LSN) {
        if self.remembered.count - self.first == Self.rememberedMax { self.first += 1 }
        self.remembered.append((lsn, self.digest.value))
        if self.first > Self.rememberedMax {
            self.remembered.removeFirst(self.first)
            self.first = 0
        }
    }

    /// Compares the digest after step `lsn` with the server's.
    func check(_ lsn: LSN, _ value: UInt64) -> Verdict {
        var low = self.first
        var high = self.remembered.count
        while low < high {
            let middle = (low + high) / 2
            if self.remembered[middle].lsn <= lsn { low = middle + 1 } else { high = middle }
        }
        guard low > self.first else { return .unknown }
        let own = self.remembered[low - 1].value
        return own == value ? .verified : .mismatched(own: own)
    }

    /// - Complexity: O(levels)
    func checkInvariants() {
        var digest = LevelDigest()
        for levels in self.levels.values {
            for level in levels.values { digest.replace(nil, with: level) }
        }
        precondition(digest.value == self.digest.value, "the digest is not that of the levels")
        precondition(self.first <= Self.rememberedMax, "\(self.first) forgotten steps are kept")
        if let last = self.remembered.last, let before = self.remembered.dropLast().last {
            precondition(before.lsn <= last.lsn, "step \(last.lsn) after \(before.lsn)")
        }
    }
}
