internal import ColumnStore

/// A map from strings to numbers, keyed by bytes: for the SKUs of a file, a million of them.
///
/// A `Dictionary` would hash and compare strings by Unicode equivalence and allocate each separately.
struct NumberedStrings: Sendable {
    private var strings = TextColumn()
    private var index = KeyIndex()
    /// Numbers by the string's row; row 0 is reserved.
    private var numbers = [0]

    init() { self.strings.append("") }

    /// Returns the number of a string; `nil` if it was not inserted.
    func number(of text: UnsafeRawBufferPointer) -> Int? {
        self.index.find(text, in: self.strings).map { self.numbers[Int($0)] }
    }

    func number(of text: String) -> Int? {
        self.index.find(text, in: self.strings).map { self.numbers[Int($0)] }
    }

    /// Returns the number of a string, or inserts it with `number` and returns `nil`.
    mutating func findOrInsert(_ text: String, _ number: Int) -> Int? {
        var text = text
        let row = text.withUTF8 {
            self.index.findOrInsert(
                UnsafeRawBufferPointer($0),
                row: UInt32(self.numbers.count),
                in: self.strings
            )
        }
        if let row { return self.numbers[Int(row)] }
        self.strings.append(text)
        self.numbers.append(number)
        return nil
    }

    /// Calls `body` with each string and its number, in the order of insertion.
    func forEach(_ body: (String, Int) -> Void) {
        for row in self.numbers.indices.dropFirst() { body(self.strings[row], self.numbers[row]) }
    }

    /// Inserts a new string of at most ``TextColumn/byteCountMax`` bytes.
    mutating func insert(_ text: String, _ number: Int) {
        self.strings.append(text)
        self.numbers.append(number)
        self.index.insert(row: UInt32(self.numbers.count - 1), in: self.strings)
    }

    // MARK: - Batches

    /// Prefetches the memory that a lookup of a string with this ``KeyIndex/hash(_:)`` reads.
    func prefetch(hash: UInt64) { self.index.prefetch(hash: hash) }

    /// Returns ``number(of:)`` of a string whose hash is known.
    func number(of text: UnsafeRawBufferPointer, hash: UInt64) -> Int? {
        self.index.find(text, hash: hash, in: self.strings).map { self.numbers[Int($0)] }
    }

    /// As ``insert(_:_:)``, for a string whose hash is known.
    mutating func insert(_ text: UnsafeRawBufferPointer, hash: UInt64, _ number: Int) {
        self.strings.append(utf8: text)
        self.numbers.append(number)
        self.index.insert(row: UInt32(self.numbers.count - 1), hash: hash, in: self.strings)
    }
}
