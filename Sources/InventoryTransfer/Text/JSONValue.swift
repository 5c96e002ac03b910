/// A JSON value (RFC 8259) that keeps numbers as written, so that none becomes a floating-point number.
indirect enum JSONValue: Equatable {
    case null
    case boolean(Bool)
    case number(String)
    case text(String)
    case array([JSONValue])
    /// Members in their order; the last one with a name wins.
    case object([(name: String, value: JSONValue)])

    /// The deepest nesting that the parser accepts.
    static let depthMax = 32

    static func == (a: JSONValue, b: JSONValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.boolean(let a), .boolean(let b)): a == b
        case (.number(let a), .number(let b)), (.text(let a), .text(let b)): a == b
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)):
            a.count == b.count
                && zip(a, b).allSatisfy { $0.name == $1.name && $0.value == $1.value }
        default: false
        }
    }

    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// Like ``written``, but a number without its exponent if it has one.
    var plain: String? {
        guard case .number(let text) = self else { return self.written }
        return JSONNumber.withoutExponent(text) ?? text
    }

    /// A string, number or Boolean as it was written; `nil` for other kinds.
    var written: String? {
        switch self {
        case .text(let text), .number(let text): text
        case .boolean(let value): value ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}

struct JSONError: Error, CustomStringConvertible {
    /// The position, counted from 1.
    var byte: Int
    var problem: String

    var description: String { "byte \(self.byte): \(self.problem)" }
}

/// A recursive-descent JSON parser over bytes.
struct JSONParser {
    private let bytes: ArraySlice<UInt8>
    private var offset: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        self.offset = bytes.startIndex
    }

    /// Parses bytes that hold exactly one value.
    ///
    /// - Throws: ``JSONError`` with the position of the first error.
    static func value(of bytes: ArraySlice<UInt8>) throws(JSONError) -> JSONValue {
        var parser = JSONParser(bytes)
        let value = try parser.value(0)
        parser.skipSpace()
        guard parser.offset == bytes.endIndex else {
            throw parser.error("unexpected data after the value")
        }
        return value
    }

    private func error(_ problem: String) -> JSONError {
        JSONError(byte: self.offset - self.bytes.startIndex + 1, problem: problem)
    }

    private var byte: UInt8? { self.offset < self.bytes.endIndex ? self.bytes[self.offset] : nil }

    private mutating func skipSpace() {
        while let byte, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            self.offset += 1
        }
    }

    private mutating func takes(_ expected: UInt8) -> Bool {
        self.skipSpace()
        guard self.byte == expected else { return false }
        self.offset += 1
        return true
    }

    private mutating func value(_ depth: Int) throws(JSONError) -> JSONValue {
        guard depth < JSONValue.depthMax else { throw self.error("nested too deeply") }
        self.skipSpace()
        switch self.byte {
        case 0x7B: return try self.object(depth)
        case 0x5B: return try self.array(depth)
        case 0x22: return .text(try self.text())
        case 0x74: return try self.word("true", .boolean(true))
        case 0x66: return try self.word("false", .boolean(false))
        case 0x6E: return try self.word("null", .null)
        case .some: return try self.number()
        case nil: throw self.error("a value is missing")
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        guard self.bytes[self.offset...].starts(with: word.utf8) else {
            throw self.error("not a JSON value")
        }
        self.offset += word.utf8.count
        return value
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = self.offset
        while let byte,
            (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
        {
            self.offset += 1
        }
        guard self.offset > start else { throw self.error("not a JSON value") }
        return .number(String(decoding: self.bytes[start..<self.offset], as: UTF8.self))
    }

    private mutating func object(_ depth: Int) throws(JSONError) -> JSONValue {
        self.offset += 1
        var members: [(name: String, value: JSONValue)] = []
        if self.takes(0x7D) { return .object(members) }
        repeat {
            self.skipSpace()
            guard self.byte == 0x22 else { throw self.error("a name is missing") }
            let name = try self.text()
            guard self.takes(0x3A) else { throw self.error("a colon is missing") }
            members.append((name, try self.value(depth + 1)))
        } while self.takes(0x2C)
        guard self.takes(0x7D) else { throw self.error("a comma or } is missing") }
        return .object(members)
    }

    private mutating func array(_ depth: Int) throws(JSONError) -> JSONValue {
        self.offset += 1
        var values: [JSONValue] = []
        if self.takes(0x5D) { return .array(values) }
        repeat { values.append(try self.value(depth + 1)) } while self.takes(0x2C)
        guard self.takes(0x5D) else { throw self.error("a comma or ] is missing") }
        return .array(values)
    }

    private mutating func text() throws(JSONError) -> String {
        self.offset += 1
        var text: [UInt8] = []
        while let byte {
            self.offset += 1
            switch byte {
            case 0x22: return String(decoding: text, as: UTF8.self)
            case 0x5C: try self.escape(into: &text)
            case 0..<0x20: throw self.error("a control character in a string")
            default: text.append(byte)
            }
        }
        throw self.error("an unterminated string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard let byte else { throw self.error("an unterminated string") }
        self.offset += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: text.append(byte)
        case 0x62: text.append(0x08)
        case 0x66: text.append(0x0C)
        case 0x6E: text.append(0x0A)
        case 0x72: text.append(0x0D)
        case 0x74: text.append(0x09)
        case 0x75:
            var unit = try self.hex()
            if (0xD800..<0xDC00).contains(unit), self.bytes[self.offset...].starts(with: "\\u".utf8)
            {
                self.offset += 2
                let low = try self.hex()
                guard (0xDC00..<0xE000).contains(low) else {
                    throw self.error("an unpaired surrogate")
                }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else {
                throw self.error("an unpaired surrogate")
            }
            text.append(contentsOf: String(Character(scalar)).utf8)
        default: throw self.error("an invalid escape sequence")
        }
    }

    private mutating func hex() throws(JSONError) -> UInt32 {
        // UInt32(_:radix:) would accept a sign.
        guard self.offset + 4 <= self.bytes.endIndex,
            self.bytes[self.offset] != 0x2B, self.bytes[self.offset] != 0x2D,
            let unit = UInt32(
                String(decoding: self.bytes[self.offset..<self.offset + 4], as: UTF8.self),
                radix: 16
            )
        else { throw self.error("\\u without four hexadecimal digits") }
        self.offset += 4
        return unit
    }
}
