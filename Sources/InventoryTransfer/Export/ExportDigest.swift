internal import Bytes

/// A checksum of a whole export and of each of its parts, which shows where two exports differ.
///
/// It covers the bytes of the lines with their line ends, and so excludes what the lines omit, such as
/// LSNs and times of recording. Two databases with the same digest export the same bytes.
package struct ExportDigest: Equatable {
    /// The parts of an export, in the order of its lines.
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

    /// Returns the parts that differ from those of another digest, in order.
    func differences(from other: ExportDigest) -> [Part] {
        Part.allCases.filter { self.parts[$0.rawValue] != other.parts[$0.rawValue] }
    }
}
