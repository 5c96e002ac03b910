import InventoryClient
internal import InventoryModel

/// The ids of the categories that a file names; missing categories are created.
///
/// Only the file decides which categories a request creates, so that a retry sends the same requests: each
/// name where it first occurs, whether or not the server has it.
final class ImportedCategories {
    private var ids: [String: CategoryID] = [:]
    private var new: [(key: String, name: String)] = []
    private var known: Set<String> = []
    /// Names, and their ids as far as they are known, by the numbers that the file's reader assigns.
    private var names: [String] = []
    private var numbered: [CategoryID?] = []

    /// Records that a row has a category.
    func note(_ name: String) {
        guard !self.known.contains(name) else { return }
        self.known.insert(name)
        let key = NormalizedText.key(name)
        // Distinct names are few. The set has names and keys, which mostly are equal.
        if key != name, !self.known.insert(key).inserted { return }
        if self.ids[key] == nil, !self.new.contains(where: { $0.key == key }) {
            self.new.append((key, name))
        }
    }

    /// Returns the id of a category; 0, which no category has, if its creation was refused.
    func id(_ name: String) -> CategoryID {
        self.ids[name] ?? self.ids[NormalizedText.key(name)] ?? CategoryID(0)
    }

    /// Records that a row has a category to which the reader assigned a number.
    func note(_ name: String, as number: Int) {
        self.note(name)
        while self.names.count <= number {
            self.names.append("")
            self.numbered.append(nil)
        }
        self.names[number] = name
    }

    /// Returns ``id(_:)`` of the category that was recorded with a number.
    func id(numbered number: Int) -> CategoryID {
        if let id = self.numbered[number] { return id }
        let id = self.id(self.names[number])
        self.numbered[number] = id
        return id
    }

    /// Creates the categories that were recorded since the last call, and waits for the outcomes.
    func create(by sender: BatchSender, _ client: InventoryClient) async throws {
        let new = self.new
        self.new = []
        // The ids of names change only here.
        if !new.isEmpty { self.numbered = Array(repeating: nil, count: self.names.count) }
        var isForgotten = false
        for start in stride(from: 0, to: new.count, by: BatchSender.answeredRowsMax) {
            let names = new[start..<min(start + BatchSender.answeredRowsMax, new.count)]
            let request = Command.batch(
                names.map { .createCategory(name: $0.name) },
                .independent
            )
            try await sender.send({ request.encoded }) { outcome in
                guard case .batch(let outcomes) = outcome else {
                    isForgotten = true
                    return
                }
                for (category, outcome) in zip(names, outcomes) {
                    guard let id = outcome.createdID else { continue }
                    self.ids[category.key] = CategoryID(UInt32(clamping: id))
                }
            }
        }
        guard !new.isEmpty else { return }
        try await sender.finish()
        if isForgotten { try await self.lookUpAll(client) }
    }

    /// Queries all categories: an earlier run created some, and their outcomes are forgotten.
    private func lookUpAll(_ client: InventoryClient) async throws {
        for category in try await client.categories().rows {
            self.ids[NormalizedText.key(category.name)] = category.id
        }
    }
}

extension Outcome {
    /// The id of what a command created, or of the object that already has its name.
    var createdID: UInt64? {
        switch self {
        case .done(let done): return done.id
        case .refused(let refusal):
            guard case .taken(_, let holder) = refusal.detail, refusal.code != .barcodeTaken else {
                return nil
            }
            return holder
        case .batch, .errorsOnly: return nil
        }
    }
}
