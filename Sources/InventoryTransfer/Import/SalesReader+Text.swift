internal import InventoryModel

/// The strings of the record that was read last.
extension SalesReader {
    /// Returns why the reference or the category is invalid; `nil` if both are valid.
    func textProblem() -> String? {
        self.withReference {
            Self.problem("reference", $0, byteCountMax: Limits.referenceByteCountMax)
        }
            ?? self.records.withUTF8(self.columns.category) {
                Self.problem("category", $0, byteCountMax: Limits.nameByteCountMax)
            }
    }

    @inline(__always)
    private static func problem(
        _ field: StaticString,
        _ bytes: UnsafeRawBufferPointer,
        byteCountMax: Int
    ) -> String? {
        guard bytes.count <= byteCountMax else {
            return "\(field): is longer than \(byteCountMax) bytes"
        }
        if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return NormalizedText.hasControlCharacter(text) ? "\(field): has a control character" : nil
    }

    /// Calls `body` with the bytes of the code as typed.
    @inline(__always)
    func withCode<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        self.records.withBytes(self.columns.sku, body)
    }

    /// Calls `body` with the reference in UTF-8.
    @inline(__always)
    func withReference<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        self.records.withUTF8(self.columns.reference, body)
    }

    /// Appends the reference in UTF-8.
    func appendReference(to bytes: inout [UInt8]) {
        self.withReference { bytes.append(contentsOf: $0) }
    }

    /// The code as typed.
    var code: String { self.records.text(self.columns.sku) }
    var hasName: Bool { self.records.withBytes(self.columns.name) { !$0.isEmpty } }

    /// Whether the row has a category of its own.
    var hasCategory: Bool { self.records.withBytes(self.columns.category) { !$0.isEmpty } }

    /// Whether the code is that one as typed.
    @inline(__always)
    func isCode(_ code: String) -> Bool {
        self.withCode { $0.elementsEqual(code.utf8) }
    }

    /// Whether the name is that one as typed.
    func isName(_ name: String) -> Bool {
        self.records.withUTF8(self.columns.name) { $0.elementsEqual(name.utf8) }
    }

    /// Whether the category is that one as typed.
    func isCategory(_ category: String) -> Bool {
        self.records.withUTF8(self.columns.category) { $0.elementsEqual(category.utf8) }
    }

    /// The name, truncated to the limit of a product's name; empty if it has control characters.
    var name: String {
        let name = NormalizedText.trimmed(self.records.text(self.columns.name))
        if NormalizedText.hasControlCharacter(name) { return "" }
        guard name.utf8.count > Limits.nameByteCountMax else { return name }
        var byteCount = 0
        return String(
            name.prefix {
                byteCount += $0.utf8.count
                return byteCount <= Limits.nameByteCountMax
            }
        )
    }

    /// The row's category, or that of rows without one.
    var category: String {
        let category = self.records.text(self.columns.category)
        return category.isEmpty ? self.options.category : category
    }
}
