import TerminalKit

/// How much the columns of answers matter on a narrow terminal.
///
/// A list of sales is for quantities and amounts, one of low stock for what to order: these stay, and who
/// recorded a row gives way first. A column without an entry is of normal worth.
enum ColumnWorth {
    /// Returns the worth of a column by its name.
    static func of(_ name: String) -> TextTable.Column.Worth {
        if name.allSatisfy({ $0 == " " }) { return .decoration }
        if self.vital.contains(name) { return .vital }
        if self.essential.contains(name) { return .essential }
        if self.details.contains(name) { return .detail }
        return self.records.contains(name) ? .record : .normal
    }

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
        "detail",
    ]

    private static let details: Set<String> = [
        "category", "barcode", "price", "cost", "reason", "unavailableDelta", "incomingDelta",
        "reorderTarget", "packSize", "leadTimeDays", "floor", "deviation", "safetyStock",
        "inStockVelocity", "risk", "previousRank", "previous", "isNew", "shareBefore",
        "daysAveraged", "ewma", "movingAverage", "observedDays", "products", "zone", "rows",
    ]

    private static let records: Set<String> = [
        "id", "lsn", "line", "recordedAt", "createdAt", "updatedAt", "ageSeconds", "revision",
        "actor", "note", "originLsn", "imported", "variable",
    ]
}
