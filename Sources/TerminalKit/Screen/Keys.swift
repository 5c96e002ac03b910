import Glibc

/// A key press, or pasted text.
package enum Key: Hashable, Sendable {
    case character(Character)
    /// With Ctrl held: `control("c")`.
    case control(Character)
    case enter, escape, tab, backTab, backspace, delete
    case up, down, left, right, home, end, pageUp, pageDown
    /// With Ctrl or Alt held, or as Alt-B and Alt-F.
    case wordLeft, wordRight
    /// Text that was pasted (bracketed paste).
    case paste(String)
    /// The input is closed.
    case endOfInput
}

/// Decodes keys from the bytes that a terminal sends.
///
/// A lone Esc and the start of an escape sequence are distinguished by time: the bytes of a sequence
/// arrive together.
package struct KeyReader {
    private let descriptor: Int32
    private var bytes: [UInt8] = []

    /// Milliseconds after which an Esc is a key of its own.
    private static let escapeMilliseconds: Int32 = 40

    package init(_ descriptor: Int32 = STDIN_FILENO) { self.descriptor = descriptor }

    /// Returns the next key; `nil` if none arrives within `milliseconds`.
    ///
    /// A negative time waits forever.
    package mutating func next(_ milliseconds: Int32 = -1) -> Key? {
        guard let first = self.byte(milliseconds) else { return nil }
        switch first {
        case .none: return .endOfInput
        case 0x1B?: return self.sequence()
        case 0x0D?, 0x0A?: return .enter
        case 0x09?: return .tab
        case 0x7F?, 0x08?: return .backspace
        case let byte? where byte < 0x20:
            return .control(Character(Unicode.Scalar(byte + 0x60)))
        case let byte?: return self.character(byte)
        }
    }

    /// Returns the next byte; `.some(nil)` at the end of input, `nil` if none arrives in time.
    private mutating func byte(_ milliseconds: Int32) -> UInt8?? {
        if self.bytes.isEmpty {
            var entry = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, milliseconds)
            guard ready > 0 else { return nil }
            var chunk = [UInt8](repeating: 0, count: 4_096)
            let count = read(self.descriptor, &chunk, chunk.count)
            guard count > 0 else { return .some(nil) }
            self.bytes = Array(chunk[..<count])
        }
        return .some(self.bytes.removeFirst())
    }

    private mutating func character(_ first: UInt8) -> Key {
        var encoded = [first]
        let more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0
        for _ in 0..<more {
            if case .some(.some(let byte)) = self.byte(Self.escapeMilliseconds) {
                encoded.append(byte)
            }
        }
        return .character(String(decoding: encoded, as: UTF8.self).first ?? "?")
    }

    /// Decodes the bytes after an Esc: `[A`, `OA`, `[3~`, `[1;5C`, `[200~ … [201~`.
    private mutating func sequence() -> Key {
        guard case .some(.some(let second)) = self.byte(Self.escapeMilliseconds) else {
            return .escape
        }
        switch second {
        case 0x5B, 0x4F: break
        case UInt8(ascii: "b"): return .wordLeft
        case UInt8(ascii: "f"): return .wordRight
        default:
            self.bytes.insert(second, at: 0)
            return .escape
        }
        var parameters = ""
        while case .some(.some(let byte)) = self.byte(Self.escapeMilliseconds) {
            if (0x40...0x7E).contains(byte) {
                return self.key(Character(Unicode.Scalar(byte)), parameters)
            }
            parameters.append(Character(Unicode.Scalar(byte)))
        }
        return .escape
    }

    private mutating func key(_ final: Character, _ parameters: String) -> Key {
        switch (final, parameters.split(separator: ";").first.map { String($0) } ?? "") {
        case ("A", _): return .up
        case ("B", _): return .down
        case ("C", _): return Self.isWord(parameters) ? .wordRight : .right
        case ("D", _): return Self.isWord(parameters) ? .wordLeft : .left
        case ("H", _), ("~", "1"), ("~", "7"): return .home
        case ("F", _), ("~", "4"), ("~", "8"): return .end
        case ("Z", _): return .backTab
        case ("~", "3"): return .delete
        case ("~", "5"): return .pageUp
        case ("~", "6"): return .pageDown
        case ("~", "200"): return self.paste()
        default: return .escape
        }
    }

    /// Returns whether Ctrl or Alt was held, which the terminal sends as `1;5` and `1;3`.
    private static func isWord(_ parameters: String) -> Bool {
        parameters.hasSuffix(";5") || parameters.hasSuffix(";3")
    }

    private mutating func paste() -> Key {
        let end = Array("\u{1B}[201~".utf8)
        var text: [UInt8] = []
        while case .some(.some(let byte)) = self.byte(1_000) {
            text.append(byte)
            if text.suffix(end.count).elementsEqual(end) {
                text.removeLast(end.count)
                break
            }
        }
        return .paste(String(decoding: text, as: UTF8.self))
    }
}
