/// A part of a ``Draft`` that most steps leave empty: a dictionary that costs nothing until it is used.
///
/// A draft has many of them, and is made for each command.
struct DraftTable<Key: Hashable, Value> {
    private var values: [Key: Value]?

    /// Whether it was never changed.
    @inline(__always)
    var isEmpty: Bool { self.values == nil }

    /// Calls `body` with each key and its value.
    ///
    /// - Complexity: O(keys)
    func forEach(_ body: (Key, Value) -> Void) {
        for (key, value) in self.values ?? [:] { body(key, value) }
    }

    /// The value of a key; `nil` if it has none.
    @inline(__always)
    subscript(key: Key) -> Value? {
        get { self.values?[key] }
        set {
            if self.values == nil { self.values = [:] }
            self.values?[key] = newValue
        }
    }

    /// The value of a key, or else `initial`, which it then has once it is changed.
    subscript(key: Key, default initial: @autoclosure () -> Value) -> Value {
        get { self[key] ?? initial() }
        _modify {
            // Nothing else holds the dictionary meanwhile, so that it is changed in place.
            var values = self.values.take() ?? [:]
            defer { self.values = values }
            yield &values[key, default: initial()]
        }
    }
}
