import ArgumentParser
import InventoryClient
internal import InventoryModel

/// Completion of the columns of an answer, for `--fields`, `--sort` and `--where`.
///
/// The server is asked for one row of what the command lists: its columns are the candidates.
enum ColumnCandidates {
    /// A list of columns: `sku,na` is completed to `sku,name`.
    static let ofFields = CompletionKind.custom { words, _, prefix in
        await Self.lists(prefix, words, marks: "")
    }

    /// A list of columns, each perhaps after a `-`.
    static let ofSort = CompletionKind.custom { words, _, prefix in
        await Self.lists(prefix, words, marks: "-")
    }

    /// The column that begins a condition.
    static let ofCondition = CompletionKind.custom { words, _, prefix in
        prefix.contains(" ") ? [] : await Self.columns(words)
    }

    private static func lists(
        _ prefix: String,
        _ words: [String],
        marks: String
    ) async -> [String] {
        var lead = prefix.lastIndex(of: ",").map { String(prefix[...$0]) } ?? ""
        let rest = prefix.dropFirst(lead.count)
        lead += rest.prefix { marks.contains($0) }
        return await Self.columns(words).map { lead + $0 }
    }

    private static func columns(_ words: [String]) async -> [String] {
        let schema = await Candidates.ask(words) { client -> [ResultField] in
            if let query = Self.query(words) {
                return try await client.query(query).table.schema
            }
            guard let insight = Self.insight(words) else { return [] }
            return try await client.insight(.rows(RowSelection(limit: 1), of: insight)).table.schema
        }
        return (schema ?? []).map { $0.name }
    }

    /// Returns a query for a single row of what the command lists; `nil` if it lists an insight.
    private static func query(_ words: [String]) -> Query? {
        switch (words.first, words.dropFirst().first) {
        case ("product", "history"), ("ledger", "list"), ("ledger", "show"):
            .ledger(LedgerQuery(limit: 1))
        case ("product", _): .products(ProductSearch(limit: 1))
        case ("category", _): .categories(includingArchived: true)
        case ("location", _): .locations(includingArchived: true)
        case ("stock", "show"): .levels(LevelQuery(limit: 1))
        case ("stock", "low"): .lowStock(LowStockQuery(limit: 1))
        case ("stock", "transfer"): .transfers(TransferQuery(limit: 1))
        case ("reserve", _): .reservations(ReservationQuery(limit: 1))
        case ("ledger", "sales"): .sales(SalesQuery(limit: 1))
        case ("ledger", "imports"): .importRuns(ImportRunQuery(limit: 1))
        case ("ledger", "refusals"): .refusals(RefusalQuery(limit: 1))
        case ("stats", _): .stats
        default: nil
        }
    }

    private static func insight(_ words: [String]) -> Insight? {
        guard words.first == "insight", words.count > 1 else { return nil }
        let name = words[1] == "low" ? "lowStock" : words[1]
        let known = NamedInsight.Name.allCases.first { "\($0)" == name }
        return known.map { .named(NamedInsight($0, window: .last(1, .day))) }
    }
}
