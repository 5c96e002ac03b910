/// Helpers for strings and bytes that this module and its host share.
extension String {
    /// The string without white space at its ends.
    package var trimmingSpace: String {
        guard let first = self.utf8.first, let last = self.utf8.last else { return self }
        if first > 0x20, first < 0x80, last > 0x20, last < 0x80 { return self }
        var rest = Substring(self)
        while rest.first?.isWhitespace ?? false { rest.removeFirst() }
        while rest.last?.isWhitespace ?? false { rest.removeLast() }
        return String(rest)
    }
}

extension [UInt8] {
    /// Appends a string in UTF-8.
    package mutating func append(_ text: String) { self.append(contentsOf: text.utf8) }
}
