internal import Bytes

/// What a description says, in the words of PROTOCOL.md and of `invctl help commands`.
extension FieldDescription {
    /// As the field column of PROTOCOL.md has it: its kind, and its name in words where that says more; an
    /// enumeration says enough.
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

    /// The members that JSON has for it; `?` marks one that may be left out.
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
    /// What PROTOCOL.md calls it.
    fileprivate var wireText: String {
        switch self {
        case .text, .term: "text"
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
        case .optionalLSN: "opt"
        case .update, .part, .masked: ""
        case .lines(let fields, let title):
            "list of \(title ?? (fields.count == 1 ? fields.wireText : "(\(fields.wireText))"))"
        case .sharedText: "shared text"
        case .signed: "svarint"
        case .optionalID(let title): "opt \(title)"
        case .coded(let title): title
        case .announced: "nothing:"
        }
    }
}

extension [FieldDescription] {
    /// The names of the members that JSON has, what is required first, separated by commas; `?` marks what
    /// may be left out.
    public var shape: String { self.members.joined(separator: ", ") }

    /// The members one by one, as ``shape`` has them.
    public var members: [String] {
        (self.filter { $0.isRequired } + self.filter { !$0.isRequired }).flatMap { $0.members }
    }

    /// What the bytes are, in the words of PROTOCOL.md.
    public var wireText: String {
        let ahead = self.filter { !$0.isMasked }.map { $0.wireText }.joined(separator: ", ")
        let masked = self.filter { $0.isMasked }.map { $0.wireText }
        var text = ahead.replacing(";, ", with: "; ")
        if text.hasSuffix(";") { text.removeLast() }
        return masked.isEmpty ? text : text + ", mask: " + masked.joined(separator: " · ")
    }
}

extension String {
    /// `reorderPoint` as "reorder point", `originalLsn` as "original LSN".
    package var wordsOfCamelCase: String {
        let words = self.reduce(into: "") { words, letter in
            if letter.isUppercase { words += " " }
            words += letter.lowercased()
        }
        return words.split(separator: " ").map { $0 == "lsn" ? "LSN" : String($0) }
            .joined(separator: " ")
    }
}
