import Bytes
import Foundation
import InventoryEngine
import InventoryModel
import Testing

/// The parts of a snapshot as FileFormats.md describes them: their list, and the head and the keys as a
/// reader sees them that is written only from the document.
@Suite struct SnapshotFormatTests {
    /// A column of the document's table: its first part, and the type of its values.
    private struct Described: Equatable {
        var part: UInt32
        var type: String

        var size: Int? { ["u8": 1, "u16": 2, "u32": 4, "u64": 8, "i64": 8][self.type] }
    }

    /// The rows of the document's table, one for each column.
    private static func described() throws -> [Described] {
        let root = URL(filePath: #filePath).appending(path: "../../..").standardized
        let page = root.appending(path: "Sources/Durability/Durability.docc/FileFormats.md")
        let lines = try String(contentsOf: page, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.hasPrefix("| first part | table |") })
        var columns: [Described] = []
        for line in lines[(start + 2)...].prefix(while: { $0.hasPrefix("|") }) {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            var part = try #require(UInt32(cells[0]))
            for column in cells[2].split(separator: ",") {
                let type = try #require(column.split(separator: " ").last.map { String($0) })
                columns.append(Described(part: part, type: type))
                part += type == "text" ? 2 : 1
            }
        }
        return columns
    }

    /// A state in which no part is empty.
    private static func state() throws -> InventoryState {
        var bench = try Bench(products: 2)
        try bench.done(bench.sale(1, 10))
        #expect(bench.code(bench.sale(1, 1)) == .insufficientStock)
        try bench.done(bench.reserve(2, 1))
        try bench.done(.setFloor(FloorChange(product: ProductID(2), floor: -9)))
        try bench.done(
            .setReorderPoint(ReorderPointChange(product: ProductID(2), reorderPoint: 7))
        )
        try bench.done(bench.sale(2, 14))
        let session = SessionID(high: 1, low: 2).hexadecimal
        let record = RecordImportRun(run: "r", content: "c", layout: "l", session: session)
        try bench.done(.recordImportRun(record))
        try bench.done(.describeImportRun(DescribeImportRun(run: "r", file: "f.csv")))
        let inferred = InferredProduct(sku: "INFERRED", category: CategoryID(1))
        try bench.done(.inferProduct(inferred))
        let line = PastSaleLine(product: ProductID(1), quantity: 1, amount: 5)
        try bench.done(
            .recordPastSale(PastSale(lines: [line], reference: "R", occurredAt: .zero))
        )
        return bench.state
    }

    @Test func `each part is in the document, with the bytes of a value`() throws {
        var state = try Self.state()
        var found: [Described] = []
        let parts = MemoryImage(state.takeImage()).parts
        for part in try Self.described() {
            // A segment that is not sealed has the width of its type.
            let segment = try #require(parts[part.part]?.first, "part \(part.part)")
            #expect(Int(segment[4]) == part.size ?? 8, "part \(part.part)")
            found.append(part)
        }
        let tables = found.flatMap { $0.type == "text" ? [$0.part, $0.part + 1] : [$0.part] }
        #expect(Set(parts.keys) == Set(tables + [1, 2]))
        #expect(Set(tables).count == tables.count)
    }

    @Test func `strings are where their rows say`() throws {
        var state = try Self.state()
        let parts = MemoryImage(state.takeImage()).parts
        let skus = try (0..<3).map { row in
            let rows = DocumentReader(try #require(parts[300]?.first).dropFirst(16))
            let reference = rows.u64(row * 8)
            let segment = try #require(parts[301])[Int(reference >> 32)]
            let start = Int(reference >> 16 & 0xFFFF)
            let count = Int(reference & 0xFFFF)
            return String(decoding: segment[start..<(start + count)], as: UTF8.self)
        }
        #expect(skus == ["", "S0", "S1"])
    }

    @Test func `the head and the keys are read by the document only`() throws {
        var state = try Self.state()
        let id = SessionID(high: 7, low: 9)
        var lsn = state.lsn
        func evolve(_ state: inout InventoryState, _ changes: [Change]) {
            lsn += 1
            let time = Instant(microseconds: Int64(lsn.value) * 1_000_000)
            state.evolve(Entry(lsn: lsn, time: time, actor: "", changes: changes))
        }
        evolve(&state, [.sessionOpened(id, number: 1)])
        for sequence in 1...3 as ClosedRange<UInt64> {
            let outcome = [UInt8](repeating: UInt8(sequence), count: Int(sequence) * 100)
            evolve(
                &state,
                [.sessionAdvanced(number: 1, sequence: sequence, digest: 70, outcome: outcome)]
            )
        }
        // Chunks of 256 KiB take four of these each; one of three is released.
        let names = (0..<12).map { "key-\($0)" }
        for (index, name) in names.enumerated() {
            let key = try #require(IdempotencyKey(name)).fingerprint
            let outcome = [UInt8](repeating: UInt8(index), count: 60_001 + index)
            evolve(&state, [.keyRemembered(key, digest: UInt64(index), outcome: outcome)])
        }
        let first = lsn - 11
        evolve(&state, [.keysForgotten(count: 5)])
        let parts = MemoryImage(state.takeImage()).parts

        var head = DocumentReader(try #require(parts[1]?.first)[...])
        #expect(head.take(8) == lsn.value)
        #expect(head.take(8) == lsn.value * 1_000_000)
        #expect(head.takeText() == "EUR")
        #expect(head.take(4) == 2)
        #expect(head.takeVarint() == 1)
        #expect(head.take(4) == 1)
        #expect([head.take(8), head.take(8)] == [7, 9])
        #expect(head.take(8) == (first - 1) * 1_000_000)
        #expect([head.takeVarint(), head.takeVarint()] == [3, 1])
        for sequence in 1...3 {
            #expect(head.take(8) == 70)
            #expect(head.takeBytes(Int(head.takeVarint())).allSatisfy { $0 == sequence })
        }
        #expect(head.takeVarint() == 4)
        let front = Int(head.takeVarint())
        #expect(head.take(8) == (first + 4) * 1_000_000)
        #expect(head.take(1) == 1)
        #expect(head.isAtEnd)

        let chunks = try #require(parts[2]).map { DocumentReader($0[...]) }
        let inOrder = chunks.filter { $0.u64(0) > 0 }.sorted { $0.u64(0) < $1.u64(0) }
        #expect(chunks.count == 3 && inOrder.count == 2)
        var index = 5
        for (number, chunk) in inOrder.enumerated() {
            var entries = chunk
            entries.skip(8 + (number == 0 ? front : 0))
            while !entries.isAtEnd {
                let fingerprint = [entries.take(8), entries.take(8)]
                #expect(fingerprint == Self.fingerprint(names[index]))
                #expect(entries.take(8) == UInt64(index))
                #expect(entries.take(8) == (first + UInt64(index)) * 1_000_000)
                let count = Int(entries.take(4))
                #expect(count == 60_001 + index)
                #expect(entries.takeBytes(count).allSatisfy { $0 == UInt8(index) })
                entries.skip((8 - (36 + count) % 8) % 8)
                index += 1
            }
        }
        #expect(index == names.count)
    }

    /// The fingerprint of a key, as in the document.
    private static func fingerprint(_ key: String) -> [UInt64] {
        let start: UInt64 = 0xD1B5_4A32_D192_ED03
        func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
            let product = a.multipliedFullWidth(by: b)
            return product.high ^ product.low
        }
        return [3, 4].map { (seed: UInt64) in
            let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
            var state = start ^ seed
            var rest = Array(key.utf8)[...]
            while rest.count >= 8 {
                state = fold(state ^ DocumentReader(rest).u64(0), multiplier)
                rest = rest.dropFirst(8)
            }
            let last = rest.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            state = fold(state ^ last, multiplier)
            return fold(state ^ UInt64(key.utf8.count), start)
        }
    }
}

/// A reader of the conventions in FileFormats.md that uses none of the module's own code.
private struct DocumentReader {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { self.bytes.isEmpty }

    func u64(_ offset: Int) -> UInt64 {
        self.bytes.dropFirst(offset).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func skip(_ count: Int) { self.bytes = self.bytes.dropFirst(count) }

    mutating func takeBytes(_ count: Int) -> [UInt8] {
        defer { self.skip(count) }
        return Array(self.bytes.prefix(count))
    }

    /// An integer of `count` bytes.
    mutating func take(_ count: Int) -> UInt64 {
        self.takeBytes(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func takeVarint() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = self.take(1)
            value |= (byte & 0x7F) << shift
            guard byte & 0x80 != 0 else { return value }
            shift += 7
        }
    }

    mutating func takeText() -> String {
        String(decoding: self.takeBytes(Int(self.takeVarint())), as: UTF8.self)
    }
}
