import Foundation
import InventoryTestSupport
import Testing

/// External text, mutated by a seed: `invctl` exits with a code of its own and a message, and the daemon
/// keeps serving.
///
/// Not guided by coverage, unlike the fuzzer of the binary decoders: these run whole programs.
@Suite struct MutatedInputTests {
    private static let csv = """
        sku,name,category,price,stock
        A-1,"Lamp, small",Light,19.99,5
        A-2,"The ""big"" one",Light,199.00,0
        B-1,Chair,Seats,49.50,12
        """

    /// Returns `text` with a few bytes changed, removed, duplicated or replaced by troublesome values.
    private static func mutated(_ text: String, _ random: inout SplitMix64) -> Data {
        let spiteful: [[UInt8]] = [
            [0], [0xFF], [0xC0, 0x80], [0x22], [0x2C], [0x0D], [0x0A], [0xEF, 0xBB, 0xBF],
            Array("-1".utf8), Array("1e999".utf8), Array("99999999999999999999".utf8),
            Array(repeating: 0x41, count: 70_000),
        ]
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.removeSubrange(index..<min(bytes.count, index + 3))
            case 2: bytes.insert(contentsOf: bytes[index...].prefix(9), at: index)
            default:
                bytes.insert(contentsOf: spiteful.randomElement(using: &random) ?? [], at: index)
            }
        }
        return Data(bytes)
    }

    @Test func `no mutated file ends an import without a message`() throws {
        let daemon = try Daemon()
        var random = SplitMix64(seed: 31)
        for round in 0..<150 {
            let input = Self.mutated(Self.csv, &random)
            let result = try daemon.invctl("import", "-", "--dry-run", input: input)
            #expect(result.code < 128, "round \(round): \(Array(input.prefix(300)))")
            #expect(!result.output.isEmpty || !result.errors.isEmpty, "round \(round)")
        }
        #expect(daemon.isRunning)
        #expect(try daemon.invctl("ping").code == 0)
    }

    @Test func `no mutated export ends an import without a message`() async throws {
        let daemon = try Daemon()
        try await EventfulShop(daemon).fill()
        let whole = try daemon.invctl("export", "-", "--what", "all").output
        var random = SplitMix64(seed: 32)
        for round in 0..<80 {
            // Digits are ids and amounts, so some are changed each time.
            var bytes = Array(whole.utf8)
            for _ in 0..<3 {
                let digits = bytes.indices.filter { (0x30...0x39).contains(bytes[$0]) }
                guard let index = digits.randomElement(using: &random) else { continue }
                let digit = UInt8.random(in: 0x30...0x39, using: &random)
                let count = [1, 1, 19].randomElement(using: &random) ?? 1
                bytes.replaceSubrange(index...index, with: repeatElement(digit, count: count))
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let input = round.isMultiple(of: 2) ? Data(bytes) : Self.mutated(text, &random)
            let result = try daemon.invctl("import", "-", "--dry-run", input: input)
            #expect(result.code < 128, "round \(round): \(result.errors)")
            #expect(!result.output.isEmpty || !result.errors.isEmpty, "round \(round)")
        }
        #expect(daemon.isRunning)
    }

    @Test func `no mutated command ends a run without a message`() throws {
        let daemon = try Daemon()
        var random = SplitMix64(seed: 33)
        for round in 0..<80 {
            let input = Self.mutated(ApplyTests.all, &random)
            let result = try daemon.invctl("apply", "-", "--dry-run", input: input)
            #expect(result.code < 128, "round \(round): \(result.errors)")
            #expect(!result.output.isEmpty || !result.errors.isEmpty, "round \(round)")
        }
        #expect(daemon.isRunning)
    }

    @Test func `no mutated flags end a command without a message`() throws {
        let daemon = try Daemon()
        let commands = [
            ["product", "list", "--sort", "price", "--limit", "5", "--fields", "sku,price"],
            ["ledger", "list", "--kind", "sale", "--from", "2026-01-01", "--to", "2026-02-01"],
            ["sell", "LAP-01=2", "--ref", "R-1", "--id", "x-1"],
            ["stock", "adjust", "LAP-01=-1", "--reason", "damaged"],
            ["product", "add", "--sku", "X", "--name", "N", "--category", "C", "--price", "9.99"],
        ]
        var random = SplitMix64(seed: 77)
        for round in 0..<150 {
            var words = commands[round % commands.count]
            let index = Int.random(in: 0..<words.count, using: &random)
            // Program arguments have no zero bytes, and are UTF-8 here.
            let mutated = Self.mutated(words[index], &random).filter { $0 != 0 }
            words[index] = String(decoding: mutated.prefix(4_000), as: UTF8.self)
            let result = try daemon.invctl(words)
            #expect(result.code < 128, "\(words)")
            #expect(
                !result.output.isEmpty || !result.errors.isEmpty || result.code == 0,
                "\(words)"
            )
        }
        #expect(daemon.isRunning)
    }
}
