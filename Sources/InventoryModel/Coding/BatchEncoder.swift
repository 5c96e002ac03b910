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

    /// Appends a command; a batch only if one of this mode may contain it.
    public mutating func append(_ command: Command) {
        if case .batch(_, let group) = command {
            precondition(self.mode.mayContain(group), "a batch in a batch")
        }
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

    /// Appends a receipt of the past without a note.
    ///
    /// - Parameters:
    ///   - head: What is said once for all lines.
    ///   - reference: UTF-8 of the reference; empty for none.
    ///   - lineCount: The number of lines.
    ///   - line: Returns the line at an index, from 0.
    public mutating func append(
        past head: PastSaleHead,
        reference: UnsafeRawBufferPointer,
        lineCount: Int,
        _ line: (Int) -> PastSaleLine
    ) {
        self.commands.writeCase(CommandTag.recordPastSale)
        self.commands.writeVarint(UInt64(lineCount))
        for index in 0..<lineCount { line(index).encode(into: &self.commands) }
        self.commands.writeVarint(UInt64(head.location.value))
        self.commands.writeVarint(UInt64(reference.count))
        self.commands.write(bytes: reference)
        self.commands.writeOptional(head.day.map { UInt64($0.ordinal) })
        self.commands.writeVarint(UInt64(head.firstLine))
        self.commands.write(head.occurredAt)
        self.commands.writeOptional(head.openedAt)
        self.commands.write(head.isWriteOff)
        self.commands.writeText("")
        self.appended(lines: 2 * lineCount)
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

/// What a ``PastSale`` says once for all of its lines, without its strings.
public struct PastSaleHead: Sendable {
    /// See ``PastSale/location``.
    public var location: LocationID
    /// See ``PastSale/day``.
    public var day: CalendarDay?
    /// See ``PastSale/firstLine``.
    public var firstLine: UInt32
    /// See ``PastSale/occurredAt``.
    public var occurredAt: Instant
    /// See ``PastSale/openedAt``.
    public var openedAt: Instant?
    /// See ``PastSale/isWriteOff``.
    public var isWriteOff: Bool

    /// Creates the head of a receipt.
    public init(
        location: LocationID,
        day: CalendarDay?,
        firstLine: UInt32,
        occurredAt: Instant,
        openedAt: Instant?,
        isWriteOff: Bool
    ) {
        self.location = location
        self.day = day
        self.firstLine = firstLine
        self.occurredAt = occurredAt
        self.openedAt = openedAt
        self.isWriteOff = isWriteOff
    }
}
