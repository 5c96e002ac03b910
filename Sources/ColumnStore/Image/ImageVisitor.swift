/// Walks over every column of a set of tables, each under a number that never changes its meaning.
///
/// One walk serves writing a snapshot, reading one back, and beginning an epoch: the tables say
/// once what they are made of.
public protocol ImageVisitor {
    associatedtype Failure: Error
    mutating func visit(
        _ number: UInt32,
        _ column: inout some ColumnImaging
    ) throws(Failure)
}
