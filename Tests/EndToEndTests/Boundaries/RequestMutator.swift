import InventoryModel
import InventoryTestSupport
import InventoryWire

/// Generates nearly valid requests from a seed: plausible and random ones, with numbers replaced by
/// boundary values and parts repeated, removed or copied from elsewhere.
///
/// Only bodies are mutated, and checksums stay valid, so that requests reach the decoders and the engine.
struct RequestMutator {
    private var random: SplitMix64
    /// The requests to mutate, with the positions of their numbers.
    private let pool: [(request: PlausibleRequest, fields: [NumericField])]

    private static let mutationsMax: UInt64 = 4
    private static let bodyByteCountMax = 1 << 14

    init(seed: UInt64, _ world: WalkedWorld) {
        self.random = SplitMix64(seed: seed)
        self.pool = Opcode.allCases.filter { $0.isRequest }
            .flatMap { PlausibleRequests.of($0, world) }
            .map { ($0, NumericFields(of: $0.body, $0.opcode).all) }
    }

    /// Returns the next request.
    mutating func next() -> PlausibleRequest {
        var (request, fields) = self.random.below(4) > 0 ? self.plausible() : self.sample()
        guard self.random.below(16) > 0 else { return request }
        for number in 0...self.random.below(Self.mutationsMax) {
            // The positions of numbers are those of the unmodified body.
            if number == 0, !fields.isEmpty, self.random.below(4) > 0 {
                let field = fields[Int(self.random.below(UInt64(fields.count)))]
                let values = field.replacements
                let value = values[Int(self.random.below(UInt64(values.count)))]
                request.body = field.replaced(by: value, in: request.body)
                fields = []
            } else {
                self.mutate(&request.body)
            }
        }
        return request
    }

    private mutating func plausible() -> (PlausibleRequest, [NumericField]) {
        let (request, fields) = self.pool[Int(self.random.below(UInt64(self.pool.count)))]
        return (request, fields)
    }

    private mutating func sample() -> (PlausibleRequest, [NumericField]) {
        let request: Request =
            switch self.random.below(5) {
            case 0: .command(sequence: 0, self.random.command(self.random.any(CommandTag.self)))
            case 1: .query(self.random.query(self.random.any(QueryTag.self)))
            case 2: .subscribe(self.random.subscription())
            case 3: .insight(self.random.insight())
            default: .subscribeInsight(self.random.insight())
            }
        return (PlausibleRequest("sample", request), [])
    }

    private mutating func mutate(_ body: inout [UInt8]) {
        let offset = Int(self.random.below(UInt64(body.count + 1)))
        let rest = body.count - offset
        let count = min(rest, Int(1 + self.random.below(12)))
        switch self.random.below(7) {
        case 0: body.replaceSubrange(offset..<offset, with: self.value())
        case 1:
            let value = self.value()
            body.replaceSubrange(offset..<(offset + min(value.count, rest)), with: value)
        case 2 where rest > 0: body[offset] ^= 1 << UInt8(self.random.below(8))
        case 3 where rest > 0: body[offset] = UInt8(truncatingIfNeeded: self.random.next())
        case 4: body.removeSubrange(offset..<(offset + count))
        case 5 where body.count < Self.bodyByteCountMax:
            let part = Array(body[offset..<(offset + count)])
            for _ in 0...self.random.below(8) { body.insert(contentsOf: part, at: offset) }
        default:
            let other = self.plausible().0.body
            body.replaceSubrange(offset..<body.count, with: other.suffix(rest))
        }
    }

    private mutating func value() -> [UInt8] {
        let all = BoundaryValues.dictionary
        return all[Int(self.random.below(UInt64(all.count)))]
    }
}
