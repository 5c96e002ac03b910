/// The stored form of described strings: without outer white space, in composed form.
extension Described {
    /// Trims the white space of every string, and normalizes it to composed form.
    @inlinable
    package mutating func trim() {
        var trimming = FieldTrimming()
        self.visit(&trimming, only: .all)
    }
}

extension FieldUpdate {
    /// Returns an entity with the given values in place of its own, their strings as they are stored.
    package func applied(to entity: Entity) -> Entity {
        var (values, updated) = (self.values, entity)
        values.trim()
        updated.take(self.given, from: values)
        return updated
    }
}

/// Normalizes strings to their stored form.
@usableFromInline
package struct FieldTrimming: SelectiveVisitor {
    @usableFromInline package typealias Failure = Never

    @usableFromInline package init() {}

    @inlinable
    package mutating func text(_ field: Field<String>, _ value: inout String) {
        value = NormalizedText.trimmed(value)
    }
}
