import InventoryClient
internal import InventoryModel

/// The rows of a catalog whose SKU the server refused as taken: those that are in the database with the same
/// values are no rejected rows.
///
///     refused as taken ─▶ the file again, as an upsert would read it ─▶ nothing differs    already there
///                                                                    └▶ something differs  rejected
///
/// As in an upsert, only the file's own columns are compared, an empty cell agrees with everything, and the stock
/// is what is on hand now.
final class TakenRows {
    /// The rows by number.
    private var numbers: Set<Int> = []
    /// The rows that are already in the database with the same values; known once they were compared.
    private(set) var sameCount = 0

    /// Notes a row that was refused; returns whether it is to be compared.
    func note(_ row: Int, _ refusal: Refusal) -> Bool {
        guard refusal.code == .skuTaken else { return false }
        self.numbers.insert(row)
        return true
    }

    func contains(_ row: Int) -> Bool { self.numbers.contains(row) }

    /// Compares the rows with their products, and rejects those that differ.
    ///
    /// - Parameters:
    ///   - file: The bytes of the file.
    ///   - options: The options of the import.
    ///   - host: The program.
    ///   - problems: The list to which rows that differ are added.
    /// - Throws: ``Failure``, or the client's error.
    /// - Complexity: O(rows of the file); nothing without such rows.
    func compare(
        _ file: FileBytes,
        _ options: ImportOptions,
        host: any TransferHost,
        problems: Problems
    ) async throws {
        guard !self.numbers.isEmpty else { return }
        let locations = try await host.importLocations(at: options.at)
        var reader = try await UpsertReader(
            ImportFile(file, options.reading, fields: .ofProducts, locations: locations),
            options: options,
            host: host,
            locations: locations,
            problems: options.problems()
        )
        let rows = self.numbers
        while let row = try reader.nextDifference(among: rows) {
            guard let difference = row.difference else {
                self.sameCount += 1
                continue
            }
            problems.add(row.number, "\(RefusalCode.skuTaken.name)  \(difference)")
        }
    }
}
