import InventoryClient
internal import InventoryModel

/// Asks the server, row by row, whether it would execute what rows do.
///
/// Each row is decided by itself; a category that it needs is created in the same dry run.
struct UpsertDryRun {
    /// The most dry runs in flight.
    private static let inFlightMax = 128

    private let host: any TransferHost
    private let problems: Problems

    init(_ host: any TransferHost, _ problems: Problems) {
        self.host = host
        self.problems = problems
    }

    /// Adds the rows that would be refused to the problems.
    ///
    /// - Parameters:
    ///   - plans: What the rows do.
    ///   - missing: The names of the categories that they need and that do not exist.
    /// - Throws: The client's error.
    func decide(_ plans: [UpsertPlan], missing: [String]) async throws {
        let next = try await self.nextCategory(missing)
        let requests = plans.map { plan in
            let creation = plan.newCategory.map { [Command.createCategory(name: $0)] } ?? []
            return (plan.number, creation + plan.commands(in: next) + Self.further(plan))
        }
        let client = self.host.client
        try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
            for (index, request) in requests.enumerated() {
                if index >= Self.inFlightMax, let answer = try await group.next() {
                    self.note(answer)
                }
                group.addTask { (request.0, try await client.dryRun(request.1)) }
            }
            for try await answer in group { self.note(answer) }
        }
    }

    /// The further stock of a product that exists; that of a new one has no product to name.
    private static func further(_ plan: UpsertPlan) -> [Command] {
        plan.existing.map { UpsertPlan.counts(of: $0.id, plan.furtherStock, cost: plan.cost) } ?? []
    }

    /// Returns the id that the next new category gets; `nil` if none of the names can be created.
    private func nextCategory(_ names: [String]) async throws -> CategoryID? {
        for name in names {
            let outcome = try await self.host.client.dryRun([.createCategory(name: name)])
            guard case .done(let done) = outcome, let id = done.ids.first else { continue }
            return CategoryID(UInt32(clamping: id))
        }
        return nil
    }

    private func note(_ answer: (number: Int, outcome: Outcome)) {
        guard case .refused(let refusal) = answer.outcome else { return }
        self.problems.add(answer.number, self.host.sentence(refusal.innermost))
    }
}
