extension GroupedTotals {
    /// Groups, and different products and transactions in them: what it takes room for.
    var entryCount: Int {
        self.sets.reduce(0) { $0 + $1.count + $1.transactions.entryCount + $1.products.entryCount }
    }
}
