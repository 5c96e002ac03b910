import InventoryClient
internal import InventoryModel

/// Asks the server, row by row, whether it would execute what rows do.
///
/// Each row is decided by itself; a category that it needs is created in the same dry run.
struct UpsertDryRun {
    /// The most dry runs in flight.
    private static let inFlightMax = 128

    /// What a row does, as one dry run.
    private struct Request: Sendable {
        var row: Int
        var commands: [Command]
        /// Whether the first command creates the category that the others need.
        var createsCategory: Bool
    }

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
            return Request(
                row: plan.number,
                commands: creation + plan.commands(in: next) + Self.further(plan),
                createsCategory: !creation.isEmpty
            )
        }
        let client = self.host.client
        try await withThrowingTaskGroup(of: (Request, Outcome).self) { group in
            for (index, request) in requests.enumerated() {
                if index >= Self.inFlightMax, let answer = try await group.next() {
                    self.note(answer.1, of: answer.0)
                }
                group.addTask { (request, try await client.dryRun(request.commands)) }
            }
            for try await (request, outcome) in group { self.note(outcome, of: request) }
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

    private func note(_ outcome: Outcome, of request: Request) {
        guard case .refused(let refusal) = outcome else { return }
        var sentence = self.host.sentence(refusal.innermost)
        if request.createsCategory, case .batch(0, _) = refusal.detail {
            sentence = "category: " + sentence
        }
        self.problems.add(request.row, sentence)
    }
}
