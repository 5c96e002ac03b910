import ArgumentParser
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import TerminalKit

/// Completion candidates, queried from the server with a short timeout.
///
/// The shell waits for completions, so a server that does not answer within
/// ``timeoutMilliseconds`` yields none, and errors are not reported.
enum Candidates {
    private static let timeoutMilliseconds: Int64 = 300
    private static let candidatesMax: UInt32 = 200

    static let ofSKU = CompletionKind.custom { words, _, prefix in
        await Candidates.skus(prefix, words)
    }

    /// A SKU; a single candidate is also offered with the `=` that precedes a quantity.
    static let ofLine = CompletionKind.custom { words, _, prefix in
        let skus = await Candidates.skus(prefix, words)
        return skus.count == 1 ? skus + [skus[0] + "="] : skus
    }

    static let ofCategory = CompletionKind.custom { words, _, prefix in
        await Candidates.strings(prefix, words: words) {
            try await $0.categories().rows.map { $0.name }
        }
    }

    static let ofLocation = CompletionKind.custom { words, _, prefix in
        await Candidates.strings(prefix, words: words) {
            try await $0.locations().rows.map { $0.code }
        }
    }

    /// Returns completion of the numbers of open reservations or transfers.
    static func of<Kind: OpenItemKind>(_ kind: Kind.Type) -> CompletionKind {
        .custom { words, _, prefix in
            let query = OpenItemQuery<Kind.ID, Kind.State>(
                states: Kind.open,
                isNewestFirst: true,
                limit: candidatesMax
            )
            return await Candidates.strings(prefix, words: words) {
                try await $0.query(Kind.query(query), as: Kind.Row.self).rows.map { "\($0.number)" }
            }
        }
    }

    /// A function and not a list, which would be part of the description of each command.
    static let ofZone = CompletionKind.custom { (_: [String], _: Int, prefix: String) in
        let start = prefix.lowercased()
        return ZoneText.names.filter { $0.lowercased().hasPrefix(start) }
    }

    static let ofContext = CompletionKind.custom { (_: [String], _: Int, prefix: String) in
        let names = (try? ConfigurationFile())?.contexts ?? []
        return names.filter { $0.hasPrefix(prefix) }
    }

    /// Returns the SKUs that begin with `prefix`.
    private static func skus(_ prefix: String, _ words: [String]) async -> [String] {
        let search = ProductSearch(skuPrefix: prefix, sort: .sku, limit: Self.candidatesMax)
        return await self.strings(prefix, words: words) {
            try await $0.products(search).rows.map { $0.sku }
        }
    }

    private static func strings(
        _ prefix: String,
        words: [String],
        query: (InventoryClient) async throws -> [String]
    ) async -> [String] {
        let all = await self.ask(words, query)
        let key = NormalizedText.key(prefix)
        // A shell writes candidates to the terminal as they are.
        return (all ?? []).filter {
            NormalizedText.key($0).hasPrefix(key) && SafeText.isSafe($0)
        }
    }

    /// Asks the server that the command line names; `nil` if it does not answer in time.
    static func ask<Answer>(
        _ words: [String],
        _ query: (InventoryClient) async throws -> Answer
    ) async -> Answer? {
        guard let settings = self.settings(words), var configuration = try? settings.client() else {
            return nil
        }
        configuration.timeoutMilliseconds = self.timeoutMilliseconds
        let client = InventoryClient(configuration)
        let answer = try? await query(client)
        try? await client.close()
        return answer
    }

    /// Returns the settings, with the server or context named in the incomplete command line.
    private static func settings(_ words: [String]) -> Settings? {
        func value(_ name: String) -> String? {
            for (index, word) in words.enumerated() {
                if word == name, index + 1 < words.count { return words[index + 1] }
                if word.hasPrefix(name + "=") { return String(word.dropFirst(name.count + 1)) }
            }
            return nil
        }
        var flags: [Setting.Key: String] = [:]
        flags[.server] = value("--server")
        flags[.tokenFile] = value("--token-file")
        return try? Settings(flags: flags, context: value("--context"))
    }
}
