import ColumnStore

/// Texts, each with a number, found by their bytes: the SKUs of a file, a million of them.
///
/// A dictionary of strings would hash and compare each through Unicode and hold it in an allocation of
/// its own.
struct NumberedTexts {
    private var texts = TextColumn()
    private var index = KeyIndex()
    /// By the text's row; row 0 is reserved.
    private var numbers = [0]

    init() { self.texts.append("") }

    var count: Int { self.numbers.count - 1 }

    /// The number of a text; nothing if it was not put in.
    func number(of text: UnsafeRawBufferPointer) -> Int? {
        self.index.find(text, in: self.texts).map { self.numbers[Int($0)] }
    }

    func number(of text: String) -> Int? {
        self.index.find(text, in: self.texts).map { self.numbers[Int($0)] }
    }

    /// Puts a text in that is not there yet; of at most ``TextColumn/byteCountMax`` bytes.
    mutating func insert(_ text: String, _ number: Int) {
        self.texts.append(text)
        self.numbers.append(number)
        self.index.insert(row: UInt32(self.numbers.count - 1), in: self.texts)
    }
}
