/// Reads a stream line by line.
///
/// It buffers one line and a chunk. A line that is too long or not UTF-8 is an error that names it.
struct LineReader {
    /// The longest line, 64 MiB: the largest possible step has about a third of that as a line.
    static let byteCountMax = 64 << 20

    private let stream: ByteStream
    private var bytes: [UInt8] = []
    private var offset = 0
    /// The number of the line that was read last, from 1.
    private(set) var number = 0
    /// Whether that line ended with a line feed rather than with the file.
    private(set) var isWhole = true

    init(_ stream: ByteStream) { self.stream = stream }

    /// Returns the next line without its line feed; `nil` after the last.
    ///
    /// - Throws: ``Failure`` if the line is too long or not UTF-8, or the stream cannot be read.
    mutating func next() throws(Failure) -> ArraySlice<UInt8>? {
        var searched = self.offset
        while true {
            if let end = self.bytes[searched...].firstIndex(of: 0x0A) {
                return try self.take(upTo: end, isWhole: true)
            }
            guard self.bytes.count - self.offset <= Self.byteCountMax else {
                throw self.problem("is longer than \(Self.byteCountMax >> 20) MiB")
            }
            self.bytes.removeFirst(self.offset)
            self.offset = 0
            searched = self.bytes.count
            let more = try self.stream.next()
            if more.isEmpty {
                return self.bytes.isEmpty
                    ? nil : try self.take(upTo: self.bytes.count, isWhole: false)
            }
            self.bytes += more
        }
    }

    private mutating func take(
        upTo end: Int,
        isWhole: Bool
    ) throws(Failure) -> ArraySlice<UInt8> {
        let line = self.bytes[self.offset..<end]
        self.offset = min(end + 1, self.bytes.count)
        guard line.allSatisfy({ $0 < 0x80 }) || String(validating: line, as: UTF8.self) != nil
        else { throw self.problem("is not UTF-8") }
        self.number += 1
        self.isWhole = isWhole
        return line
    }

    /// Returns the failure of the next line.
    private func problem(_ what: String) -> Failure {
        Failure("malformed_file", "line \(self.number + 1) \(what)", exit: Exit.failed)
    }
}
