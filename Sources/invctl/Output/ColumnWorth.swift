import TerminalKit

/// How much the columns of answers matter on a narrow terminal.
///
/// A list of sales is for quantities and amounts, one of low stock for what to order: these stay, and who
/// recorded a row is omitted first. A column without an entry is of normal worth. A price is what a list of
/// products is for, and only explains a movement, which has an amount.
enum ColumnWorth {
    /// Returns the worth of a column by its name.
    ///
    /// - Parameters:
    ///   - name: The name of the column.
    ///   - names: The names of all columns of the answer.
    /// - Returns: The worth.
    static func of(_ name: String, among names: [String]) -> TextTable.Column.Worth {
        let isOfProducts = names.contains("price") && names.contains("onHand")
        if isOfProducts, let worth = self.ofProducts[name] { return worth }
        if names.contains("alreadyThere"), let worth = self.ofImports[name] { return worth }
        // Rows of subtotals have no other name.
        if name == "category", names.contains("stage") { return .vital }
        if name.allSatisfy({ $0 == " " }) { return .decoration }
        if self.vital.contains(name) { return .vital }
        if self.essential.contains(name) { return .essential }
        if self.details.contains(name) { return .detail }
        return self.records.contains(name) ? .record : .normal
    }

    /// Columns that matter more, or less, in a list of products.
    private static let ofProducts: [String: TextTable.Column.Worth] = [
        "price": .vital, "status": .detail, "category": .normal, "reorderPoint": .detail,
    ]

    /// Columns that matter more, or less, in a list of imports.
    private static let ofImports: [String: TextTable.Column.Worth] = [
        "begunAt": .essential, "kind": .detail, "state": .normal,
    ]

    private static let vital: Set<String> = [
        // Who or what a row is about.
        "sku", "code", "event", "check", "setting", "hour", "day", "week", "month",
        // Movements, sales and open items.
        "onHandDelta", "quantity", "amount", "expiresAt", "asked",
        // Imports.
        "file", "booked", "alreadyThere", "refused",
        // Stock, and what to do about it.
        "onHand", "suggestedOrder", "stockOutAt",
        // The result of an insight.
        "net", "margin", "units", "velocity", "class", "turnover", "idleDays", "lostSales",
        "stockOutDays", "oldestDays", "retailValue",
    ]

    private static let essential: Set<String> = [
        "name", "kind", "state", "remaining", "available", "daysOfCover", "status", "rank",
        "detail", "run",
    ]

    private static let details: Set<String> = [
        "category", "barcode", "price", "cost", "reason", "unavailableDelta", "incomingDelta",
        "reorderTarget", "packSize", "leadTimeDays", "floor", "deviation", "safetyStock",
        "inStockVelocity", "risk", "previousRank", "previous", "isNew", "shareBefore",
        "brand", "moreBarcodes", "passed", "daysAveraged", "ewma", "movingAverage", "observedDays",
        "products", "zone", "rows",
    ]

    private static let records: Set<String> = [
        "id", "lsn", "line", "recordedAt", "createdAt", "updatedAt", "ageSeconds", "revision",
        "actor", "note", "originLsn", "imported", "variable", "endedAt", "content",
    ]
}
