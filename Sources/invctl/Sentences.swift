import ColumnStore
import Inventory

extension Refusal {
    /// The refusal of the command itself, without the batch around it.
    var innermost: Refusal {
        if case .batch(_, let inner) = self.detail { return inner }
        return self
    }

    /// What went wrong, the equation behind it, and what it was about: one line for people.
    func sentence(
        decimals: UInt8,
        currency: String,
        sku: (sku: String, location: String)?
    ) -> String {
        let line = self.line.map { " (line \($0 + 1))" } ?? ""
        let facts: String
        switch self.detail {
        case .none: facts = ""
        case .message(let text): facts = text
        case .field(let name, let problem):
            facts = problem.isEmpty ? name : "\(name) \(problem)"
        case .range(let name, let value, let lowest, let highest):
            facts = "\(name) is \(value); it must be \(lowest) to \(highest)"
        case .id(let id): facts = "number \(id)"
        case .taken(let text, let holder): facts = "'\(text)' is taken by number \(holder)"
        case .revision(let expected, let actual):
            facts = "expected revision \(expected), but it is at \(actual). Nothing was changed."
        case .shortage(let shortage):
            let name =
                sku.map { "\($0.sku) at \($0.location)" } ?? "product \(shortage.product.value)"
            facts = """
                \(name): asked \(shortage.asked), can sell \(shortage.sellable) (on hand \
                \(shortage.onHand), unavailable \(shortage.unavailable), reserved \
                \(shortage.reserved), floor \(shortage.floor))
                """
        case .sold(let asked, let remaining):
            facts = "\(asked) came back, but only \(remaining) of that sale are left to return"
        case .batch(let index, let inner):
            let told = inner.sentence(decimals: decimals, currency: currency, sku: sku)
            return "\(self.code.name)  command \(index + 1): \(told)"
        case .sequence(let received, let last):
            facts = "request \(received) of a session that is at \(last)"
        }
        return facts.isEmpty ? "\(self.code.name)\(line)" : "\(self.code.name)  \(facts)\(line)"
    }
}

extension ResultTable {
    /// A cell by its column's name; empty if there is no value.
    func text(_ row: Int, _ name: String) -> String {
        guard let column = self.column(named: name), case .text(let text) = self.cell(row, column)
        else { return "" }
        return text
    }

    func integer(_ row: Int, _ name: String) -> Int64? {
        guard let column = self.column(named: name),
            case .integer(let value) = self.cell(row, column)
        else { return nil }
        return value
    }
}

extension SessionID {
    /// A session that a text names: two hashes of it.
    init(hashing text: String) { self.init(hashing: Array(text.utf8)) }

    init(hashing bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { bytes in
            SessionID(
                high: Hash64.hash(bytes, seed: 1),
                low: Hash64.hash(bytes, seed: 2)
            )
        }
    }
}
