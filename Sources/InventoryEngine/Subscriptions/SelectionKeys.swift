public import Bytes
internal import ColumnStore

/// What is looked at to select the changes that a subscription is for: categories and SKUs for its filter,
/// and the ledger for what a reversal undoes.
///
/// Columns that sales only append to, if anything, so that holding them while sales go on costs the engine
/// no copy.
public struct SelectionKeys: Sendable {
    let categories: Column<UInt32>
    let skuKeys: TextColumn
    let ledger: MovementLedger
    /// The last step by which a product got another category or SKU.
    ///
    /// What was selected by these keys of steps before it may lack what a product did under its earlier
    /// key, or have more than that: a copy made of it is exact from this step on.
    public let movedLSN: LSN

    init(_ tables: InventoryTables) {
        self.categories = tables.products.categories
        self.skuKeys = tables.products.skuKeys
        self.ledger = tables.ledger
        self.movedLSN = tables.movedLSN
    }

    /// Those of no product and no movement, for what needs none.
    public static let none = SelectionKeys(InventoryTables())
}

extension ReadView {
    public var selectionKeys: SelectionKeys { SelectionKeys(self.tables) }
}

extension InventoryState {
    /// Those of the newest step.
    ///
    /// - Complexity: O(1)
    public var selectionKeys: SelectionKeys { SelectionKeys(self.tables) }
}
