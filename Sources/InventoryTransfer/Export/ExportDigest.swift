internal import Bytes

/// The checksum at the end of a whole export, by which a reader detects a truncated or edited file.
///
/// It covers the bytes of the lines with their line ends, and so excludes what the lines omit, such as
/// LSNs and times of recording.
package struct ExportDigest: Equatable {
    private var digest = StateDigest()

    mutating func feed(_ line: UnsafeRawBufferPointer) { self.digest.feed(line) }

    /// 16 hexadecimal digits.
    package var text: String {
        let digits = String(self.digest.value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
