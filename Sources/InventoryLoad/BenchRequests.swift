internal import Bytes
package import InventoryModel
import InventoryWire

/// The kind of requests of a load.
package enum BenchWork: Sendable, Equatable {
    case sell(batch: Int)
    case get(bySKU: Bool)
    case mixed(reads: Int)
    case ping

    package var name: String {
        switch self {
        case .sell: "sell"
        case .get: "get"
        case .mixed: "mixed"
        case .ping: "ping"
        }
    }
}

/// The requests of a bench, encoded in advance so that the load costs little more than its bytes: one
/// body for each product.
package final class BenchRequests: Sendable {
    package let work: BenchWork
    let productCount: Int
    /// The encoded sale command of each product.
    private let sales: [[UInt8]]
    /// The encoded key of a read of each product.
    private let keys: [[UInt8]]

    /// Encodes the requests for the products `ids`, whose SKUs are `bench-0`, `bench-1`, ….
    package init(_ work: BenchWork, _ ids: [ProductID]) {
        self.work = work
        self.productCount = ids.count
        self.sales = ids.map { id in
            Self.bytes { writer in
                let sale = Sale(lines: [SaleLine(product: id, quantity: 1)])
                Command.sell(sale).encode(into: &writer)
            }
        }
        self.keys = ids.enumerated().map { number, id in
            Self.bytes { writer in
                let key =
                    if case .get(bySKU: true) = work { ProductKey.sku("bench-\(number)") } else {
                        ProductKey.id(id)
                    }
                key.encode(into: &writer)
            }
        }
    }

    private static func bytes(_ encode: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        encode(&writer)
        return writer.array()
    }

    /// Appends the next request.
    ///
    /// - Returns: Whether it is a command, which uses the sequence number.
    func append(
        _ id: UInt64,
        sequence: UInt64,
        _ random: inout BenchRandom,
        into writer: inout ByteWriter
    ) -> Bool {
        switch self.work {
        case .ping:
            Request.ping.encodeFrame(requestID: id, into: &writer)
            return false
        case .get:
            self.appendRead(id, random: &random, into: &writer)
            return false
        case .mixed(let reads):
            if random.next(below: 100) < reads {
                self.appendRead(id, random: &random, into: &writer)
                return false
            }
            self.appendSales(1, id: id, sequence: sequence, random: &random, into: &writer)
            return true
        case .sell(let batch):
            self.appendSales(batch, id: id, sequence: sequence, random: &random, into: &writer)
            return true
        }
    }

    private func appendRead(
        _ id: UInt64,
        random: inout BenchRandom,
        into writer: inout ByteWriter
    ) {
        let frame = FrameWriter(.getProduct, requestID: id, into: &writer)
        writer.write(bytes: self.keys[random.next(below: self.productCount)])
        frame.finish(into: &writer)
    }

    private func appendSales(
        _ count: Int,
        id: UInt64,
        sequence: UInt64,
        random: inout BenchRandom,
        into writer: inout ByteWriter
    ) {
        let frame = FrameWriter(.command, requestID: id, into: &writer)
        writer.write(sequence)
        if count > 1 {
            writer.write(CommandTag.batch.rawValue)
            writer.write(BatchMode.independent.rawValue)
            writer.writeVarint(UInt64(count))
        }
        for _ in 0..<count {
            writer.write(bytes: self.sales[random.next(below: self.productCount)])
        }
        frame.finish(into: &writer)
    }
}

/// A random number generator (xorshift64): the same numbers for the same seed.
struct BenchRandom: Sendable {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next(below bound: Int) -> Int {
        self.state ^= self.state << 13
        self.state ^= self.state >> 7
        self.state ^= self.state << 17
        return Int(truncatingIfNeeded: self.state >> 11) % bound
    }
}
