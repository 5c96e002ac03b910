public import Bytes
internal import ColumnStore

/// The data that selects the changes for a subscription: categories and SKUs for its filter, and the ledger
/// for the movements that reversals refer to.
///
/// Sales at most append to these columns, so retaining them during sales costs the engine no copy.
public struct SelectionKeys: Sendable {
    let categories: Column<UInt32>
    let skuKeys: TextColumn
    let ledger: MovementLedger
    /// The last step that changed a product's category or SKU.
    ///
    /// Changes of earlier steps that were selected by these keys may lack changes of a product under its
    /// earlier key, or have extra ones: a replica made of them is exact from this step on.
    public let movedLSN: LSN

    init(_ tables: InventoryTables) {
        self.categories = tables.products.categories
        self.skuKeys = tables.products.skuKeys
        self.ledger = tables.ledger
        self.movedLSN = tables.movedLSN
    }

    /// Keys without products and movements, for matchers that need none.
    public static let none = SelectionKeys(InventoryTables())
}

extension ReadView {
    /// The keys at the view's LSN.
    public var selectionKeys: SelectionKeys { SelectionKeys(self.tables) }
}

extension InventoryState {
    /// The keys at the newest step.
    ///
    /// - Complexity: O(1)
    public var selectionKeys: SelectionKeys { SelectionKeys(self.tables) }
}
