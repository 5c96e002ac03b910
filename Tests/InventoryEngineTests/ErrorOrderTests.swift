import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

/// If several refusals apply, the one with the lowest code is returned: each command is tested with every
/// single fault, then with every pair of them, in one line and in two, in either order.
@Suite struct ErrorOrderTests {
    fileprivate struct Kind {
        var name: String
        var faults: [Fault]
        var values = CommandValues()
        var command: (CommandValues) -> Command
    }

    private let shop: ErrorOrderShop

    init() throws { self.shop = try ErrorOrderShop() }

    private func code(_ kind: Kind, _ faults: [(Fault, line: Int)], lines: Int) -> RefusalCode? {
        var values = kind.values
        let line = values.lines[0]
        values.lines = [CommandValues.Line](repeating: line, count: lines)
        // The fault that multiplies lines comes last, so that it multiplies faults too.
        for (fault, line) in faults.sorted(by: { $0.0.name != "lines" && $1.0.name == "lines" }) {
            fault.spoil(&values, line)
        }
        if case .refused(let refusal) = self.shop.outcome(kind.command(values)) {
            return refusal.code
        }
        return nil
    }

    private func check(_ kind: Kind) {
        #expect(self.code(kind, [], lines: 1) == nil, "\(kind.name) without a fault")
        for fault in kind.faults {
            #expect(self.code(kind, [(fault, 0)], lines: 1) == fault.code, "\(kind.name): \(fault)")
        }
        for (index, one) in kind.faults.enumerated() {
            for other in kind.faults[(index + 1)...] where one.code != other.code {
                let lowest = one.code.rawValue < other.code.rawValue ? one.code : other.code
                if one.parts.isDisjoint(with: other.parts) {
                    let found = self.code(kind, [(one, 0), (other, 0)], lines: 1)
                    #expect(found == lowest, "\(kind.name): \(one) and \(other)")
                }
                guard kind.hasLines, one.isOfLine || other.isOfLine else { continue }
                // A fault of the whole command leaves no such value in a line to change.
                let areLines = one.isOfLine && other.isOfLine
                guard areLines || one.parts.isDisjoint(with: other.parts) else { continue }
                for (first, second) in [(0, 1), (1, 0)] {
                    let found = self.code(kind, [(one, first), (other, second)], lines: 2)
                    #expect(found == lowest, "\(kind.name): \(one) and \(other) in two lines")
                }
            }
        }
    }

    @Test func `movements are refused with the lowest code`() {
        for kind in self.stockKinds { self.check(kind) }
    }

    @Test func `reservations and transfers are refused with the lowest code`() {
        for kind in self.reservationKinds + self.transferKinds { self.check(kind) }
    }

    @Test func `catalog commands are refused with the lowest code`() {
        for kind in self.catalogKinds { self.check(kind) }
    }

    private func join(_ faults: [[Fault]]) -> [Fault] { faults.flatMap { $0 } }

    // MARK: - Stock

    private static func saleLines(_ values: CommandValues) -> [SaleLine] {
        values.lines.map { line in
            SaleLine(
                product: ProductID(line.product),
                location: LocationID(line.location),
                quantity: line.quantity ?? 1,
                price: line.price.map { Money($0) },
                ifRevision: line.ifRevision
            )
        }
    }

    private var strings: [Fault] { .reference + .note }

    private var pastFaults: [Fault] {
        .manyLines + self.strings + [
            .all(.occurredAtOutOfWindow, "when", ["when"]) {
                $0.occurred = Occurrence(at: Instant(microseconds: .max))
            },
            .line(.outOfRange, "too many units", ["quantity"]) {
                $0.quantity = Quantity(Limits.quantityMax + 1)
            },
            .line(.outOfRange, "too large an amount", ["price"]) { $0.price = .max },
            .line(.invalidField, "an amount of the other sign", ["price", "quantity"]) {
                $0.price = -1
            },
            .line(.productNotFound, "product", ["product"]) { $0.product = 99 },
            .all(.locationNotFound, "location", ["location"]) { $0.destination = 99 },
        ]
    }

    private var stockKinds: [Kind] {
        let sale = self.shop.sale
        return [
            Kind(
                name: "sell",
                faults: join([
                    .manyLines,
                    self.strings,
                    .occurred,
                    .quantity,
                    .price,
                    .place,
                    .inactive,
                    .short,
                ])
            ) {
                .sell(
                    Sale(
                        lines: Self.saleLines($0),
                        reference: $0.reference,
                        note: $0.note,
                        occurred: $0.occurred
                    )
                )
            },
            Kind(name: "recordPastSale", faults: self.pastFaults) { values in
                .recordPastSale(
                    PastSale(
                        lines: values.lines.map { line in
                            PastSaleLine(
                                product: ProductID(line.product),
                                quantity: line.quantity ?? 1,
                                amount: Money(line.price ?? 100)
                            )
                        },
                        location: LocationID(values.destination),
                        reference: values.reference,
                        occurredAt: values.occurred?.at ?? .zero,
                        note: values.note
                    )
                )
            },
            Kind(
                name: "return",
                faults: join([
                    .manyLines,
                    self.strings,
                    .occurred,
                    .quantity,
                    .price,
                    .place,
                    .full,
                ]),
                command: Self.comeBack(nil)
            ),
            Kind(
                name: "return of a sale",
                faults: join([
                    self.strings,
                    .occurred,
                    .quantity,
                    .price,
                    .place,
                    [
                        .all(.movementNotFound, "sale", ["sale"]) { $0.original = 9_999 },
                        .line(.exceedsSold, "more than was sold", ["quantity"]) { $0.quantity = 4 },
                    ],
                ]),
                command: { Self.comeBack($0.original ?? sale)($0) }
            ),
            Kind(
                name: "restock",
                faults: join([
                    .manyLines,
                    self.strings,
                    .occurred,
                    .quantity,
                    .price,
                    .place,
                    .full,
                ])
            ) {
                .restock(
                    Restock(
                        lines: $0.lines.map { line in
                            RestockLine(
                                product: ProductID(line.product),
                                location: LocationID(line.location),
                                quantity: line.quantity ?? 1,
                                unitCost: line.price.map { Money($0) },
                                ifRevision: line.ifRevision
                            )
                        },
                        reference: $0.reference,
                        note: $0.note,
                        occurred: $0.occurred
                    )
                )
            },
        ] + self.correctionKinds
    }

    private static func values(_ change: (inout CommandValues) -> Void) -> CommandValues {
        var values = CommandValues()
        change(&values)
        return values
    }

    private static func comeBack(_ original: LSN?) -> (CommandValues) -> Command {
        {
            .returnSale(
                SaleReturn(
                    lines: Self.saleLines($0),
                    original: original,
                    reference: $0.reference,
                    note: $0.note,
                    occurred: $0.occurred
                )
            )
        }
    }

    private var deltas: [Fault] {
        [
            .all(.invalidField, "nothing", ["delta"]) { $0.delta = 0 },
            .all(.outOfRange, "too much", ["delta"]) {
                $0.delta = Quantity(Limits.quantityMax + 1)
            },
            .all(.outOfRange, "the least", ["delta"]) { $0.delta = Quantity(.min) },
            .all(.outOfRange, "the most", ["delta"]) { $0.delta = Quantity(.max) },
            .all(.outOfRange, "more than is on hand", ["delta", "product", "location"]) {
                $0.delta = -11
            },
        ]
    }

    /// The found units of product 5 would be worth more than the maximum of money.
    private var costly: [Fault] {
        [
            .all(.amountOverflow, "value", ["delta", "product", "location"]) {
                $0.lines[0].product = 5
                $0.delta = 12
            }
        ]
    }

    private var correctionKinds: [Kind] {
        [
            Kind(
                name: "adjust",
                faults: join([
                    self.strings,
                    .occurred,
                    .place,
                    self.deltas,
                    self.costly,
                ])
            ) {
                .adjust(
                    Adjustment(
                        product: $0.place.0,
                        location: $0.place.1,
                        delta: $0.delta,
                        reason: .found,
                        reference: $0.reference,
                        note: $0.note,
                        occurred: $0.occurred,
                        ifRevision: $0.one.ifRevision
                    )
                )
            },
            Kind(
                name: "count",
                faults: join([
                    self.strings,
                    .place,
                    self.costly,
                    [
                        .all(.outOfRange, "below 0", ["delta"]) { $0.delta = -1 },
                        .all(.outOfRange, "the most", ["delta"]) { $0.delta = Quantity(.max) },
                        .all(.outOfRange, "the least", ["delta"]) { $0.delta = Quantity(.min) },
                    ],
                ])
            ) {
                .count(
                    StockCount(
                        product: $0.place.0,
                        location: $0.place.1,
                        counted: $0.delta,
                        reference: $0.reference,
                        note: $0.note,
                        ifRevision: $0.one.ifRevision
                    )
                )
            },
            Kind(
                name: "setUnavailable",
                faults: join([
                    self.strings,
                    // An archived product has no stock that could be put on hold.
                    [Fault].place.filter { $0.code != .archived },
                    self.deltas,
                    [
                        .all(
                            .outOfRange,
                            "more than can be held",
                            ["delta", "product", "location"]
                        ) {
                            $0.delta = 11
                        }
                    ],
                ]),
            ) {
                .setUnavailable(
                    Hold(
                        product: $0.place.0,
                        location: $0.place.1,
                        delta: $0.delta,
                        reason: .damaged,
                        reference: $0.reference,
                        note: $0.note,
                        ifRevision: $0.one.ifRevision
                    )
                )
            },
            Kind(
                name: "expectIncoming",
                faults: join([
                    self.strings,
                    .place,
                    self.deltas,
                    .full,
                    [
                        .all(.outOfRange, "year 10000", ["eta"]) {
                            $0.eta = Instant(microseconds: Limits.instantMax + 1)
                        },
                        .all(.outOfRange, "before year 1", ["eta"]) {
                            $0.eta = Instant(microseconds: .min)
                        },
                    ],
                ])
            ) {
                .expectIncoming(
                    Expectation(
                        product: $0.place.0,
                        location: $0.place.1,
                        delta: $0.delta,
                        eta: $0.eta,
                        reference: $0.reference,
                        note: $0.note,
                        ifRevision: $0.one.ifRevision
                    )
                )
            },
            Kind(
                name: "setFloor",
                faults: join([
                    .place,
                    [
                        .all(.outOfRange, "floor", ["delta"]) {
                            $0.delta = Quantity(Limits.quantityMax + 1)
                        }
                    ],
                ])
            ) {
                .setFloor(
                    FloorChange(
                        product: $0.place.0,
                        location: $0.place.1,
                        floor: $0.delta,
                        ifRevision: $0.one.ifRevision
                    )
                )
            },
            Kind(
                name: "setReorderPoint",
                faults: join([
                    .place,
                    [
                        .all(.outOfRange, "reorder point", ["delta"]) {
                            $0.delta = Quantity(Limits.quantityMax + 1)
                        },
                        .all(.outOfRange, "below 0", ["delta"]) { $0.delta = -1 },
                    ],
                ])
            ) {
                .setReorderPoint(
                    ReorderPointChange(
                        product: $0.place.0,
                        location: $0.place.1,
                        reorderPoint: $0.delta,
                        ifRevision: $0.one.ifRevision
                    )
                )
            },
        ]
    }

    // MARK: - Reservations and transfers

    private var expiry: [Fault] {
        [
            .all(.outOfRange, "no time", ["expiry"]) { $0.expiry = .after(seconds: 0) },
            .all(.outOfRange, "the longest", ["expiry"]) { $0.expiry = .after(seconds: .max) },
            .all(.outOfRange, "the first instant", ["expiry"]) {
                $0.expiry = .at(Instant(microseconds: .min))
            },
        ]
    }

    private static func reservationLines(_ values: CommandValues) -> [ReservationLine] {
        values.lines.map { line in
            ReservationLine(
                reservation: ReservationID(line.id),
                quantity: line.quantity,
                price: line.price.map { Money($0) },
                ifRevision: line.ifRevision
            )
        }
    }

    private var reservationKinds: [Kind] {
        [
            Kind(
                name: "reserve",
                faults: join([
                    .manyLines,
                    self.strings,
                    .quantity,
                    .place,
                    .inactive,
                    .short,
                    self.expiry,
                ])
            ) {
                .reserve(
                    Reserve(
                        lines: $0.lines.map { line in
                            ReserveLine(
                                product: ProductID(line.product),
                                location: LocationID(line.location),
                                quantity: line.quantity ?? 1,
                                ifRevision: line.ifRevision
                            )
                        },
                        expiry: $0.expiry,
                        reference: $0.reference,
                        note: $0.note
                    )
                )
            },
            Kind(
                name: "extendReservation",
                faults: join([
                    .reservation,
                    self.expiry,
                    [
                        .line(.invalidField, "quantity", ["quantity"]) { $0.quantity = 1 },
                        .line(.invalidField, "price", ["price"]) { $0.price = 1 },
                    ],
                ]),
                values: Self.values { $0.lines[0].quantity = nil }
            ) {
                .extendReservation(
                    ExtendReservation(lines: Self.reservationLines($0), expiry: $0.expiry)
                )
            },
            Kind(
                name: "commitReservation",
                faults: join([
                    .manyLines,
                    self.strings,
                    .occurred,
                    .quantity,
                    .price,
                    .reservation,
                    [
                        .line(.exceedsReservation, "more than is left", ["quantity"]) {
                            $0.quantity = 3
                        },
                        .line(.insufficientStock, "an empty shelf", ["reservation"]) { $0.id = 4 },
                    ],
                ])
            ) {
                .commitReservation(
                    CommitReservation(
                        lines: Self.reservationLines($0),
                        reference: $0.reference,
                        note: $0.note,
                        occurred: $0.occurred
                    )
                )
            },
            Kind(
                name: "releaseReservation",
                faults: join([
                    .manyLines,
                    .note,
                    .quantity,
                    .reservation,
                    [
                        .line(.exceedsReservation, "more than is left", ["quantity"]) {
                            $0.quantity = 3
                        },
                        .line(.invalidField, "price", ["price"]) { $0.price = 1 },
                    ],
                ])
            ) {
                .releaseReservation(
                    ReleaseReservation(lines: Self.reservationLines($0), note: $0.note)
                )
            },
        ]
    }

    private static func settlement(_ values: CommandValues) -> TransferSettlement {
        TransferSettlement(
            lines: values.lines.map { line in
                TransferLine(
                    transfer: TransferID(line.id),
                    quantity: line.quantity,
                    ifRevision: line.ifRevision
                )
            },
            note: values.note
        )
    }

    private var transferKinds: [Kind] {
        let dispatch = Kind(
            name: "dispatchTransfer",
            faults: join([
                .manyLines,
                self.strings,
                .quantity,
                .short,
                [
                    .line(.productNotFound, "product", ["product"]) { $0.product = 99 },
                    .line(.archived, "archived product", ["product"]) { $0.product = 3 },
                    .line(.outOfRange, "a full level", ["product", "to"]) { $0.product = 4 },
                    .line(.revisionMismatch, "revision", ["revision"]) {
                        $0.ifRevision = LSN(ErrorOrderShop.stale)
                    },
                    .all(.invalidField, "where it comes from", ["to"]) { $0.destination = 1 },
                    .all(.locationNotFound, "destination", ["to"]) { $0.destination = 99 },
                    .all(.archived, "archived destination", ["to"]) { $0.destination = 3 },
                ],
            ])
        ) {
            .dispatchTransfer(
                DispatchTransfer(
                    from: .main,
                    to: LocationID($0.destination),
                    lines: $0.lines.map { line in
                        DispatchLine(
                            product: ProductID(line.product),
                            quantity: line.quantity ?? 1,
                            ifRevision: line.ifRevision
                        )
                    },
                    reference: $0.reference,
                    note: $0.note
                )
            )
        }
        let cancel = Kind(
            name: "cancelTransfer",
            faults: join([
                .manyLines,
                .note,
                .quantity,
                .transfer,
            ])
        ) { .cancelTransfer(Self.settlement($0)) }
        return [dispatch, cancel]
    }

    @Test func `a transfer to a full level is refused for that first`() {
        for (quantity, code) in [(1, RefusalCode.outOfRange), (3, .outOfRange)] {
            let line = TransferLine(transfer: TransferID(1), quantity: Quantity(Int64(quantity)))
            let receive = Command.receiveTransfer(TransferSettlement(lines: [line]))
            guard case .refused(let refusal) = self.shop.outcome(receive) else {
                Issue.record("\(quantity) were received")
                continue
            }
            #expect(refusal.code == code)
        }
    }

    // MARK: - Catalog

    private var revision: Fault {
        .all(.revisionMismatch, "revision", ["revision"]) {
            $0.ifRevision = LSN(ErrorOrderShop.stale)
        }
    }

    private var keys: [Fault] {
        [
            .all(.invalidField, "no SKU", ["sku"]) { $0.sku = "" },
            .all(.skuTaken, "SKU", ["sku"]) { $0.sku = "s1" },
            .all(.invalidField, "barcode", ["barcode"]) { $0.barcode = ErrorOrderShop.long },
            .all(.categoryNotFound, "category", ["category"]) { $0.category = 99 },
            .all(.archived, "archived category", ["category"]) { $0.category = 2 },
            .all(.outOfRange, "price", ["price"]) { $0.minorUnits = -1 },
            .all(.invalidField, "no name", ["name"]) { $0.name = "" },
        ]
    }

    private var catalogKinds: [Kind] {
        let names: [Fault] = [
            .all(.invalidField, "no name", ["name"]) { $0.name = "" },
            .all(.nameTaken, "name", ["name"]) { $0.name = "ALL" },
        ]
        let category = Kind(name: "createCategory", faults: names) {
            .createCategory(name: $0.name)
        }
        let renamed = Kind(
            name: "renameCategory",
            faults: join([
                names,
                [
                    self.revision,
                    .all(.categoryNotFound, "category", ["id", "revision"]) { $0.id = 99 },
                    .all(.archived, "archived", ["id"]) { $0.id = 2 },
                ],
            ]),
            values: Self.values { $0.id = 3 }
        ) { .renameCategory(CategoryID($0.id), name: $0.name, ifRevision: $0.ifRevision) }
        let archived = Kind(
            name: "archiveCategory",
            faults: [
                self.revision,
                .all(.categoryNotFound, "category", ["id"]) { $0.id = 99 },
                .all(.archived, "archived", ["id"]) { $0.id = 2 },
                .all(.inUse, "in use", ["id"]) { $0.id = 1 },
            ],
            values: Self.values { $0.id = 3 }
        ) { .archiveCategory(CategoryID($0.id), ifRevision: $0.ifRevision) }
        return [category, renamed, archived] + self.locationKinds + self.productKinds
    }

    private var locationKinds: [Kind] {
        let fields: [Fault] = [
            .all(.invalidField, "no code", ["code"]) { $0.sku = "" },
            .all(.nameTaken, "code", ["code"]) { $0.sku = "NORTH" },
            .all(.invalidField, "no name", ["name"]) { $0.name = "" },
            .all(.invalidField, "zone", ["zone"]) { $0.zone = "Nowhere/Town" },
        ]
        let found: [Fault] = [
            self.revision,
            .all(.locationNotFound, "location", ["id"]) { $0.id = 99 },
            .all(.archived, "archived", ["id"]) { $0.id = 3 },
        ]
        return [
            Kind(name: "createLocation", faults: fields) {
                .createLocation(LocationDraft(code: $0.sku, name: $0.name, zone: $0.zone))
            },
            Kind(
                name: "updateLocation",
                faults: join([
                    fields,
                    found,
                ]),
                values: Self.values { $0.id = 4 }
            ) {
                .updateLocation(
                    LocationID(UInt16($0.id)),
                    LocationUpdate(code: $0.sku, name: $0.name, zone: $0.zone),
                    ifRevision: $0.ifRevision
                )
            },
            Kind(
                name: "archiveLocation",
                faults: join([
                    found,
                    [.all(.inUse, "in use", ["id"]) { $0.id = 1 }],
                ]),
                values: Self.values { $0.id = 4 }
            ) { .archiveLocation(LocationID(UInt16($0.id)), ifRevision: $0.ifRevision) },
        ]
    }

    private var productKinds: [Kind] {
        let opening: [Fault] = [
            .all(.outOfRange, "opening", ["opening.quantity"]) { $0.opening.quantity = -1 },
            .all(.outOfRange, "the least", ["opening.quantity"]) {
                $0.opening.quantity = Quantity(.min)
            },
            .all(.amountOverflow, "opening", ["opening.cost"]) {
                $0.opening.unitCost = Money(Limits.moneyMax)
            },
            .all(.locationNotFound, "location", ["location"]) {
                $0.opening.location = LocationID(99)
            },
            .all(.archived, "archived location", ["location"]) {
                $0.opening.location = LocationID(3)
            },
            .all(.occurredAtOutOfWindow, "two days ahead", ["occurred"]) {
                $0.opening.occurredAt = Instant(microseconds: 200_000_000_000_000)
            },
            .all(.occurredAtOutOfWindow, "the first instant", ["occurred"]) {
                $0.opening.occurredAt = Instant(microseconds: .min)
            },
        ]
        let created = Kind(
            name: "createProduct",
            faults: join([
                self.keys,
                opening,
            ])
        ) {
            .createProduct(
                ProductDraft(
                    sku: $0.sku,
                    name: $0.name,
                    barcode: $0.barcode,
                    category: CategoryID($0.category),
                    price: Price($0.minorUnits),
                    opening: $0.opening
                )
            )
        }
        let updated = Kind(
            name: "updateProduct",
            faults: join([
                self.keys,
                [
                    self.revision,
                    .all(.productNotFound, "product", ["id", "unit", "revision"]) { $0.id = 99 },
                    .all(.archived, "archived", ["id"]) { $0.id = 3 },
                    .all(.invalidField, "unit", ["unit"]) {
                        $0.unit = Unit(code: "kg", decimals: 3)
                    },
                    .all(.invalidField, "status", ["status"]) { $0.status = .archived },
                ],
            ])
        ) {
            var update = ProductUpdate(
                sku: $0.sku,
                name: $0.name,
                barcode: $0.barcode,
                category: CategoryID($0.category),
                price: Price($0.minorUnits)
            )
            update.unit = $0.unit
            update.status = $0.status
            return .updateProduct(ProductID($0.id), update, ifRevision: $0.ifRevision)
        }
        let deleted = Kind(
            name: "deleteProduct",
            faults: [
                self.revision,
                .all(.productNotFound, "product", ["id", "revision"]) { $0.id = 99 },
                .all(.archived, "archived", ["id"]) { $0.id = 3 },
                .all(.inUse, "stock", ["id"]) { $0.id = 1 },
            ],
            values: Self.values { $0.id = 7 }
        ) { .deleteProduct(ProductID($0.id), ifRevision: $0.ifRevision) }
        return [created, updated, deleted]
    }

    @Test func `a taken barcode comes after a SKU and before a revision`() throws {
        var bench = self.shop.bench
        try bench.done(
            .updateProduct(ProductID(2), ProductUpdate(barcode: "4006381333931"), ifRevision: nil)
        )
        let id = ProductID(1)
        let taken = ProductUpdate(barcode: "4006381333931")
        #expect(bench.code(.updateProduct(id, taken, ifRevision: 1)) == .barcodeTaken)
        let both = ProductUpdate(sku: "S1", barcode: "4006381333931")
        #expect(bench.code(.updateProduct(id, both, ifRevision: nil)) == .skuTaken)
        // The keys of an archived product may be taken by now, and are not in the request.
        try bench.done(
            .updateProduct(ProductID(2), ProductUpdate(sku: "S2"), ifRevision: nil)
        )
        let renamed = ProductUpdate(name: "X")
        #expect(
            bench.refusal(.updateProduct(ProductID(3), renamed, ifRevision: nil))
                == Refusal(.archived, .id(3))
        )
    }

    // MARK: - Reversals

    /// A reason why a movement cannot be reversed.
    private enum Hindrance: CaseIterable {
        case reserved, archived, returned, sold

        var code: RefusalCode {
            switch self {
            case .reserved: .invalidField
            case .archived: .archived
            case .returned: .alreadyReversed
            case .sold: .insufficientStock
            }
        }

        /// A command of the step that is to be reversed.
        func command(_ product: UInt32, _ bench: Bench) -> Command {
            let restock = RestockLine(product: ProductID(product), quantity: 5, unitCost: Money(3))
            return switch self {
            case .reserved: bench.reserve(product, 1)
            case .archived, .sold: .restock(Restock(lines: [restock]))
            case .returned: bench.sale(product, 2)
            }
        }

        /// What happens after the step.
        func spoil(_ product: UInt32, _ lsn: LSN, _ bench: inout Bench) throws {
            switch self {
            case .reserved: break
            case .archived:
                try bench.done(bench.writeOff(product))
                try bench.done(.deleteProduct(ProductID(product), ifRevision: nil))
            case .returned: try bench.done(bench.comeBack(product, 1, of: lsn))
            case .sold: try bench.done(bench.writeOff(product))
            }
        }
    }

    @Test func `a reversal is refused with the lowest code`() throws {
        for one in Hindrance.allCases {
            for other in Hindrance.allCases {
                var bench = try Bench(products: 2)
                let commands = [one.command(1, bench), other.command(2, bench)]
                let lsn = try bench.done(.batch(commands, .atomic)).lsn
                try one.spoil(1, lsn, &bench)
                try other.spoil(2, lsn, &bench)
                let lowest = min(one.code.rawValue, other.code.rawValue)
                #expect(bench.code(bench.reversal(lsn))?.rawValue == lowest, "\(one), \(other)")
            }
        }
    }
}

extension ErrorOrderTests.Kind {
    /// Whether a second line can have its own fault.
    fileprivate var hasLines: Bool { self.faults.contains { $0.name == "lines" } }
}
