internal import Bytes

/// Descriptions in the words of PROTOCOL.md and of `invctl help commands`.
extension FieldDescription {
    /// The field as in the field column of PROTOCOL.md: its kind, and its name in words unless the kind
    /// suffices.
    public var wireText: String {
        let kind = self.kind.wireText
        switch self.kind {
        case .text where self.name == "reference" || self.name == "note": return self.name
        case .choice, .occurrence, .expiry, .lines, .coded: return kind
        case .integer where self.name == "limit", .masked: return self.name
        case .revision: return self.isMasked ? "varint revision" : kind
        case .update(let fields):
            return "mask: \(fields.map { $0.wireText }.joined(separator: " · "));"
        case .part(let fields): return "bool \(self.name); if so: \(fields.wireText);"
        default: break
        }
        let words = self.name.wordsOfCamelCase
        return kind == words || kind.hasSuffix(" " + words) ? kind : "\(kind) \(words)"
    }

    /// The field's members in JSON; `?` marks optional ones.
    fileprivate var members: [String] {
        let name = self.isRequired ? self.name : self.name + "?"
        return switch self.kind {
        case .price: [name, self.name + "Basis?"]
        case .unit: [name, self.name + "Decimals?"]
        case .occurrence: [name, "imported?"]
        case .expiry: ["expiresAfterSeconds or expiresAt"]
        case .update(let fields):
            fields.flatMap { $0.members }.map { $0.hasSuffix("?") ? $0 : $0 + "?" }
        case .part(let fields): ["\(name) {\(fields.shape)}"]
        case .lines(let fields, _): ["\(name) [\(fields.shape)]"]
        default: [name]
        }
    }
}

extension FieldDescription.Kind {
    /// The kind's name in PROTOCOL.md.
    fileprivate var wireText: String {
        switch self {
        case .text, .term: "text"
        case .lastTerm: "if not empty, text"
        case .lastFlag: "if true, bool"
        case .flag: "bool"
        case .integer: "varint"
        case .quantity: "quantity"
        case .money, .optionalMoney: "money"
        case .price: "price"
        case .unit: "unit"
        case .choice(let title): "enum \(title)"
        case .id(let title): title
        case .instant: "instant"
        case .revision: "revision"
        case .occurrence: "when"
        case .expiry: "expiry"
        case .optionalInstant: "opt instant"
        case .optionalDay: "opt day"
        case .optionalLSN: "opt"
        case .update, .part, .masked: ""
        case .lines(let fields, let title):
            "list of \(title ?? (fields.count == 1 ? fields.wireText : "(\(fields.wireText))"))"
        case .sharedText: "shared text"
        case .signed: "svarint"
        case .optionalID(let title): "opt \(title)"
        case .coded(let title): title
        case .announced: "no bytes:"
        }
    }
}

extension [FieldDescription] {
    /// The names of the members in JSON, required ones first, separated by commas; `?` marks optional ones.
    public var shape: String { self.members.joined(separator: ", ") }

    /// The members of ``shape``, as a list.
    public var members: [String] {
        (self.filter { $0.isRequired } + self.filter { !$0.isRequired }).flatMap { $0.members }
    }

    /// The encoding in the words of PROTOCOL.md, without the extension fields behind it.
    public var wireText: String {
        let ahead = self.filter { !$0.isMasked && !$0.isExtension }.map { $0.wireText }.joined(
            separator: ", "
        )
        let masked = self.filter { $0.isMasked }.map { $0.wireText }
        var text = ahead.replacing(";, ", with: "; ")
        if text.hasSuffix(";") { text.removeLast() }
        return masked.isEmpty ? text : text + ", mask: " + masked.joined(separator: " · ")
    }
}

extension String {
    /// The words of a camel-case name: `reorderPoint` is "reorder point", `originalLsn` is "original LSN".
    package var wordsOfCamelCase: String {
        let words = self.reduce(into: "") { words, letter in
            if letter.isUppercase { words += " " }
            words += letter.lowercased()
        }
        return words.split(separator: " ").map { $0 == "lsn" ? "LSN" : String($0) }
            .joined(separator: " ")
    }
}
