import Benchmark
import Bytes
import ColumnStore
import InventoryEngine
import InventoryModel
import InventoryWire

/// The components of the hot path: columns, rules, encodings, frames.
///
/// Each iteration runs its component a thousand times or more; `check.sh` checks ratios between components,
/// which are comparable on any machine.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput],
        warmupIterations: 3,
        maxDuration: .seconds(2),
        maxIterations: 2_000
    )
    columnBenchmarks()
    saleBenchmarks()
    frameBenchmarks()
}

private func columnBenchmarks() {
    Benchmark("column: append 8192 rows") { _ in
        var column = LedgerColumn<Int64>()
        for row in 0..<SegmentSize.capacity { column.append(Int64(row & 0xFF)) }
        blackHole(column.count)
    }

    var column = LedgerColumn<Int64>()
    for row in 0..<(SegmentSize.capacity * 64) { column.append(Int64(row & 0xFF)) }
    let filled = column
    Benchmark("column: sum 524288 rows") { _ in blackHole(filled.sum()) }

    var strings = TextColumn()
    var index = KeyIndex()
    strings.append("")
    for row in 1...1_000 {
        strings.append("sku-\(row)")
        index.insert(row: UInt32(row), in: strings)
    }
    let keys = (1...1_000).map { "sku-\($0)" }
    let (lookup, column1) = (index, strings)
    Benchmark("index: find 1000 keys") { _ in
        for key in keys { blackHole(lookup.find(key, in: column1)) }
    }

    let bytes = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    Benchmark("bytes: checksum 64 KiB") { _ in
        blackHole(bytes.withUnsafeBytes { CRC32C.checksum($0) })
    }
}

private func saleBenchmarks() {
    let state = stocked()
    let command = Command.sell(Sale(lines: [SaleLine(product: ProductID(7), quantity: 1)]))
    let encoded = bytes { command.encode(into: &$0) }

    Benchmark("sale: 1000, fast path") { benchmark in
        var copy = state
        var step = PlainSale.Step()
        var sales = GatheredMovements(of: .sale)
        var log = ByteWriter(capacity: 1 << 18)
        var reply = ByteWriter(capacity: 1 << 17)
        benchmark.startMeasurement()
        for _ in 0..<1_000 {
            let time = Instant(microseconds: copy.time.microseconds + 1)
            guard let sale = encoded.withUnsafeBytes({ PlainSale($0) }),
                copy.decide(sale, at: time, into: &step)
            else { preconditionFailure("not a plain sale") }
            let balances = step.encodeOutcome(into: &reply)
            reply.withBytes { bytes in
                step.encodeEntry(
                    by: "till",
                    leaving: UnsafeRawBufferPointer(rebasing: bytes[balances]),
                    remembering: nil,
                    into: &log
                )
            }
            copy.evolve(step, by: "till", remembering: nil, gathering: &sales)
        }
        copy.settle(&sales)
        benchmark.stopMeasurement()
        blackHole(copy.lsn)
    }

    Benchmark("sale: 1000, slow path") { benchmark in
        var copy = state
        var log = ByteWriter(capacity: 1 << 18)
        var reply = ByteWriter(capacity: 1 << 17)
        benchmark.startMeasurement()
        for _ in 0..<1_000 {
            let time = Instant(microseconds: copy.time.microseconds + 1)
            let sale = encoded.withUnsafeBytes { read($0) }
            let decision = copy.decide(sale, at: time)
            decision.outcome.encode(into: &reply)
            let entry = Entry(
                lsn: copy.lsn + 1,
                time: time,
                actor: "till",
                changes: decision.changes
            )
            entry.encode(into: &log)
            copy.evolve(entry)
        }
        benchmark.stopMeasurement()
        blackHole(copy.lsn)
    }

    let log = entries(1_000, command, from: state)
    Benchmark("log: replay 1000 sales") { benchmark in
        var copy = state
        benchmark.startMeasurement()
        log.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            while reader.remaining > 0 {
                guard let entry = try? EntryView(from: &reader), (try? copy.evolve(entry)) != nil
                else { preconditionFailure("not an entry") }
            }
        }
        benchmark.stopMeasurement()
        blackHole(copy.lsn)
    }

    Benchmark("read: 1000 products") { benchmark in
        var reply = ByteWriter(capacity: 1 << 18)
        benchmark.startMeasurement()
        for number in 1...1_000 as ClosedRange<UInt32> {
            state.encodeStocked(ProductID(number % 100 + 1), into: &reply)
        }
        benchmark.stopMeasurement()
        blackHole(reply.count)
    }
}

private func frameBenchmarks() {
    let frames = bytes { writer in
        for number in 0..<1_000 as Range<UInt64> {
            Request.getProduct(.id(ProductID(7))).encodeFrame(requestID: number, into: &writer)
        }
    }
    Benchmark("frames: take 1000 out of a read") { _ in
        frames.withUnsafeBytes { bytes in
            var reader = FrameReader(bytes, limit: WireLimits.requestByteCountMax)
            while let frame = try? reader.next() { blackHole(frame.body.count) }
        }
    }
}

// MARK: - Test data

private func bytes(_ encode: (inout ByteWriter) -> Void) -> [UInt8] {
    var writer = ByteWriter()
    encode(&writer)
    return writer.array()
}

private func read(_ bytes: UnsafeRawBufferPointer) -> Command {
    var reader = ByteReader(bytes)
    guard let command = try? Command(from: &reader) else { preconditionFailure("not a command") }
    return command
}

/// Creates a hundred products with stock for all benchmarks.
private func stocked() -> InventoryState {
    var state = InventoryState()
    guard let currency = Currency(code: "EUR") else { fatalError("EUR") }
    func apply(_ changes: [Change]) {
        let time = Instant(microseconds: Int64(state.lsn.next.value))
        state.evolve(Entry(lsn: state.lsn.next, time: time, actor: "till", changes: changes))
    }
    func run(_ command: Command) {
        apply(state.decide(command, at: Instant(microseconds: Int64(state.lsn.next.value))).changes)
    }
    apply(InventoryState.bootstrap(currency: currency))
    run(.createCategory(name: "All"))
    for number in 1...101 {
        run(
            .createProduct(
                ProductDraft(
                    sku: "SKU-\(number)",
                    name: "Product \(number)",
                    category: CategoryID(1),
                    price: Price(1_999),
                    opening: OpeningStock(quantity: 100_000_000_000, unitCost: Money(1))
                )
            )
        )
    }
    return state
}

/// Returns the log of `count` times the same command.
private func entries(_ count: Int, _ command: Command, from state: InventoryState) -> [UInt8] {
    var state = state
    return bytes { writer in
        for _ in 0..<count {
            let time = Instant(microseconds: state.time.microseconds + 1)
            let changes = state.decide(command, at: time).changes
            let entry = Entry(lsn: state.lsn.next, time: time, actor: "till", changes: changes)
            entry.encode(into: &writer)
            state.evolve(entry)
        }
    }
}
