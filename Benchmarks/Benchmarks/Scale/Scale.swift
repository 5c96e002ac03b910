import Bytes
import Durability
import Glibc
import InventoryEngine
import InventoryModel

/// Fills a data directory with a given number of products and sales, and prints their memory and disk use.
///
///     Scale DIRECTORY PRODUCTS SALES [log]
///
/// Every sale passes the engine's rules and the log, and a snapshot is written at the end; with `log` there is
/// none, so that a start must replay the whole log. Prints one JSON object: seconds, and bytes of resident
/// memory per product and sale.
@main
struct Scale: ~Copyable {
    private var state = InventoryState()
    private var directory: DataDirectory
    private var entries = ByteWriter(capacity: 9 << 20)
    private var first = LSN.first
    private var random: UInt64 = 0x9E37_79B9_7F4A_7C15
    private var time: Int64 = 1_700_000_000_000_000

    /// The average time between two steps: 25,000 sales a second, irregularly.
    private static let microsecondsApart: UInt64 = 40

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4, let products = UInt32(arguments[2]),
            let sales = Int(arguments[3])
        else {
            print("usage: Scale DIRECTORY PRODUCTS SALES [log]")
            exit(2)
        }
        var scale = try Scale(arguments[1])
        try scale.found()
        let start = scale.seconds()
        let empty = scale.residentByteCount()
        for number in 1...products { try scale.createProduct(number) }
        try scale.write()
        let full = scale.residentByteCount()
        let filled = scale.seconds()
        var gathered = GatheredMovements(of: .sale)
        var step = PlainSale.Step()
        for _ in 0..<sales { try scale.sell(1...products, &step, &gathered) }
        scale.state.settle(&gathered)
        try scale.write()
        let sold = scale.residentByteCount()
        let ended = scale.seconds()
        if arguments.last != "log" { try scale.takeSnapshot() }
        print(
            """
            {"products": \(products), "sales": \(sales), \
            "bytesPerProduct": \(Double(full - empty) / Double(products)), \
            "bytesPerSale": \(Double(sold - full) / Double(max(1, sales))), \
            "secondsOfProducts": \(filled - start), "secondsOfSales": \(ended - filled), \
            "secondsOfSnapshot": \(scale.seconds() - ended), "lsn": \(scale.state.lsn)}
            """
        )
    }

    private init(_ path: String) throws {
        let storage = try DirectoryStorage(directory: path)
        self.directory = try DataDirectory.open(
            storage,
            configuration: LogConfiguration(),
            newID: DatabaseID(1, 2),
            time: 1_700_000_000_000_000,
            load: { _ throws(DurabilityError) in },
            replay: { _, _, _ throws(DurabilityError) in }
        )
    }

    private mutating func next() -> Instant {
        self.time += Int64(1 + self.random(below: 2 * Self.microsecondsApart - 1))
        return Instant(microseconds: self.time)
    }

    private mutating func random(below bound: UInt64) -> UInt64 {
        self.random ^= self.random << 13
        self.random ^= self.random >> 7
        self.random ^= self.random << 17
        return (self.random >> 11) % bound
    }

    private mutating func apply(_ changes: [Change], at time: Instant) throws {
        let entry = Entry(lsn: self.state.lsn + 1, time: time, actor: "scale", changes: changes)
        entry.encode(into: &self.entries)
        self.state.evolve(entry)
        if self.entries.count > 8 << 20 { try self.write() }
    }

    private mutating func run(_ command: Command) throws {
        let time = self.next()
        try self.apply(self.state.decide(command, at: time).changes, at: time)
    }

    private mutating func found() throws {
        guard let currency = Currency(code: "EUR") else { fatalError("EUR") }
        try self.apply(InventoryState.bootstrap(currency: currency), at: self.next())
        for number in 1...64 { try self.run(.createCategory(name: "Category \(number)")) }
    }

    private mutating func createProduct(_ number: UInt32) throws {
        try self.run(
            .createProduct(
                ProductDraft(
                    sku: "SKU-\(1_000_000 + number)",
                    name: "Product number \(number)",
                    category: CategoryID(number % 64 + 1),
                    price: Price(Int64(199 + self.random(below: 9_800))),
                    opening: OpeningStock(quantity: 1_000_000, unitCost: Money(120))
                )
            )
        )
    }

    private mutating func sell(
        _ products: ClosedRange<UInt32>,
        _ step: inout PlainSale.Step,
        _ gathered: inout GatheredMovements
    ) throws {
        let product = products.lowerBound + UInt32(self.random(below: UInt64(products.count)))
        let quantity = Quantity(Int64(1 + self.random(below: 4)))
        let line = SaleLine(product: ProductID(product), quantity: quantity)
        var encoded = ByteWriter(capacity: 32)
        Command.sell(Sale(lines: [line])).encode(into: &encoded)
        let time = self.next()
        guard let sale = encoded.withBytes({ PlainSale($0) }),
            self.state.decide(sale, at: time, into: &step)
        else { fatalError("product \(product) is sold out") }
        var outcome = ByteWriter(capacity: 256)
        let balances = step.encodeOutcome(into: &outcome)
        outcome.withBytes { bytes in
            step.encodeEntry(
                by: "scale",
                leaving: UnsafeRawBufferPointer(rebasing: bytes[balances]),
                remembering: nil,
                into: &self.entries
            )
        }
        self.state.evolve(step, by: "scale", remembering: nil, gathering: &gathered)
        if self.entries.count > 8 << 20 { try self.write() }
    }

    /// Writes the gathered steps as one block of the log.
    private mutating func write() throws {
        guard self.state.lsn >= self.first else { return }
        if self.directory.log.wantsNext { try self.directory.log.prepareNext() }
        let count = Int(self.state.lsn - self.first) + 1
        try self.entries.withBytes { bytes in
            try self.directory.log.append(
                body: bytes,
                first: self.first,
                count: count,
                acknowledged: self.first.previous,
                time: self.time
            )
        }
        self.first = self.state.lsn.next
        self.entries.removeAll()
    }

    private mutating func takeSnapshot() throws {
        let image = self.state.takeImage()
        let parts = image.parts().map { SnapshotPart(number: $0.number, column: $0.column) }
        _ = try self.directory.snapshots.write(
            lsn: image.lsn,
            time: self.time,
            epoch: image.epoch,
            parts: parts
        )
    }

    private func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private func residentByteCount() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 128)
        guard fgets(&text, 128, file) != nil else { return 0 }
        let fields = String(decoding: text.prefix { $0 != 0 }.map { UInt8($0) }, as: UTF8.self)
            .split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }
}
