package import Bytes
package import InventoryModel

/// Random values of everything that has an encoding: edge cases are more frequent than by chance, and
/// every case of every enumeration can be requested by its tag.
///     var random = SplitMix64(seed: 7)
///     let sale = random.command(.sell)
extension SplitMix64 {
    /// Returns a number of any width: all magnitudes are equally likely, including the extremes.
    package mutating func unsigned() -> UInt64 {
        switch self.next() % 8 {
        case 0: 0
        case 1: 1
        case 2: .max - self.next() % 2
        default: self.next() >> (self.next() % 64)
        }
    }

    package mutating func signed() -> Int64 { Int64(bitPattern: self.unsigned()) }

    package mutating func below(_ bound: UInt64) -> UInt64 { self.next() % bound }

    package mutating func flag() -> Bool { self.next() & 1 == 1 }

    /// Returns a value or `nil` with equal probability.
    package mutating func maybe<Value>(_ make: (inout SplitMix64) -> Value) -> Value? {
        self.flag() ? make(&self) : nil
    }

    package mutating func list<Value>(
        upTo count: UInt64 = 4,
        _ make: (inout SplitMix64) -> Value
    ) -> [Value] {
        (0..<self.below(count + 1)).map { _ in make(&self) }
    }

    package mutating func any<Value: CaseIterable>(_ type: Value.Type) -> Value {
        let all = Array(Value.allCases)
        return all[Int(self.below(UInt64(all.count)))]
    }

    /// Empty, plain, composed, decomposed and beyond the basic plane; all within every limit.
    package mutating func text() -> String {
        let strings = ["", "A", "POS-7781", "é", "e\u{301}", "東京", "🧺", "x\u{0}y"]
        return strings[Int(self.below(UInt64(strings.count)))]
    }

    // MARK: - Names and scalars

    package mutating func instant() -> Instant { Instant(microseconds: self.signed()) }
    package mutating func product() -> ProductID {
        ProductID(UInt32(truncatingIfNeeded: self.unsigned()))
    }
    package mutating func category() -> CategoryID {
        CategoryID(UInt32(truncatingIfNeeded: self.unsigned()))
    }
    package mutating func location() -> LocationID {
        LocationID(UInt16(truncatingIfNeeded: self.unsigned()))
    }
    package mutating func reservation() -> ReservationID {
        ReservationID(UInt32(truncatingIfNeeded: self.unsigned()))
    }
    package mutating func transfer() -> TransferID {
        TransferID(UInt32(truncatingIfNeeded: self.unsigned()))
    }
    package mutating func movementID() -> MovementID {
        MovementID(lsn: self.lsn(), line: UInt16(truncatingIfNeeded: self.unsigned()))
    }
    package mutating func money() -> Money { Money(self.signed()) }
    package mutating func price() -> Price {
        Price(self.signed(), per: self.flag() ? 1 : self.signed())
    }
    package mutating func unit() -> Unit {
        Unit(code: self.text(), decimals: UInt8(truncatingIfNeeded: self.next()))
    }

    /// Returns a valid optional LSN or revision: below the maximum.
    package mutating func revision() -> LSN? { self.maybe { LSN(min($0.unsigned(), .max - 1)) } }

    /// Any LSN.
    package mutating func lsn() -> LSN { LSN(self.unsigned()) }

    package mutating func sessionID() -> SessionID {
        SessionID(high: self.unsigned(), low: self.unsigned())
    }

    // MARK: - Entities

    package mutating func level(at lsn: LSN) -> Level {
        Level(
            product: self.product(),
            location: self.location(),
            onHand: Quantity(self.signed()),
            unavailable: Quantity(self.signed()),
            reserved: Quantity(self.signed()),
            incoming: Quantity(self.signed()),
            floor: Quantity(self.signed()),
            value: Money(self.signed()),
            alerts: AlertSet(rawValue: UInt8(self.below(8))),
            revision: self.flag() ? lsn : self.lsn()
        )
    }

    package mutating func movement(recordedAt time: Instant) -> Movement {
        Movement(
            kind: self.any(MovementKind.self),
            product: self.product(),
            location: self.location(),
            onHandDelta: Quantity(self.signed()),
            unavailableDelta: Quantity(self.signed()),
            reservedDelta: Quantity(self.signed()),
            incomingDelta: Quantity(self.signed()),
            amount: Money(self.signed()),
            price: self.price(),
            cost: Money(self.signed()),
            reason: self.maybe { $0.any(Reason.self) },
            reference: self.text(),
            note: self.text(),
            origin: self.maybe {
                MovementID(lsn: $0.lsn(), line: UInt16(truncatingIfNeeded: $0.unsigned()))
            },
            occurredAt: self.flag() ? time : self.instant(),
            isImported: self.flag()
        )
    }

    package mutating func reservationRow() -> Reservation {
        Reservation(
            id: self.reservation(),
            product: self.product(),
            location: self.location(),
            quantity: Quantity(self.signed()),
            remaining: Quantity(self.signed()),
            expiresAt: self.instant(),
            state: self.any(ReservationState.self),
            reference: self.text(),
            origin: self.movementID(),
            revision: self.lsn()
        )
    }

    package mutating func transferRow() -> Transfer {
        Transfer(
            id: self.transfer(),
            product: self.product(),
            source: self.location(),
            destination: self.location(),
            quantity: Quantity(self.signed()),
            remaining: Quantity(self.signed()),
            value: Money(self.signed()),
            state: self.any(TransferState.self),
            reference: self.text(),
            origin: self.movementID(),
            revision: self.lsn()
        )
    }

    package mutating func productFields(brand: String? = nil) -> ProductFields {
        ProductFields(
            sku: self.text(),
            name: self.text(),
            barcode: self.text(),
            category: self.category(),
            unit: self.unit(),
            price: self.price(),
            status: self.any(ProductStatus.self),
            reorderPoint: Quantity(self.signed()),
            reorderTarget: Quantity(self.signed()),
            packSize: Quantity(self.signed()),
            leadTimeDays: UInt16(truncatingIfNeeded: self.unsigned()),
            brand: brand ?? self.text(),
            moreBarcodes: brand == "" ? "" : self.text()
        )
    }

    package mutating func productRow(brand: String? = nil) -> Product {
        Product(
            id: self.product(),
            self.productFields(brand: brand),
            createdAt: self.instant(),
            updatedAt: self.instant(),
            revision: self.lsn()
        )
    }
}
