public import Bytes

/// Why a request was refused: a code, where in the request, and the facts.
public struct Refusal: Error, Hashable, Sendable {
    /// The reason, for programs.
    public var code: RefusalCode
    /// The line of the command that was refused, from 0; `nil` if the code is not about a line.
    public var line: UInt32?
    /// The facts behind the code.
    public var detail: Detail

    /// The refusal of the command itself, without the batch around it.
    public var innermost: Refusal {
        if case .batch(_, let inner) = self.detail { return inner }
        return self
    }

    /// Creates a refusal.
    public init(_ code: RefusalCode, line: UInt32? = nil, _ detail: Detail = .none) {
        self.code = code
        self.line = line
        self.detail = detail
    }

    /// The facts behind a refusal, by their form.
    public indirect enum Detail: Hashable, Sendable {
        /// No facts.
        case none
        /// A sentence for people.
        case message(String)
        /// The name of an invalid field, and what is wrong with its value.
        case field(String, problem: String)
        /// The name of a field whose value is outside its inclusive limits.
        case range(String, value: Int64, lowest: Int64, highest: Int64)
        /// The entity that was not found, is archived or is in use: its id or LSN.
        case id(UInt64)
        /// A SKU, barcode, name or code that is taken: the text as given, and the id of its owner.
        case taken(String, by: UInt64)
        /// The revision that the command expected, and the entity's actual one.
        case revision(expected: LSN, actual: LSN)
        /// The stock that was requested, and what there is.
        case shortage(Shortage)
        /// More was returned than remains of the sale, in base units.
        case sold(asked: Quantity, remaining: Quantity)
        /// More was requested than remains of a reservation or a transfer: its id, and base units.
        case remainder(UInt64, asked: Quantity, remaining: Quantity)
        /// The command of an atomic batch that was refused, from 0, and why.
        case batch(index: UInt32, Refusal)
        /// A session's sequence number: the one received, and the last one decided.
        case sequence(received: UInt64, last: UInt64)
        /// How many consecutive lines of a receipt, from the refusal's line on, are recorded already.
        case recorded(lines: UInt32)
        /// The number of a line in its receipt, from 0.
        case receiptLine(UInt32)
    }

    /// Every number of the calculation that refused a sale, in base units.
    public struct Shortage: Hashable, Sendable {
        /// The requested product.
        public var product: ProductID
        /// The location it was requested from.
        public var location: LocationID
        /// The requested quantity.
        public var asked: Quantity
        /// What can be sold: max(0, onHand − unavailable − reserved − floor).
        public var sellable: Quantity
        /// The level's ``Level/onHand``.
        public var onHand: Quantity
        /// The level's ``Level/unavailable``.
        public var unavailable: Quantity
        /// The level's ``Level/reserved``.
        public var reserved: Quantity
        /// The level's ``Level/floor``.
        public var floor: Quantity

        /// Creates the facts of a refused line.
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
