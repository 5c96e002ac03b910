internal import ColumnStore
internal import InventoryModel

/// A part of a file's products, ready but for what the server has to say of their categories.
///
/// Its reader fills it again and again.
final class ProductPart {
    struct Row {
        /// In the file.
        var number: Int
        /// Which of ``products`` it is.
        var product: Int
        /// Which of the file's categories it is of.
        var category: Int
    }

    var products = EncodedProducts()
    /// Those that can be sent; some of ``products`` may be none of them.
    var rows: [Row] = []
    /// Names of the categories that no row of an earlier part that could be sent was of, as they come.
    var newCategories: [(number: Int, name: String)] = []

    func removeAll() {
        self.products.removeAll()
        self.rows.removeAll(keepingCapacity: true)
        self.newCategories.removeAll(keepingCapacity: true)
    }
}

/// The categories of a file by the names that it gives them, numbered as they come.
struct FileCategories {
    private var numbers = NumberedStrings()
    private var names: [String] = []
    private var isNoted: [Bool] = []
    /// Of rows that have none.
    private let standard: String

    init(or standard: String) { self.standard = standard }

    /// The number of a name, in UTF-8.
    mutating func number(of name: UnsafeRawBufferPointer) -> Int {
        if name.isEmpty {
            var standard = self.standard
            return standard.withUTF8 { self.known(UnsafeRawBufferPointer($0)) }
        }
        return self.known(name)
    }

    private mutating func known(_ name: UnsafeRawBufferPointer) -> Int {
        // One that is longer than any text that is kept is refused by the server, whatever follows.
        let kept = UnsafeRawBufferPointer(rebasing: name.prefix(TextColumn.byteCountMax))
        let hash = KeyIndex.hash(kept)
        if let number = self.numbers.number(of: kept, hash: hash) { return number }
        let number = self.names.count
        self.numbers.insert(kept, hash: hash, number)
        self.names.append(String(decoding: name, as: UTF8.self))
        self.isNoted.append(false)
        return number
    }

    /// Notes that a row that can be sent is of a category.
    @inline(__always)
    mutating func note(_ number: Int, in part: ProductPart) {
        if self.isNoted[number] { return }
        self.isNoted[number] = true
        part.newCategories.append((number, self.names[number]))
    }
}

/// Texts in their bytes one behind another, for a while.
struct TextRun {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { self.ends.count }

    /// Appends the key of a text, which is given in UTF-8.
    mutating func append(keyOf text: UnsafeRawBufferPointer) {
        NormalizedText.appendKey(ofUTF8: text, to: &self.bytes)
        self.ends.append(self.bytes.count)
    }

    @inline(__always)
    func withText<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let start = index == 0 ? 0 : self.ends[index - 1]
        return self.bytes.withUnsafeBytes {
            body(UnsafeRawBufferPointer(rebasing: $0[start..<self.ends[index]]))
        }
    }

    mutating func removeAll() {
        self.bytes.removeAll(keepingCapacity: true)
        self.ends.removeAll(keepingCapacity: true)
    }
}
