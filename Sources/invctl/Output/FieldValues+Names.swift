internal import InventoryModel
import InventoryTransfer

extension FieldValues {
    /// Returns the given fields of an entity, in the order of the description.
    ///
    /// - Parameters:
    ///   - fields: The fields.
    ///   - given: Which of them.
    ///   - names: The names of what they refer to.
    ///   - money: The decimals of the currency.
    ///   - decimals: The decimals of the product's unit.
    /// - Returns: A value for each field.
    static func of<Entity: Described>(
        _ fields: Entity,
        only given: FieldSet<Entity.FieldID> = .all,
        names: Names,
        money: UInt8,
        decimals: UInt8 = 0
    ) -> [FieldValue] {
        self.of(
            fields,
            only: given,
            naming: { names.text(of: $0) },
            money: money,
            decimals: decimals
        )
    }
}
