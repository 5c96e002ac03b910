extension GroupedTotals {
    /// The number of groups, and of distinct products and transactions in them: a measure of the memory used.
    var entryCount: Int {
        self.sets.reduce(0) { $0 + $1.count + $1.transactions.entryCount + $1.products.entryCount }
    }
}
