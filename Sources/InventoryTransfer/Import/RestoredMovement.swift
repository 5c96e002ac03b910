internal import InventoryModel

/// A movement of a whole export, and its links.
struct RestoredMovement {
    var kind: MovementKind
    var product: ProductID
    var location: LocationID
    var onHand: Int64
    var unavailable: Int64
    var reserved: Int64
    var incoming: Int64
    var price: Price
    var reason: Reason?
    var reference: String
    var note: String
    var occurred: Occurrence?
    /// The number of the reservation or transfer that it belongs to.
    var link: Int?
    /// The step of the movement that it refers to: the sale of a return, the original of a reversal.
    var originStep: Int?

    init(
        _ record: ExportRecord,
        _ catalog: RestoredCatalog,
        moneyDecimals: UInt8
    ) throws(Failure) {
        let (product, location, decimals) = try catalog.place(
            record,
            product: try record.number("product"),
            location: try record.number("location")
        )
        self.kind = try record.named("kind", MovementKind.self)
        self.product = product
        self.location = location
        self.onHand = try record.units("onHand", decimals)
        self.unavailable = try record.units("unavailable", decimals)
        self.reserved = try record.units("reserved", decimals)
        self.incoming = try record.units("incoming", decimals)
        let minorUnits = try record.units("price", moneyDecimals)
        self.price = Price(minorUnits, per: Int64(try record.optionalNumber("basis") ?? 1))
        self.reason = record.has("reason") ? try record.named("reason", Reason.self) : nil
        self.reference = record.text("reference")
        self.note = record.text("note")
        self.occurred =
            record.has("occurredAt")
            ? Occurrence(at: try record.instant("occurredAt"), isImported: true) : nil
        let transfer = try record.optionalNumber("transfer")
        self.link = try record.optionalNumber("reservation") ?? transfer
        self.originStep = try record.optionalNumber("originStep")
    }

    /// Returns whether the fields that all lines of a command share are equal.
    func sharesStrings(with other: RestoredMovement) -> Bool {
        self.reference == other.reference && self.note == other.note
            && self.occurred == other.occurred
    }
}

/// The quantities of a level that decide which commands it allows.
struct RestoredBalance {
    var onHand: Int64 = 0
    var unavailable: Int64 = 0
    var reserved: Int64 = 0

    mutating func apply(_ movement: RestoredMovement) {
        // Sums from a file may overflow; the engine refuses what is out of range.
        self.onHand &+= movement.onHand
        self.unavailable &+= movement.unavailable
        self.reserved &+= movement.reserved
    }

    /// Whether stock is less than the holds and reservations, which needs a floor below zero.
    var isShort: Bool { self.onHand &- self.unavailable &- self.reserved < 0 }
}

/// A product at a location, in 8 bytes.
struct RestoredPlace: Hashable, Comparable {
    let value: UInt64

    init(_ product: ProductID, _ location: LocationID) {
        self.value = UInt64(product.value) << 16 | UInt64(location.value)
    }

    var product: ProductID { ProductID(UInt32(self.value >> 16)) }
    var location: LocationID { LocationID(UInt16(self.value & 0xFFFF)) }

    static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}
