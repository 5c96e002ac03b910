import InventoryClient
internal import InventoryModel

/// The categories that a file names, by number: made where they are not there.
///
/// Which of them a request makes is decided by the file alone, so that a second run gives the same
/// requests: each name when it first comes, whether the server has it or not.
final class ImportedCategories {
    private var ids: [String: CategoryID] = [:]
    private var new: [(key: String, name: String)] = []
    private var known: Set<String> = []
    /// Names, and what they are known to stand for, by the numbers that the file's reader gives them.
    private var names: [String] = []
    private var numbered: [CategoryID?] = []

    /// Notes that a row is of a category.
    func note(_ name: String) {
        guard !self.known.contains(name) else { return }
        self.known.insert(name)
        let key = NormalizedText.key(name)
        // Names are few; keys differ from them now and then.
        if key != name, !self.known.insert(key).inserted { return }
        if self.ids[key] == nil, !self.new.contains(where: { $0.key == key }) {
            self.new.append((key, name))
        }
    }

    /// The number of a category that was made; one that is not there if it was refused.
    func id(_ name: String) -> CategoryID {
        self.ids[name] ?? self.ids[NormalizedText.key(name)] ?? CategoryID(0)
    }

    /// Notes that a row is of a category that its reader has given a number.
    func note(_ name: String, as number: Int) {
        self.note(name)
        while self.names.count <= number {
            self.names.append("")
            self.numbered.append(nil)
        }
        self.names[number] = name
    }

    /// ``id(_:)`` of a category that was noted with a number.
    func id(numbered number: Int) -> CategoryID {
        if let id = self.numbered[number] { return id }
        let id = self.id(self.names[number])
        self.numbered[number] = id
        return id
    }

    /// Makes those that were noted since the last call, and waits until they are there.
    func create(by sender: BatchSender, _ client: InventoryClient) async throws {
        let new = self.new
        self.new = []
        // What a name stands for changes in here only.
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
        if isForgotten { try await self.look(client) }
    }

    /// Asks for all there are: an earlier run made some, and what it was answered is forgotten.
    private func look(_ client: InventoryClient) async throws {
        for category in try await client.categories().rows {
            self.ids[NormalizedText.key(category.name)] = category.id
        }
    }
}

extension Outcome {
    /// The number of what a command was to make: of what it made, or of what has its name already.
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
