internal import Bytes

/// What a whole export comes to in one number, and in one for each of its parts, so that it can be said
/// where two of them differ.
///
/// It is over the bytes of the lines, each with its end, and so over nothing that those leave out: no
/// LSN, no time of recording. Two databases with the same digest would export the same bytes.
package struct ExportDigest: Equatable {
    enum Part: Int, CaseIterable {
        case catalog, ledger, reservations, levels
    }

    private var whole = StateDigest()
    private var parts = Part.allCases.map { _ in StateDigest() }

    mutating func feed(_ line: UnsafeRawBufferPointer, _ part: Part) {
        self.whole.feed(line)
        self.parts[part.rawValue].feed(line)
    }

    /// 16 hexadecimal digits.
    package var text: String {
        let digits = String(self.whole.value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// The parts in which another one differs, in their order.
    func differences(from other: ExportDigest) -> [Part] {
        Part.allCases.filter { self.parts[$0.rawValue] != other.parts[$0.rawValue] }
    }
}
