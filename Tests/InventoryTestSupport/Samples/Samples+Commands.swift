import Bytes
package import InventoryModel

extension SplitMix64 {
    /// Returns a command of that kind, with anything in its fields.
    package mutating func command(_ tag: CommandTag) -> Command {
        switch tag {
        case .createCategory: .createCategory(name: self.text())
        case .renameCategory:
            .renameCategory(self.category(), name: self.text(), ifRevision: self.revision())
        case .archiveCategory: .archiveCategory(self.category(), ifRevision: self.revision())
        case .createLocation:
            .createLocation(
                LocationDraft(
                    code: self.text(),
                    name: self.text(),
                    zone: self.text(),
                    kind: self.any(LocationKind.self)
                )
            )
        case .updateLocation:
            .updateLocation(
                self.location(),
                LocationUpdate(
                    code: self.maybe { $0.text() },
                    name: self.maybe { $0.text() },
                    zone: self.maybe { $0.text() },
                    kind: self.maybe { $0.any(LocationKind.self) }
                ),
                ifRevision: self.revision()
            )
        case .archiveLocation: .archiveLocation(self.location(), ifRevision: self.revision())
        case .createProduct: .createProduct(self.productDraft(brand: ""))
        case .createExtendedProduct: .createProduct(self.productDraft(brand: self.text() + "b"))
        case .updateProduct:
            .updateProduct(self.product(), self.productUpdate(), ifRevision: self.revision())
        case .deleteProduct: .deleteProduct(self.product(), ifRevision: self.revision())
        case .sell:
            .sell(
                Sale(
                    lines: self.list { $0.saleLine() },
                    reference: self.text(),
                    note: self.text(),
                    occurred: self.occurrence()
                )
            )
        case .returnSale:
            .returnSale(
                SaleReturn(
                    lines: self.list { $0.saleLine() },
                    target: self.any(ReturnTarget.self),
                    original: self.revision(),
                    reference: self.text(),
                    note: self.text(),
                    occurred: self.occurrence()
                )
            )
        case .restock: .restock(self.restock())
        case .adjust:
            .adjust(
                Adjustment(
                    product: self.product(),
                    location: self.location(),
                    delta: Quantity(self.signed()),
                    reason: self.any(Reason.self),
                    reference: self.text(),
                    note: self.text(),
                    occurred: self.occurrence(),
                    ifRevision: self.revision()
                )
            )
        case .count:
            .count(
                StockCount(
                    product: self.product(),
                    location: self.location(),
                    counted: Quantity(self.signed()),
                    reference: self.text(),
                    note: self.text(),
                    ifRevision: self.revision()
                )
            )
        case .setUnavailable:
            .setUnavailable(
                Hold(
                    product: self.product(),
                    location: self.location(),
                    delta: Quantity(self.signed()),
                    reason: self.any(Reason.self),
                    reference: self.text(),
                    note: self.text(),
                    ifRevision: self.revision()
                )
            )
        case .expectIncoming:
            .expectIncoming(
                Expectation(
                    product: self.product(),
                    location: self.location(),
                    delta: Quantity(self.signed()),
                    eta: self.maybe { $0.instant() },
                    reference: self.text(),
                    note: self.text(),
                    ifRevision: self.revision()
                )
            )
        case .setFloor:
            .setFloor(
                FloorChange(
                    product: self.product(),
                    location: self.location(),
                    floor: Quantity(self.signed()),
                    ifRevision: self.revision()
                )
            )
        case .setReorderPoint:
            .setReorderPoint(
                ReorderPointChange(
                    product: self.product(),
                    location: self.location(),
                    reorderPoint: self.maybe { Quantity($0.signed()) },
                    ifRevision: self.revision()
                )
            )
        case .writeOff:
            .writeOff(
                WriteOff(
                    product: self.product(),
                    location: self.location(),
                    quantity: Quantity(self.signed()),
                    reason: self.any(Reason.self),
                    reference: self.text(),
                    note: self.text(),
                    occurred: self.occurrence(),
                    ifRevision: self.revision()
                )
            )
        case .reverse:
            .reverse(
                Reversal(
                    lsn: LSN(self.unsigned()),
                    reason: self.any(Reason.self),
                    note: self.text()
                )
            )
        case .reserve:
            .reserve(
                Reserve(
                    lines: self.list {
                        ReserveLine(
                            product: $0.product(),
                            location: $0.location(),
                            quantity: Quantity($0.signed()),
                            ifRevision: $0.revision()
                        )
                    },
                    expiry: self.expiry(),
                    reference: self.text(),
                    note: self.text()
                )
            )
        case .extendReservation:
            .extendReservation(
                ExtendReservation(
                    lines: self.list { $0.reservationLine() },
                    expiry: self.expiry()
                )
            )
        case .commitReservation:
            .commitReservation(
                CommitReservation(
                    lines: self.list { $0.reservationLine() },
                    reference: self.text(),
                    note: self.text(),
                    occurred: self.occurrence()
                )
            )
        case .releaseReservation:
            .releaseReservation(
                ReleaseReservation(
                    lines: self.list { $0.reservationLine() },
                    note: self.text()
                )
            )
        case .dispatchTransfer:
            .dispatchTransfer(
                DispatchTransfer(
                    from: self.location(),
                    to: self.location(),
                    lines: self.list {
                        DispatchLine(
                            product: $0.product(),
                            quantity: Quantity($0.signed()),
                            ifRevision: $0.revision()
                        )
                    },
                    reference: self.text(),
                    note: self.text()
                )
            )
        case .receiveTransfer: .receiveTransfer(self.settlement())
        case .cancelTransfer: .cancelTransfer(self.settlement())
        case .recordImportRun: .recordImportRun(self.importRunRecord())
        case .inferProduct:
            .inferProduct(
                InferredProduct(
                    sku: self.text(),
                    name: self.text(),
                    namedAt: self.instant(),
                    category: self.category(),
                    categorizedAt: self.instant(),
                    unit: self.unit(),
                    price: self.price(),
                    pricedAt: self.instant()
                )
            )
        case .describeImportRun:
            .describeImportRun(
                DescribeImportRun(
                    run: self.text(),
                    file: self.text(),
                    alreadyThere: self.unsigned()
                )
            )
        case .recordPastSale: .recordPastSale(self.pastSale())
        case .batch: self.batch()
        }
    }

    private mutating func batch() -> Command {
        let mode = self.any(BatchMode.self)
        var commands = self.plainCommands()
        if mode == .errorsOnly, self.flag() {
            commands.append(.batch(self.plainCommands(), .atomicErrorsOnly))
        }
        return .batch(commands, mode)
    }

    private mutating func plainCommands() -> [Command] {
        self.list { random in
            let single = CommandTag.allCases.filter { $0 != .batch }
            return random.command(single[Int(random.below(UInt64(single.count)))])
        }
    }

    private mutating func importRunRecord() -> RecordImportRun {
        RecordImportRun(
            run: self.text(),
            kind: self.any(ImportKind.self),
            content: self.text(),
            layout: self.text(),
            session: self.sessionID().hexadecimal,
            isFinished: self.flag(),
            counts: self.importCounts()
        )
    }

    package mutating func importCounts() -> ImportCounts {
        ImportCounts(accepted: self.unsigned(), refused: self.unsigned(), passed: self.unsigned())
    }

    private mutating func pastSale() -> PastSale {
        PastSale(
            lines: self.list {
                PastSaleLine(
                    product: $0.product(),
                    quantity: Quantity($0.signed()),
                    amount: $0.money(),
                    cost: $0.maybe { $0.money() }
                )
            },
            location: self.location(),
            reference: self.text(),
            day: self.maybe { CalendarDay(ordinal: UInt32(truncatingIfNeeded: $0.unsigned())) },
            firstLine: UInt32(truncatingIfNeeded: self.unsigned()),
            occurredAt: self.instant(),
            openedAt: self.maybe { $0.instant() },
            isWriteOff: self.flag(),
            note: self.text()
        )
    }

    private mutating func saleLine() -> SaleLine {
        SaleLine(
            product: self.product(),
            location: self.location(),
            quantity: Quantity(self.signed()),
            price: self.maybe { $0.money() },
            ifRevision: self.maybe { $0.lsn() }
        )
    }

    private mutating func reservationLine() -> ReservationLine {
        ReservationLine(
            reservation: self.reservation(),
            quantity: self.maybe { Quantity($0.signed()) },
            price: self.maybe { $0.money() },
            ifRevision: self.maybe { $0.lsn() }
        )
    }

    private mutating func expiry() -> Expiry {
        self.flag() ? .at(self.instant()) : .after(seconds: self.signed())
    }

    private mutating func settlement() -> TransferSettlement {
        TransferSettlement(
            lines: self.list {
                TransferLine(
                    transfer: $0.transfer(),
                    quantity: $0.maybe { Quantity($0.signed()) },
                    ifRevision: $0.maybe { $0.lsn() }
                )
            },
            note: self.text()
        )
    }

    private mutating func occurrence() -> Occurrence? {
        self.maybe { Occurrence(at: $0.instant(), isImported: $0.flag()) }
    }

    private mutating func restock() -> Restock {
        Restock(
            lines: self.list {
                RestockLine(
                    product: $0.product(),
                    location: $0.location(),
                    quantity: Quantity($0.signed()),
                    unitCost: $0.maybe { $0.money() },
                    ifRevision: $0.revision()
                )
            },
            fromIncoming: self.flag(),
            reference: self.text(),
            note: self.text(),
            occurred: self.occurrence()
        )
    }

    private mutating func productDraft(brand: String) -> ProductDraft {
        ProductDraft(
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
            brand: brand,
            moreBarcodes: brand.isEmpty ? "" : self.text(),
            opening: self.maybe {
                OpeningStock(
                    location: $0.location(),
                    quantity: Quantity($0.signed()),
                    unitCost: $0.money(),
                    occurredAt: $0.maybe { $0.instant() }
                )
            }
        )
    }

    private mutating func productUpdate() -> ProductUpdate {
        ProductUpdate(
            sku: self.maybe { $0.text() },
            name: self.maybe { $0.text() },
            barcode: self.maybe { $0.text() },
            category: self.maybe { $0.category() },
            unit: self.maybe { $0.unit() },
            price: self.maybe { $0.price() },
            status: self.maybe { $0.any(ProductStatus.self) },
            reorderPoint: self.maybe { Quantity($0.signed()) },
            reorderTarget: self.maybe { Quantity($0.signed()) },
            packSize: self.maybe { Quantity($0.signed()) },
            leadTimeDays: self.maybe { UInt16(truncatingIfNeeded: $0.unsigned()) },
            brand: self.maybe { $0.text() },
            moreBarcodes: self.maybe { $0.text() }
        )
    }
}
