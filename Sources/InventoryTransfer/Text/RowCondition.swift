package import Foundation
package import InventoryModel

/// The grammar of `--where`, a condition on the columns of any answer.
///
///     or   = and  { "or" and }
///     and  = not  { "and" not }
///     not  = [ "not" ] ( "(" or ")" | test )
///     test = FIELD ( = | != | < | <= | > | >= | ~ | !~ ) VALUE
///
/// `~` is "contains", and `none` is a missing value. Instants are typed in a zone; a month is its start.
/// ``RowCondition`` documents how cells compare.
extension RowCondition {
    /// Parses the conditions of several `--where` options, all of which must hold.
    ///
    /// It is `nil` if there are no options.
    ///
    /// - Parameters:
    ///   - strings: The conditions.
    ///   - schema: The columns that they may name.
    ///   - zone: The zone of instants without a Z.
    /// - Throws: ``Failure`` naming the error and the valid columns or operators.
    package init?(
        _ strings: [String],
        _ schema: [ResultField],
        zone: TimeZone = TimeText.utc
    ) throws(Failure) {
        var all: RowCondition?
        for text in strings {
            var parser = ConditionParser(text, schema, zone: zone)
            let condition = try parser.parse()
            if let before = all { all = .and(before, condition) } else { all = condition }
        }
        guard let all else { return nil }
        self = all
    }
}

/// A recursive-descent parser of one `--where`.
private struct ConditionParser {
    private let text: String
    private let schema: [ResultField]
    private let zone: TimeZone
    private var words: [String] = []
    private var next = 0
    /// The current nesting, and the number of tests so far.
    private var depth = 0
    private var testCount = 0

    /// The deepest nesting and the most tests: the tree is traversed recursively and must fit the stack.
    private static let depthMax = 100
    private static let testsMax = 1_000

    private static let comparisons: [String: RowCondition.Comparison] = [
        "=": .equal, "!=": .notEqual, "<": .less, "<=": .atMost, ">": .greater, ">=": .atLeast,
        "~": .contains, "!~": .notContains,
    ]

    init(_ text: String, _ schema: [ResultField], zone: TimeZone) {
        self.text = text
        self.schema = schema
        self.zone = zone
        self.words = Self.words(text)
    }

    /// Splits the text into words, operators and parentheses; quotes keep a value together.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var quote: Character?
        let operators: Set<Character> = ["=", "!", "<", ">", "~"]
        func isOperator(_ word: String) -> Bool {
            word.first.map { operators.contains($0) } ?? false
        }
        func close() {
            if !word.isEmpty { words.append(word) }
            word = ""
        }
        for character in text {
            if let open = quote {
                if character == open {
                    words.append("\"" + word)
                    word = ""
                    quote = nil
                } else {
                    word.append(character)
                }
            } else if character == "'" || character == "\"" {
                close()
                quote = character
            } else if character == "(" || character == ")" {
                close()
                words.append(String(character))
            } else if character.isWhitespace {
                close()
            } else {
                if !word.isEmpty, operators.contains(character) != isOperator(word) { close() }
                word.append(character)
            }
        }
        close()
        return words
    }

    private func fail(_ problem: String) -> Failure {
        Failure.usage(
            "--where '\(self.text)': \(problem)",
            hint:
                "Example: --where 'available < 5 and category = Fruit'; operators: = != < <= > >= ~ !~."
        )
    }

    mutating func parse() throws(Failure) -> RowCondition {
        let condition = try self.or()
        guard self.next == self.words.count else {
            throw self.fail("unexpected '\(self.words[self.next])'")
        }
        return condition
    }

    private var word: String? { self.next < self.words.count ? self.words[self.next] : nil }

    private mutating func takes(_ expected: String) -> Bool {
        guard self.word?.lowercased() == expected else { return false }
        self.next += 1
        return true
    }

    private mutating func or() throws(Failure) -> RowCondition {
        var condition = try self.and()
        while self.takes("or") { condition = .or(condition, try self.and()) }
        return condition
    }

    private mutating func and() throws(Failure) -> RowCondition {
        var condition = try self.not()
        while self.takes("and") { condition = .and(condition, try self.not()) }
        return condition
    }

    private mutating func not() throws(Failure) -> RowCondition {
        guard self.depth < Self.depthMax else {
            throw self.fail("more than \(Self.depthMax) nested conditions")
        }
        self.depth += 1
        defer { self.depth -= 1 }
        if self.takes("not") { return .not(try self.not()) }
        guard self.takes("(") else { return .test(try self.test()) }
        let condition = try self.or()
        guard self.takes(")") else { throw self.fail("a ) is missing") }
        return condition
    }

    private mutating func test() throws(Failure) -> RowCondition.Test {
        self.testCount += 1
        guard self.testCount <= Self.testsMax else {
            throw self.fail("more than \(Self.testsMax) tests")
        }
        guard let name = self.word else { throw self.fail("a field is missing at its end") }
        guard let field = self.schema.first(where: { $0.name == name }) else {
            throw Failure.noColumn(name, self.schema)
        }
        self.next += 1
        guard let sign = self.word, let comparison = Self.comparisons[sign] else {
            let found = self.word.map { "'\($0)'" } ?? "the end"
            throw self.fail("a comparison is expected after \(name), not \(found)")
        }
        self.next += 1
        guard var value = self.word else {
            throw self.fail("a value is missing after \(name) \(sign)")
        }
        self.next += 1
        let isQuoted = value.hasPrefix("\"")
        if isQuoted { value.removeFirst() }
        // The words that follow belong to the value: category = Garden Tools.
        while !isQuoted, field.kind == .text || field.kind == .instant, let more = self.word,
            !["and", "or", ")"].contains(more.lowercased())
        {
            value += " " + more
            self.next += 1
        }
        return RowCondition.Test(
            name,
            comparison: comparison,
            operand: !isQuoted && value == "none" ? .none : try self.operand(value, field)
        )
    }

    private func operand(
        _ value: String,
        _ field: ResultField
    ) throws(Failure)
        -> RowCondition.Operand
    {
        switch field.kind {
        case .text:
            return .text(value)
        case .instant:
            let start = TimeText.parse(value, zone: self.zone)
            guard let instant = start ?? TimeText.parse(value + "-01", zone: self.zone) else {
                throw self.fail("'\(value)' is not a time such as 2026-03-01 12:30:00")
            }
            return .instant(instant)
        case .boolean where value == "true" || value == "false":
            return .number(value == "true" ? 1_000_000 : 0)
        case .integer, .money, .quantity, .boolean, .number:
            guard let number = DecimalText.parse(value, decimals: 6) else {
                throw self.fail("'\(value)' is not a number, as \(field.name) is")
            }
            return .number(number)
        }
    }
}
