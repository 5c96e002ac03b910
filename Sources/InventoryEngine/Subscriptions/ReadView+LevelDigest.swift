public import InventoryModel

extension ReadView {
    /// The digest of the levels that a subscription selects.
    ///
    /// - Complexity: O(levels)
    public func levelDigest(_ matcher: SubscriptionMatcher) -> LevelDigest {
        var digest = LevelDigest()
        let keys = self.selectionKeys
        for row in 0..<self.tables.levels.rowCount {
            let level = self.tables.levels.level(row)
            if matcher.match(.level(level), keys) == .written { digest.replace(nil, with: level) }
        }
        return digest
    }
}
