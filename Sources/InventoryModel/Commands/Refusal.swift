public import Bytes

/// The answer to a request that will not be run: a code, where in the request, and the facts.
public struct Refusal: Error, Hashable, Sendable {
    public var code: RefusalCode
    /// The line of the sale, return or restock that is meant, from 0.
    public var line: UInt32?
    public var detail: Detail

    public init(_ code: RefusalCode, line: UInt32? = nil, _ detail: Detail = .none) {
        self.code = code
        self.line = line
        self.detail = detail
    }

    /// The facts behind a refusal, by shape.
    public indirect enum Detail: Hashable, Sendable {
        case none
        /// A sentence for a person.
        case message(String)
        /// A field, and what is wrong with it.
        case field(String, problem: String)
        /// A field whose number lies outside its limits, both included.
        case range(String, value: Int64, lowest: Int64, highest: Int64)
        /// What was not found, is archived or is in use, by its id or LSN.
        case id(UInt64)
        /// A key that is taken: the text as it was given, and who has it.
        case taken(String, by: UInt64)
        case revision(expected: LSN, actual: LSN)
        case shortage(Shortage)
        /// More came back than the sale has left to return.
        case sold(asked: Quantity, remaining: Quantity)
        /// More of a reservation or a transfer was asked for than is left of it; its id.
        case remainder(UInt64, asked: Quantity, remaining: Quantity)
        /// The command of an atomic batch that was refused, and why.
        case batch(index: UInt32, Refusal)
        /// A session's sequence number: the one received, and the last one applied.
        case sequence(received: UInt64, last: UInt64)
    }

    /// Every number of the equation that refused a sale.
    public struct Shortage: Hashable, Sendable {
        public var product: ProductID
        public var location: LocationID
        public var asked: Quantity
        /// What can be sold: max(0, onHand − unavailable − reserved − floor).
        public var sellable: Quantity
        public var onHand: Quantity
        public var unavailable: Quantity
        public var reserved: Quantity
        public var floor: Quantity

        public init(
            product: ProductID,
            location: LocationID,
            asked: Quantity,
            sellable: Quantity,
            onHand: Quantity,
            unavailable: Quantity,
            reserved: Quantity,
            floor: Quantity
        ) {
            self.product = product
            self.location = location
            self.asked = asked
            self.sellable = sellable
            self.onHand = onHand
            self.unavailable = unavailable
            self.reserved = reserved
            self.floor = floor
        }

        package init(of level: Level, asked: Quantity) {
            self.init(
                product: level.product,
                location: level.location,
                asked: asked,
                sellable: level.sellable,
                onHand: level.onHand,
                unavailable: level.unavailable,
                reserved: level.reserved,
                floor: level.floor
            )
        }
    }
}
