import Bytes
import InventoryModel
import InventoryTestSupport

extension PlausibleRequests {
    /// Returns commands of a kind, with the fewest fields and with every field.
    static func commands(_ tag: CommandTag, _ world: WalkedWorld) -> [Command] {
        let revision = world.levelRevision
        let places = world.placesRevision
        switch tag {
        case .createCategory: return [.createCategory(name: "New \(world.unique)")]
        case .renameCategory:
            return [nil, places].map {
                .renameCategory(world.category, name: "Other \(world.unique)", ifRevision: $0)
            }
        case .archiveCategory:
            return [nil, places].map { .archiveCategory(world.emptyCategory, ifRevision: $0) }
        case .createLocation:
            return [.createLocation(LocationDraft(code: "N \(world.unique)", name: "New"))]
        case .updateLocation:
            let update = LocationUpdate(
                code: "M \(world.unique)",
                name: "Moved",
                zone: "Europe/Berlin",
                kind: .warehouse
            )
            return [nil, places].map {
                .updateLocation(world.emptyLocation, update, ifRevision: $0)
            }
        case .archiveLocation:
            return [nil, places].map { .archiveLocation(world.emptyLocation, ifRevision: $0) }
        case .createProduct: return self.creations(world)
        case .createExtendedProduct: return self.extendedCreations(world)
        case .updateProduct: return self.updates(world)
        case .deleteProduct:
            return [nil, world.productRevision].map {
                .deleteProduct(world.emptyProduct, ifRevision: $0)
            }
        case .sell, .returnSale: return self.sales(tag == .returnSale, world)
        case .restock: return self.restocks(world)
        case .adjust: return self.adjustments(world)
        case .count:
            return [nil, revision].map {
                .count(
                    StockCount(
                        product: world.product,
                        counted: 90_000,
                        reference: "COUNT",
                        note: "shelf",
                        ifRevision: $0
                    )
                )
            }
        case .setUnavailable:
            return [5, -1].map {
                .setUnavailable(
                    Hold(
                        product: world.product,
                        delta: $0,
                        reason: .damaged,
                        ifRevision: $0 < 0 ? revision : nil
                    )
                )
            }
        case .expectIncoming:
            return [7, -7].map {
                .expectIncoming(
                    Expectation(
                        product: world.product,
                        delta: $0,
                        eta: $0 > 0 ? world.seconds(86_400) : nil
                    )
                )
            }
        case .setFloor:
            return [-9, 3].map {
                .setFloor(FloorChange(product: world.product, floor: $0, ifRevision: nil))
            }
        case .setReorderPoint:
            return [12, nil].map {
                .setReorderPoint(ReorderPointChange(product: world.product, reorderPoint: $0))
            }
        case .writeOff:
            return [
                .setUnavailable(Hold(product: world.product, delta: 2, reason: .damaged)),
                .writeOff(WriteOff(product: world.product, quantity: 2, reason: .damaged)),
            ]
        case .reverse:
            return [.reverse(Reversal(lsn: world.sale, reason: .correction, note: "typed wrong"))]
        case .reserve, .extendReservation, .commitReservation, .releaseReservation:
            return self.reservations(tag, world)
        case .dispatchTransfer, .receiveTransfer, .cancelTransfer:
            return self.transfers(tag, world)
        case .recordImportRun:
            let record = world.importRun("run \(world.unique)", low: 1)
            var finished = record
            finished.isFinished = true
            finished.counts = ImportCounts(accepted: 7, refused: 2, passed: 1)
            return [.recordImportRun(record), .recordImportRun(finished)]
        case .inferProduct:
            let at = Instant(microseconds: 1_700_000_000_000_000)
            return (0..<2).map {
                .inferProduct(
                    InferredProduct(
                        sku: "inferred \(world.unique)",
                        name: "Inferred",
                        namedAt: at,
                        category: world.category,
                        categorizedAt: at,
                        price: Price(200 + $0),
                        pricedAt: at
                    )
                )
            }
        case .describeImportRun:
            let description = DescribeImportRun(run: world.run, file: "f.csv", alreadyThere: 2)
            return [.describeImportRun(description)]
        case .recordPastSale: return self.pastSales(world)
        case .batch:
            let commands: [Command] = [
                .createCategory(name: "Batch \(world.unique)"),
                .sell(Sale(lines: [SaleLine(product: world.product, quantity: 1)])),
                .sell(Sale(lines: [SaleLine(product: world.product, quantity: 2)])),
            ]
            return BatchMode.allCases.map { .batch(commands, $0) }
        }
    }

    private static func creations(_ world: WalkedWorld) -> [Command] {
        var draft = ProductDraft(
            sku: "N-\(world.unique)",
            name: "New",
            category: world.category,
            price: Price(100)
        )
        let plain = draft
        draft.sku += "2"
        draft.barcode = "N\(world.unique)"
        draft.unit = Unit(code: "kg", decimals: 3)
        draft.price = Price(1_999, per: 1_000)
        draft.reorderTarget = 500
        draft.packSize = 12
        draft.leadTimeDays = 14
        draft.opening = OpeningStock(
            location: world.other,
            quantity: 5_000,
            unitCost: Money(12),
            occurredAt: world.seconds(-40 * 86_400)
        )
        return [.createProduct(plain), .createProduct(draft)]
    }

    private static func extendedCreations(_ world: WalkedWorld) -> [Command] {
        var draft = ProductDraft(
            sku: "N-\(world.unique)3",
            name: "Branded",
            category: world.category,
            price: Price(100)
        )
        draft.brand = "Acme"
        draft.moreBarcodes = "M\(world.unique) L\(world.unique)"
        return [.createProduct(draft)]
    }

    private static func updates(_ world: WalkedWorld) -> [Command] {
        let update = ProductUpdate(
            sku: "U-\(world.unique)",
            name: "Updated",
            barcode: "U\(world.unique)",
            category: world.emptyCategory,
            unit: Unit(code: "kg", decimals: 3),
            price: Price(2_999, per: 1_000),
            status: .inactive,
            reorderPoint: 20,
            reorderTarget: 40,
            packSize: 6,
            leadTimeDays: 3
        )
        return [
            .updateProduct(world.emptyProduct, update, ifRevision: nil),
            .updateProduct(world.product, ProductUpdate(price: Price(1_099)), ifRevision: nil),
            .updateProduct(world.emptyProduct, update, ifRevision: world.productRevision),
        ]
    }

    /// Returns sales or returns; the fast path executes the first sale.
    private static func sales(_ isReturn: Bool, _ world: WalkedWorld) -> [Command] {
        let plain = [SaleLine(product: world.product, quantity: 1)]
        let whole = [
            SaleLine(product: world.product, quantity: 2, price: Money(750)),
            SaleLine(
                product: world.product,
                quantity: 1,
                price: Money(0),
                ifRevision: world.levelRevision
            ),
        ]
        let past = Occurrence(at: world.seconds(-86_400))
        let imported = Occurrence(at: world.seconds(-900 * 86_400), isImported: true)
        guard isReturn else {
            return [
                .sell(Sale(lines: plain)),
                .sell(Sale(lines: plain, reference: "POS-1", occurred: imported)),
                .sell(Sale(lines: whole, reference: "POS-2", note: "gift", occurred: past)),
            ]
        }
        return [
            .returnSale(SaleReturn(lines: plain)),
            .returnSale(SaleReturn(lines: plain, original: world.sale, occurred: past)),
            .returnSale(
                SaleReturn(
                    lines: whole,
                    target: .unavailable,
                    reference: "POS-3",
                    note: "torn",
                    occurred: imported
                )
            ),
        ]
    }

    private static func pastSales(_ world: WalkedWorld) -> [Command] {
        let sold = PastSaleLine(product: world.product, quantity: 2, amount: Money(1_500))
        let all = [
            PastSaleLine(product: world.product, quantity: 3, amount: Money(1_000), cost: Money(7)),
            PastSaleLine(product: world.product, quantity: -1, amount: Money(-333)),
            PastSaleLine(product: world.product, quantity: 0, amount: Money(-50)),
        ]
        let lost = PastSaleLine(product: world.product, quantity: 1, amount: 0)
        return [
            .recordPastSale(PastSale(lines: [sold], occurredAt: world.seconds(-9 * 86_400))),
            .recordPastSale(
                PastSale(
                    lines: all,
                    location: world.other,
                    reference: "B-\(world.unique)",
                    day: CalendarDay(text: "2025-11-03"),
                    firstLine: 4,
                    occurredAt: world.seconds(-500 * 86_400),
                    openedAt: world.seconds(-501 * 86_400),
                    note: "old till"
                )
            ),
            .recordPastSale(
                PastSale(
                    lines: [lost],
                    occurredAt: world.seconds(-500 * 86_400),
                    isWriteOff: true
                )
            ),
        ]
    }

    private static func restocks(_ world: WalkedWorld) -> [Command] {
        let line = RestockLine(product: world.product, quantity: 10, unitCost: Money(550))
        let other = RestockLine(
            product: world.product,
            location: world.other,
            quantity: 3,
            unitCost: Money(1),
            ifRevision: world.levelRevision
        )
        return [
            .restock(Restock(lines: [line])),
            .restock(
                Restock(
                    lines: [line, line],
                    fromIncoming: true,
                    reference: "PO-1",
                    note: "pallet",
                    occurred: Occurrence(at: world.seconds(-3_600))
                )
            ),
            .restock(
                Restock(
                    lines: [other],
                    occurred: Occurrence(at: world.seconds(-400 * 86_400), isImported: true)
                )
            ),
        ]
    }

    private static func adjustments(_ world: WalkedWorld) -> [Command] {
        [
            .adjust(Adjustment(product: world.product, delta: -3, reason: .damaged)),
            .adjust(
                Adjustment(
                    product: world.product,
                    location: world.other,
                    delta: 4,
                    reason: .found,
                    reference: "A-1",
                    note: "behind the shelf",
                    occurred: Occurrence(at: world.seconds(-86_400)),
                    ifRevision: world.levelRevision
                )
            ),
        ]
    }

    private static func reservations(_ tag: CommandTag, _ world: WalkedWorld) -> [Command] {
        let part = ReservationLine(reservation: world.reservation, quantity: 1)
        let whole = ReservationLine(
            reservation: world.reservation,
            quantity: 2,
            price: Money(700),
            ifRevision: world.levelRevision
        )
        let expiries: [Expiry] = [.after(seconds: 900), .at(world.seconds(7_200))]
        switch tag {
        case .reserve:
            return expiries.map {
                .reserve(
                    Reserve(
                        lines: [
                            ReserveLine(product: world.product, quantity: 2),
                            ReserveLine(product: world.product, quantity: 1, ifRevision: nil),
                        ],
                        expiry: $0,
                        reference: "CART-1",
                        note: "web"
                    )
                )
            }
        case .extendReservation:
            return expiries.map {
                .extendReservation(
                    ExtendReservation(
                        lines: [ReservationLine(reservation: world.reservation)],
                        expiry: $0
                    )
                )
            }
        case .commitReservation:
            return [
                .commitReservation(CommitReservation(lines: [part])),
                .commitReservation(
                    CommitReservation(
                        lines: [whole],
                        reference: "POS-4",
                        note: "paid",
                        occurred: Occurrence(at: world.seconds(-60))
                    )
                ),
            ]
        default:
            return [
                .releaseReservation(ReleaseReservation(lines: [part])),
                .releaseReservation(
                    ReleaseReservation(
                        lines: [
                            ReservationLine(
                                reservation: world.reservation,
                                quantity: 2,
                                ifRevision: world.levelRevision
                            )
                        ],
                        note: "left"
                    )
                ),
            ]
        }
    }

    private static func transfers(_ tag: CommandTag, _ world: WalkedWorld) -> [Command] {
        let part = TransferSettlement(
            lines: [TransferLine(transfer: world.transfer, quantity: 1)]
        )
        let whole = TransferSettlement(
            lines: [
                TransferLine(transfer: world.transfer, quantity: 2, ifRevision: world.levelRevision)
            ],
            note: "one box"
        )
        switch tag {
        case .dispatchTransfer:
            return [nil, world.levelRevision].map {
                .dispatchTransfer(
                    DispatchTransfer(
                        from: .main,
                        to: world.other,
                        lines: [DispatchLine(product: world.product, quantity: 2, ifRevision: $0)],
                        reference: "T-1",
                        note: "van"
                    )
                )
            }
        case .receiveTransfer: return [.receiveTransfer(part), .receiveTransfer(whole)]
        default: return [.cancelTransfer(part), .cancelTransfer(whole)]
        }
    }
}
