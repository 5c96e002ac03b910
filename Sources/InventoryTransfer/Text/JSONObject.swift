/// A JSON object that keeps the order in which its members were added.
package struct JSONObject {
    private var members: [String] = []

    /// Creates an empty object.
    package init() {}

    /// Adds a string member.
    package mutating func add(_ name: String, _ value: String) {
        self.add(name, raw: Self.quoted(value))
    }

    /// Adds a member whose value is JSON already: a number, `null`, an object.
    package mutating func add(_ name: String, raw: String) {
        self.members.append(Self.quoted(name) + ":" + raw)
    }

    /// The object as one line of JSON.
    package var text: String { "{" + self.members.joined(separator: ",") + "}" }

    /// Returns a string as a JSON string, with its quotes.
    ///
    /// Characters that steer a terminal are escaped: control characters, and those that reorder text.
    package static func quoted(_ text: String) -> String {
        // 0xC2 and 0xE2 begin the characters above 0x7F that are escaped.
        let isPlain = text.utf8.allSatisfy {
            $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C && $0 != 0x7F && $0 != 0xC2 && $0 != 0xE2
        }
        if isPlain { return "\"\(text)\"" }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case let scalar where Self.steersTerminal(scalar):
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private static func steersTerminal(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
