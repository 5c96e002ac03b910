/// Visits every column of a set of tables, each under a number with a fixed meaning.
///
/// One visit serves writing a snapshot, reading one back, and starting an epoch: the tables list their
/// columns in one place.
public protocol ImageVisitor {
    associatedtype Failure: Error
    /// Visits one column.
    ///
    /// - Parameters:
    ///   - number: The column's number, part of the snapshot format.
    ///   - column: The column, which reading a snapshot fills.
    /// - Throws: The visitor's error, which ends the visit.
    mutating func visit(
        _ number: UInt32,
        _ column: inout some ColumnImaging
    ) throws(Failure)
}
