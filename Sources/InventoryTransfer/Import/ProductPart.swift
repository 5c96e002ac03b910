internal import ColumnStore
internal import InventoryModel

/// A part of a file's products, encoded except for the ids of their categories.
///
/// The reader reuses it for each part.
final class ProductPart {
    struct Row {
        /// The row in the file.
        var number: Int
        /// The index in ``products``.
        var product: Int
        /// The file's number of the category.
        var category: Int
    }

    /// The stock of a product at a location other than that of its opening stock.
    struct FurtherStock {
        /// The row in the file.
        var number: Int
        var sku: String
        var stock: OpeningStock
    }

    var products = EncodedProducts()
    /// What is added once the products exist.
    var furtherStock: [FurtherStock] = []
    /// The valid rows; ``products`` may have others too.
    var rows: [Row] = []
    /// Names of the categories that no valid row of an earlier part has, in order.
    var newCategories: [(number: Int, name: String)] = []

    func removeAll() {
        self.products.removeAll()
        self.rows.removeAll(keepingCapacity: true)
        self.newCategories.removeAll(keepingCapacity: true)
        self.furtherStock.removeAll(keepingCapacity: true)
    }
}

/// The categories of a file by name, numbered in the order in which they occur.
struct FileCategories {
    private var numbers = NumberedStrings()
    private var names: [String] = []
    private var isNoted: [Bool] = []
    /// The category of rows without one.
    private let standard: String

    init(or standard: String) { self.standard = standard }

    /// Returns the number of a name in UTF-8.
    mutating func number(of name: UnsafeRawBufferPointer) -> Int {
        if name.isEmpty {
            var standard = self.standard
            return standard.withUTF8 { self.known(UnsafeRawBufferPointer($0)) }
        }
        return self.known(name)
    }

    private mutating func known(_ name: UnsafeRawBufferPointer) -> Int {
        // The server refuses a longer name, whatever its remaining bytes are.
        let key = UnsafeRawBufferPointer(rebasing: name.prefix(TextColumn.byteCountMax))
        let hash = KeyIndex.hash(key)
        if let number = self.numbers.number(of: key, hash: hash) { return number }
        let number = self.names.count
        self.numbers.insert(key, hash: hash, number)
        self.names.append(String(decoding: name, as: UTF8.self))
        self.isNoted.append(false)
        return number
    }

    /// Records that a valid row has a category.
    @inline(__always)
    mutating func note(_ number: Int, in part: ProductPart) {
        if self.isNoted[number] { return }
        self.isNoted[number] = true
        part.newCategories.append((number, self.names[number]))
    }
}

/// A reusable buffer of strings, their bytes one after another.
struct TextRun {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { self.ends.count }

    /// Appends the normalized key of a string in UTF-8.
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
