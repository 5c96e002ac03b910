internal import ColumnStore

/// Texts, each with a number, found by their bytes: the SKUs of a file, a million of them.
///
/// A dictionary of strings would hash and compare each through Unicode and hold it in an allocation of
/// its own.
struct NumberedStrings: Sendable {
    private var texts = TextColumn()
    private var index = KeyIndex()
    /// By the text's row; row 0 is reserved.
    private var numbers = [0]

    init() { self.texts.append("") }

    /// The number of a text; nothing if it was not put in.
    func number(of text: UnsafeRawBufferPointer) -> Int? {
        self.index.find(text, in: self.texts).map { self.numbers[Int($0)] }
    }

    func number(of text: String) -> Int? {
        self.index.find(text, in: self.texts).map { self.numbers[Int($0)] }
    }

    /// The number of a text; where it was not put in, it is put in with `number`.
    ///
    /// - Returns: Nothing if it was put in.
    mutating func findOrInsert(_ text: String, _ number: Int) -> Int? {
        var text = text
        let row = text.withUTF8 {
            self.index.findOrInsert(
                UnsafeRawBufferPointer($0),
                row: UInt32(self.numbers.count),
                in: self.texts
            )
        }
        if let row { return self.numbers[Int(row)] }
        self.texts.append(text)
        self.numbers.append(number)
        return nil
    }

    /// The texts with their numbers, in the order in which they were put in.
    func forEach(_ body: (String, Int) -> Void) {
        for row in self.numbers.indices.dropFirst() { body(self.texts[row], self.numbers[row]) }
    }

    /// Puts a text in that is not there yet; of at most ``TextColumn/byteCountMax`` bytes.
    mutating func insert(_ text: String, _ number: Int) {
        self.texts.append(text)
        self.numbers.append(number)
        self.index.insert(row: UInt32(self.numbers.count - 1), in: self.texts)
    }

    // MARK: - Many at once

    /// Makes room for `count` more texts.
    mutating func reserve(_ count: Int) { self.index.reserve(count) }

    /// Asks for the memory where a text of that ``KeyIndex/hash(_:)`` is looked for soon.
    func prefetch(hash: UInt64) { self.index.prefetch(hash: hash) }

    /// ``number(of:)`` of a text whose hash is known.
    func number(of text: UnsafeRawBufferPointer, hash: UInt64) -> Int? {
        self.index.find(text, hash: hash, in: self.texts).map { self.numbers[Int($0)] }
    }

    /// ``insert(_:_:)`` of a text whose hash is known.
    mutating func insert(_ text: UnsafeRawBufferPointer, hash: UInt64, _ number: Int) {
        self.texts.append(utf8: text)
        self.numbers.append(number)
        self.index.insert(row: UInt32(self.numbers.count - 1), hash: hash, in: self.texts)
    }
}
