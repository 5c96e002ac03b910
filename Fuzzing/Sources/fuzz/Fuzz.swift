import Bytes
import Foundation
import InventoryWire

@testable import Durability
@testable import InventoryModel
@testable import InventoryTransfer
@testable import invctl

/// A decoder of untrusted bytes: it must return a value or an error for any input, and never stop the process
/// or allocate more memory than the bytes justify.
///
/// Encoding a decoded value and decoding it again must result in the same value.
private enum Target: String, CaseIterable {
    case frame, hello, request, reply, command, insight, entry, table, block, file, manifest,
        parity, snapshot, backup, records, condition, flags, codes, resume

    /// The target named by `FUZZ_TARGET`.
    static let chosen: Target = {
        let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
        guard let target = Target(rawValue: name) else {
            let all = Target.allCases.map { $0.rawValue }.joined(separator: " ")
            fatalError("FUZZ_TARGET is '\(name)', not one of: \(all)")
        }
        return target
    }()
}

private let database = DatabaseID(1, 2)

private typealias OneInput = @convention(c) (UnsafePointer<UInt8>, Int) -> CInt

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ fuzz: OneInput
) -> CInt

/// The entry point for the package manager's linker; the fuzzer has its own.
@_cdecl("fuzz_main")
public func main(
    _ count: CInt,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
    var (count, arguments) = (count, arguments)
    // The fuzzer reports traps with their input: it only handles signals without another handler.
    for number in [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] { signal(number, SIG_DFL) }
    return runFuzzer(&count, &arguments, fuzz)
}

/// Runs the selected target on one input of the fuzzer; returns 0.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    switch Target.chosen {
    case .frame: readFrames(bytes)
    case .hello: readHello(bytes)
    case .request: readRequest(bytes)
    case .reply: readReply(bytes)
    case .command: readCommand(bytes)
    case .insight: readInsight(bytes)
    case .entry: readEntry(bytes)
    case .table: readTable(bytes)
    case .block: readBlock(bytes)
    case .file: _ = try? LogFileHead(Array(bytes), path: "log", database: database)
    case .manifest: readManifest(bytes)
    case .parity: readParity(bytes)
    case .snapshot: readSegment(bytes)
    case .backup: readBackup(bytes)
    case .records: readRecords(bytes)
    case .condition: readCondition(bytes)
    case .flags: readFlags(bytes)
    case .codes: readCodes(bytes)
    case .resume: readResumeFile(bytes)
    }
    return 0
}

// MARK: - The network

private func readFrames(_ bytes: UnsafeRawBufferPointer) {
    var reader = FrameReader(bytes, limit: WireLimits.requestByteCountMax)
    while let frame = try? reader.next() {
        precondition(frame.body.count <= bytes.count, "a frame longer than its input")
    }
}

private func readHello(_ bytes: UnsafeRawBufferPointer) {
    var reader = ByteReader(bytes)
    _ = try? Hello(from: &reader)
    reader = ByteReader(bytes)
    _ = try? HelloAccepted(from: &reader)
}

/// The first byte chooses the operation.
private func readRequest(_ bytes: UnsafeRawBufferPointer) {
    guard let first = bytes.first, let opcode = Opcode(rawValue: first) else { return }
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
    guard opcode.isRequest, opcode != .hello, let request = try? Request(opcode, from: &reader)
    else { return }
    var writer = ByteWriter()
    request.encodeFrame(requestID: 1, into: &writer)
}

private func readReply(_ bytes: UnsafeRawBufferPointer) {
    guard let first = bytes.first else { return }
    let body = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
    var writer = ByteWriter()
    guard let opcode = Opcode(rawValue: first) else { return }
    FrameWriter.append(opcode, requestID: 1, body: body, into: &writer)
    writer.withBytes { whole in
        var reader = FrameReader(whole, limit: WireLimits.replyByteCountMax)
        while let frame = try? reader.next() {
            guard let message = try? ServerMessage(frame) else { continue }
            var again = ByteWriter()
            message.encodeFrame(requestID: 1, into: &again)
        }
    }
}

// MARK: - Values

private func readCommand(_ bytes: UnsafeRawBufferPointer) {
    var reader = ByteReader(bytes)
    guard let command = try? Command(from: &reader) else { return }
    var writer = ByteWriter()
    command.encode(into: &writer)
    let again = writer.withBytes { bytes in
        var reader = ByteReader(bytes)
        return try? Command(from: &reader)
    }
    precondition(again == command, "\(command) was decoded as \(String(describing: again))")
}

/// Equal insights must have equal bytes: servers share live insights by them.
private func readInsight(_ bytes: UnsafeRawBufferPointer) {
    var reader = ByteReader(bytes)
    guard let insight = try? Insight(from: &reader), reader.remaining == 0 else { return }
    var writer = ByteWriter()
    insight.encode(into: &writer)
    precondition(writer.array() == Array(bytes), "\(insight) was encoded differently")
}

private func readEntry(_ bytes: UnsafeRawBufferPointer) {
    var reader = ByteReader(bytes)
    guard let entry = try? Entry(from: &reader) else { return }
    var writer = ByteWriter()
    entry.encode(into: &writer)
    let again = writer.withBytes { bytes in
        var reader = ByteReader(bytes)
        return try? Entry(from: &reader)
    }
    precondition(again == entry, "\(entry) was decoded as \(String(describing: again))")
}

private func readTable(_ bytes: UnsafeRawBufferPointer) {
    var reader = ByteReader(bytes)
    guard let schema = try? ResultTable.schema(from: &reader) else { return }
    guard let table = try? ResultTable(blockFrom: &reader, schema: schema) else { return }
    // The whole table is the difference to an empty one.
    let difference = ResultDifference(from: ResultTable(schema), to: table)
    precondition(difference.applied(to: ResultTable(schema)) == table, "another table")
}

// MARK: - The disk

/// A block with corrected checksums, so that the code after their verification is reached.
private func readBlock(_ bytes: UnsafeRawBufferPointer) {
    _ = try? LogBlock(head: bytes, database: database)
    guard bytes.count >= LogBlock.headByteCount else { return }
    var mended = Array(bytes)
    mended.withUnsafeMutableBytes { bytes in
        bytes.storeBytes(of: LogBlock.magic, toByteOffset: 0, as: UInt32.self)
        bytes.storeBytes(of: LogBlock.version, toByteOffset: 4, as: UInt16.self)
        bytes.storeBytes(of: database.bytes.0, toByteOffset: 32, as: UInt64.self)
        bytes.storeBytes(of: database.bytes.1, toByteOffset: 40, as: UInt64.self)
        let body = UnsafeRawBufferPointer(rebasing: bytes[LogBlock.headByteCount...])
        bytes.storeBytes(of: UInt32(body.count), toByteOffset: 8, as: UInt32.self)
        bytes.storeBytes(of: CRC32C.checksum(body), toByteOffset: 72, as: UInt32.self)
        let head = UnsafeRawBufferPointer(rebasing: bytes[0..<92])
        bytes.storeBytes(of: CRC32C.checksum(head), toByteOffset: 92, as: UInt32.self)
    }
    mended.withUnsafeBytes { bytes in
        guard let block = try? LogBlock(head: bytes, database: database) else { return }
        let stored = UnsafeRawBufferPointer(rebasing: bytes[LogBlock.headByteCount...])
        if let body = block.body(stored) {
            precondition(body.count == block.rawByteCount, "a body of \(body.count) bytes")
        }
    }
}

private func readManifest(_ bytes: UnsafeRawBufferPointer) {
    _ = try? SnapshotManifest(Array(bytes), path: "manifest", database: database)
    let checksum = CRC32C.checksum(bytes)
    let mended = Array(bytes) + withUnsafeBytes(of: checksum.littleEndian) { Array($0) }
    _ = try? SnapshotManifest(mended, path: "manifest", database: database)
}

/// The first two bytes are the size of the file it claims to belong to.
private func readParity(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 2 else { return }
    let byteCount = UInt64(bytes[0]) << 8 | UInt64(bytes[1])
    let rest = Array(bytes.dropFirst(2))
    _ = Parity(rest, database: database, lsn: LSN(1), fileByteCount: byteCount)
}

/// The first byte is the encoding and the stride, the next two the size it claims to have.
private func readSegment(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 3,
        let encoding = SnapshotManifest.Encoding(rawValue: bytes[0] & 1)
    else { return }
    let stride = 1 << Int(bytes[0] >> 1 & 3)
    let byteCount = Int(bytes[1]) << 8 | Int(bytes[2])
    let stored = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(3))
    let raw = SegmentCodec.decode(stored, encoding, stride: stride, byteCount: byteCount)
    precondition(raw == nil || raw?.count == byteCount, "a segment of another size")
}

/// A backup, and the first block of one with its checksums and its place corrected.
private func readBackup(_ bytes: UnsafeRawBufferPointer) {
    read(backup: Array(bytes))
    guard bytes.count >= BackupBlock.byteCount else { return }
    var writer = ByteWriter()
    BackupHead(database: database, image: 1, last: 9, time: 0).encode(into: &writer)
    let head = writer.array()
    var block = Array(bytes[0..<BackupBlock.byteCount])
    let body = UnsafeRawBufferPointer(rebasing: bytes[BackupBlock.byteCount...])
    block.withUnsafeMutableBytes { block in
        block.storeBytes(of: BackupBlock.magic, toByteOffset: 0, as: UInt32.self)
        block.storeBytes(of: UInt32(body.count), toByteOffset: 8, as: UInt32.self)
        block.storeBytes(of: 0, toByteOffset: 32, as: UInt64.self)
        block.storeBytes(of: BackupBlock.hash(head), toByteOffset: 40, as: UInt64.self)
        block.storeBytes(of: CRC32C.checksum(body), toByteOffset: 48, as: UInt32.self)
        let checked = UnsafeRawBufferPointer(rebasing: block[0..<60])
        block.storeBytes(of: CRC32C.checksum(checked), toByteOffset: 60, as: UInt32.self)
    }
    read(backup: head + block + Array(body))
}

private func read(backup bytes: [UInt8]) {
    var rest = bytes[...]
    do throws(DurabilityError) {
        var reader = try BackupReader(path: "backup") { (buffer) throws(DurabilityError) in
            let part = rest.prefix(buffer.count)
            rest = rest.dropFirst(part.count)
            buffer.copyBytes(from: part)
            return part.count
        }
        while let segment = try reader.nextSegment() {
            precondition(segment.stored.count <= bytes.count, "more bytes than the file")
        }
        while let entries = try reader.nextEntries() {
            precondition(entries.count > 0, "a block without entries")
        }
        _ = try reader.end()
    } catch {
        precondition(error.isDataRefused, "\(error)")
    }
}

// MARK: - User input

/// A file for an import: CSV, TSV or NDJSON, read as sales and as products.
private func readRecords(_ bytes: UnsafeRawBufferPointer) {
    let file = FileBytes(Array(bytes))
    readSales(file)
    guard var reader = try? RecordReader(file) else { return }
    var count = 0
    while (try? reader.next()) == true {
        for column in reader.header.indices { _ = reader.text(column) }
        count += 1
        precondition(count <= bytes.count, "more records than bytes")
    }
}

private func readSales(_ file: FileBytes) {
    let options = SalesReader.Options(
        currency: FileCurrency(code: "EUR", decimals: 2),
        returnPrefix: "C",
        negative: .return,
        category: "Imported",
        latest: Instant(microseconds: Limits.instantMax)
    )
    guard var sales = try? SalesReader(file, options) else { return }
    var times = FileTimes(zone: .gmt)
    var count = 0
    while let reading = try? sales.next(&times) {
        if case .row(let row) = reading { precondition(row.quantity.millionths > 0, "\(row)") }
        count += 1
        precondition(count <= file.count, "more sales than bytes")
    }
}

/// A condition of `--where`.
private func readCondition(_ bytes: UnsafeRawBufferPointer) {
    let schema = [
        ResultField("sku", .text), ResultField("price", .money), ResultField("onHand", .quantity),
        ResultField("id", .integer), ResultField("at", .instant), ResultField("active", .boolean),
    ]
    _ = try? RowCondition([String(decoding: bytes, as: UTF8.self)], schema)
}

/// The words of a command line, one a line.
private func readFlags(_ bytes: UnsafeRawBufferPointer) {
    let words = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).prefix(64)
        .map { String(decoding: $0, as: UTF8.self) }
    _ = CommandLineText.unknownCommand(words, in: Invctl.self)
    _ = CommandLineText.wantsJSON(words)
    _ = try? Invctl.parseAsRoot(words)
}

/// The rules for codes in the first line, and a code in the rest, which is also read by rules that are valid.
private func readCodes(_ bytes: UnsafeRawBufferPointer) {
    let parts = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
    let code = parts.count > 1 ? parts[1] : ""
    for rules in [parts[0], "gs1 weight:21IIIIINNDDDC price:22IIIIINNNDDC"] {
        guard let rules = try? BarcodeRules(rules) else { continue }
        _ = try? rules.read(code)
    }
}

/// The file beside an imported file; one that is read is written as a file with the same contents.
private func readResumeFile(_ bytes: UnsafeRawBufferPointer) {
    guard let file = ResumeFile(bytes) else { return }
    let again = file.text.utf8.withContiguousStorageIfAvailable {
        ResumeFile(UnsafeRawBufferPointer($0))
    }
    precondition(again == file, "\(file) was read as \(String(describing: again))")
}
