internal import InventoryModel

/// Suggestions for a mistyped name.
package enum Nearness {
    /// Returns up to three candidates that are similar to `text`, the nearest first.
    ///
    /// One edit is allowed for each three letters: an insertion, deletion, substitution or transposition.
    /// Longer candidates that begin with `text` count too, if it has at least two letters.
    package static func nearest(to text: String, among candidates: [String]) -> [String] {
        let typed = Array(NormalizedText.key(text).unicodeScalars)
        let allowed = max(1, typed.count / 3)
        var near: [(distance: Int, text: String)] = []
        for candidate in candidates {
            let key = Array(NormalizedText.key(candidate).unicodeScalars)
            if abs(key.count - typed.count) > allowed {
                guard typed.count >= 2, key.starts(with: typed) else { continue }
                near.append((allowed, candidate))
                continue
            }
            let distance = self.distance(typed, key)
            if distance <= allowed { near.append((distance, candidate)) }
        }
        let sorted = near.sorted { ($0.distance, $0.text) < ($1.distance, $1.text) }
        return sorted.prefix(3).map { $0.text }
    }

    /// Returns the optimal string alignment distance: edits and transpositions of neighbours.
    private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var before = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i] + [Int](repeating: 0, count: b.count)
            for j in 1...b.count {
                let cost = a[i - 1] == b[j - 1] ? 0 : 1
                row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    row[j] = min(row[j], before[j - 2] + 1)
                }
            }
            (before, last) = (last, row)
        }
        return last[b.count]
    }
}
