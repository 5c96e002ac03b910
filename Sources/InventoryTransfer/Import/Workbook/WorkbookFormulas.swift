/// The cells of a workbook's first sheet that have a formula and no value.
///
/// A program that writes a workbook need not compute its formulas; `xlsx2csv` then writes nothing, which would
/// be read as an empty field.
struct WorkbookFormulas {
    /// Why rows cannot be imported, by their number.
    private(set) var problems: [Int: String] = [:]

    init(_ workbook: FileBytes, _ startFilter: FilterStart) {
        let archive = WorkbookArchive(workbook)
        guard let book = archive.member("xl/workbook.xml", startFilter),
            let links = archive.member("xl/_rels/workbook.xml.rels", startFilter),
            let path = Self.firstSheet(book, links),
            let sheet = archive.member(path, startFilter)
        else { return }
        self.search(sheet)
    }

    /// Returns the name in the archive of the first sheet.
    private static func firstSheet(_ book: [UInt8], _ links: [UInt8]) -> String? {
        var tags = XMLTags(book)
        while let tag = tags.next() {
            guard tag.name == "sheet", let id = tag.attribute("id") else { continue }
            var links = XMLTags(links)
            while let link = links.next() {
                guard link.attribute("Id") == id, let target = link.attribute("Target") else {
                    continue
                }
                return target.hasPrefix("/") ? String(target.dropFirst()) : "xl/\(target)"
            }
            return nil
        }
        return nil
    }

    private mutating func search(_ sheet: [UInt8]) {
        var tags = XMLTags(sheet)
        var cell = ""
        var (hasFormula, hasValue) = (false, false)
        while let tag = tags.next() {
            switch (tag.name, tag.isEnd) {
            case ("c", false):
                cell = tag.attribute("r") ?? ""
                (hasFormula, hasValue) = (false, false)
            case ("f", false): hasFormula = true
            case ("v", false): hasValue = !tag.isEmpty
            case ("c", true) where hasFormula && !hasValue:
                guard let row = Int(cell.drop { $0.isLetter }) else { continue }
                self.problems[row] =
                    "\(cell): a formula without a value; save the file in a spreadsheet program"
            default: break
            }
        }
    }
}

/// Reads the tags of an XML document one after another, without its text.
struct XMLTags {
    struct Tag {
        /// The name without a namespace.
        var name: String
        var isEnd: Bool
        /// Whether it is its own end, as `<v/>`.
        var isEmpty: Bool
        fileprivate var attributes: Substring

        /// Returns the value of an attribute, whose namespace does not matter.
        func attribute(_ name: String) -> String? {
            var rest = self.attributes
            while let equals = rest.firstIndex(of: "=") {
                let key = rest[..<equals].split { $0 == ":" || $0.isWhitespace }.last
                let value = rest[equals...].dropFirst().drop { $0.isWhitespace }
                guard let quote = value.first, quote == "\"" || quote == "'",
                    let end = value.dropFirst().firstIndex(of: quote)
                else { return nil }
                if key.map({ $0 == name }) == true { return String(value[..<end].dropFirst()) }
                rest = value[end...].dropFirst()
            }
            return nil
        }
    }

    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Returns the next tag; `nil` at the end.
    mutating func next() -> Tag? {
        guard let start = self.bytes[self.offset...].firstIndex(of: 0x3C),
            let end = self.bytes[start...].firstIndex(of: 0x3E)
        else { return nil }
        self.offset = end + 1
        let isEnd = self.bytes[start + 1] == 0x2F
        let isEmpty = !isEnd && self.bytes[end - 1] == 0x2F
        let text = self.bytes[(start + (isEnd ? 2 : 1))..<(isEmpty ? end - 1 : end)]
        let whole = Substring(decoding: text, as: UTF8.self)
        let name = whole.prefix { !$0.isWhitespace }
        return Tag(
            name: String(name.split(separator: ":").last ?? ""),
            isEnd: isEnd,
            isEmpty: isEmpty,
            attributes: whole[name.endIndex...]
        )
    }
}
