internal import Bytes

/// Builds an encoded batch without a value for each of its commands.
///
///     var batch = BatchEncoder(.errorsOnly)
///     batch.append(.createProduct(draft))
///     client.send(batch.finish()) { … }
///
/// The bytes are those of ``Command/batch(_:_:)`` with the same commands. An importer of millions of
/// rows saves a value, a list element and an enumeration case for each.
public struct BatchEncoder: ~Copyable, Sendable {
    private let mode: BatchMode
    private var commands: ByteWriter
    /// The number of commands so far.
    public private(set) var count = 0
    private var lineCount = 0
    /// The sum of the limits of their outcomes, in bytes.
    private var outcomeByteCount = 0

    /// Creates an empty batch.
    public init(_ mode: BatchMode) {
        self.mode = mode
        self.commands = ByteWriter(capacity: 1 << 16)
    }

    /// Appends any command but a batch.
    public mutating func append(_ command: Command) {
        if case .batch = command { preconditionFailure("a batch in a batch") }
        command.encode(into: &self.commands)
        self.appended(lines: command.lineCount)
    }

    /// Appends the creation of a product.
    public mutating func append(creating draft: ProductDraft) {
        draft.encodeTagged(into: &self.commands)
        self.appended(lines: 1)
    }

    /// Appends the creation of one of `products`, whose category has an id now.
    public mutating func append(
        creating products: borrowing EncodedProducts,
        _ index: Int,
        in category: CategoryID
    ) {
        products.encode(index, in: category, into: &self.commands)
        self.appended(lines: 1)
    }

    /// Appends a sale without a note.
    ///
    /// - Parameters:
    ///   - lineCount: The number of lines.
    ///   - reference: UTF-8 of the reference; empty for none.
    ///   - occurred: When it happened; `nil` for the time of recording.
    ///   - line: Returns the line at an index, from 0.
    public mutating func appendSale(
        lineCount: Int,
        reference: UnsafeRawBufferPointer,
        occurred: Occurrence?,
        _ line: (Int) -> SaleLine
    ) {
        self.commands.writeCase(CommandTag.sell)
        self.commands.writeVarint(UInt64(lineCount))
        for index in 0..<lineCount { line(index).encode(into: &self.commands) }
        self.commands.writeVarint(UInt64(reference.count))
        self.commands.write(bytes: reference)
        self.commands.writeText("")
        self.commands.writeOptional(occurred)
        self.appended(lines: lineCount)
    }

    private mutating func appended(lines: Int) {
        self.count += 1
        self.lineCount += lines
        self.outcomeByteCount += OutcomeBound.byteCount(lines: lines)
    }

    /// Returns the batch of all appended commands.
    public consuming func finish() -> EncodedCommand {
        var whole = ByteWriter(capacity: self.commands.count + 16)
        whole.writeCase(CommandTag.batch)
        whole.writeCase(self.mode)
        whole.writeVarint(UInt64(self.count))
        self.commands.withBytes { whole.write(bytes: $0) }
        let bound = OutcomeBound.byteCount(
            ofBatch: self.mode,
            commands: self.count,
            lines: self.lineCount,
            each: self.outcomeByteCount
        )
        return EncodedCommand(
            bytes: whole.array(),
            outcomeByteCountMax: min(bound, Limits.outcomeByteCountMax)
        )
    }
}
