package import Bytes
package import InventoryModel

extension SplitMix64 {
    /// Returns a change of that kind, valid for a step with that LSN and time.
    package mutating func change(_ tag: ChangeTag, lsn: LSN, time: Instant) -> Change {
        switch tag {
        case .databaseCreated:
            .databaseCreated(currency: self.currency())
        case .category:
            .category(
                Category(
                    id: self.category(),
                    name: self.text(),
                    isArchived: self.flag(),
                    revision: self.lsn()
                )
            )
        case .location:
            .location(
                Location(
                    id: self.location(),
                    LocationFields(
                        code: self.text(),
                        name: self.text(),
                        zone: self.text(),
                        kind: self.any(LocationKind.self)
                    ),
                    isArchived: self.flag(),
                    revision: LSN(self.unsigned())
                )
            )
        case .productCreated: .productCreated(self.productRow(brand: ""))
        case .extendedProductCreated: .productCreated(self.productRow(brand: self.text() + "b"))
        case .productUpdated:
            .productUpdated(self.product(), self.productDifference())
        case .productArchived: .productArchived(self.product())
        case .productDeleted: .productDeleted(self.product())
        case .productLeft: .productLeft(self.product())
        case .moved: self.moved(lsn: lsn, time: time)
        case .level: .level(self.level(at: lsn))
        case .reorderPoint:
            .reorderPoint(
                LevelReorderPoint(
                    product: self.product(),
                    location: self.location(),
                    point: self.maybe { Quantity(Int64($0.unsigned() >> 1)) }
                )
            )
        case .demandRefused:
            .demandRefused(
                RefusedDemand(
                    product: self.product(),
                    location: self.location(),
                    asked: Quantity(self.signed()),
                    available: Quantity(self.signed()),
                    reference: self.text()
                )
            )
        case .alert:
            .alert(
                self.any(AlertKind.self),
                isRaised: self.flag(),
                self.product(),
                self.location(),
                available: Quantity(self.signed()),
                threshold: Quantity(self.signed())
            )
        case .sessionOpened:
            .sessionOpened(self.sessionID(), number: UInt32(truncatingIfNeeded: self.unsigned()))
        case .sessionAdvanced:
            .sessionAdvanced(
                number: UInt32(truncatingIfNeeded: self.unsigned()),
                sequence: self.unsigned(),
                digest: self.unsigned(),
                outcome: self.list(upTo: 200) { UInt8(truncatingIfNeeded: $0.next()) }
            )
        case .sessionsExpired:
            .sessionsExpired(self.list { UInt32(truncatingIfNeeded: $0.unsigned()) })
        case .keyRemembered:
            .keyRemembered(
                KeyFingerprint(high: self.next(), low: self.next()),
                digest: self.unsigned(),
                outcome: self.list(upTo: 200) { UInt8(truncatingIfNeeded: $0.next()) }
            )
        case .keysForgotten:
            .keysForgotten(count: Int(self.below(UInt64(Limits.tickKeysMax) + 1)))
        case .reservation: .reservation(self.reservationRow())
        case .transfer: .transfer(self.transferRow())
        case .importRun: .importRun(self.importRun())
        case .importPart: .importPart(self.importPart())
        case .productInferred:
            .productInferred(
                InferredTimes(
                    product: ProductID(UInt32(truncatingIfNeeded: self.unsigned())),
                    namedAt: self.instant(),
                    categorizedAt: self.instant(),
                    pricedAt: self.instant()
                )
            )
        case .receiptRecorded:
            .receiptRecorded(
                ReceiptPart(
                    day: CalendarDay(ordinal: UInt32(truncatingIfNeeded: self.unsigned())),
                    firstLine: UInt32(truncatingIfNeeded: self.unsigned()),
                    count: UInt16(truncatingIfNeeded: self.unsigned())
                )
            )
        }
    }

    private mutating func importPart() -> ImportPart {
        var part = ImportPart()
        part.number = UInt32(truncatingIfNeeded: self.unsigned())
        part.file = self.text()
        part.first = LSN(self.unsigned())
        part.booked = self.unsigned()
        part.alreadyThere = self.unsigned()
        part.refused = self.unsigned()
        part.withoutCost = self.unsigned()
        return part
    }

    private mutating func importRun() -> ImportRun {
        var run = ImportRun()
        run.number = UInt32(truncatingIfNeeded: self.unsigned())
        run.name = self.text()
        run.kind = self.any(ImportKind.self)
        run.content = self.text()
        run.layout = self.text()
        run.session = self.sessionID()
        run.begunAt = self.instant()
        run.isFinished = self.flag()
        run.endedAt = self.instant()
        run.requests = self.unsigned()
        run.refusedCommands = self.unsigned()
        run.counts = self.importCounts()
        run.revision = self.lsn()
        return run
    }

    private mutating func moved(lsn: LSN, time: Instant) -> Change {
        let movement = self.movement(recordedAt: time)
        var level = self.level(at: lsn)
        (level.product, level.location) = (movement.product, movement.location)
        return .moved(movement, level)
    }

    private mutating func currency() -> Currency {
        let codes = ["EUR", "JPY", "BHD", "CLF"]
        guard let currency = Currency(code: codes[Int(self.below(4))]) else {
            preconditionFailure("the codes are currencies")
        }
        return currency
    }

    private mutating func productDifference() -> ProductDifference {
        let all = ProductField.allCases.count
        let fields = FieldSet<ProductField>(rawValue: self.next() & (1 << all - 1))
        let (before, after) = (self.productFields(), self.productFields())
        return ProductDifference(fields, from: before, to: after)
    }

    /// Returns a step with any changes.
    package mutating func entry() -> Entry {
        var entry = Entry(
            lsn: self.lsn(),
            time: self.instant(),
            actor: self.text(),
            changes: []
        )
        for _ in 0..<self.below(5) {
            entry.changes.append(
                self.change(self.any(ChangeTag.self), lsn: entry.lsn, time: entry.time)
            )
        }
        return entry
    }
}
