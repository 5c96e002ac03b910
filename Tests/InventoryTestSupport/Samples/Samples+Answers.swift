package import InventoryModel

extension SplitMix64 {
    // MARK: - Outcomes

    /// The number of shapes of a refusal's detail.
    package static var detailCount: UInt64 { 14 }

    /// Returns a refusal whose detail has that shape.
    package mutating func refusal(detail shape: UInt64, isNested: Bool = false) -> Refusal {
        let line = self.maybe { UInt32(truncatingIfNeeded: $0.unsigned()) }
        return Refusal(self.any(RefusalCode.self), line: line, self.detail(shape, isNested))
    }

    private mutating func detail(_ shape: UInt64, _ isNested: Bool) -> Refusal.Detail {
        switch shape {
        case 1: .message(self.text())
        case 2: .field(self.text(), problem: self.text())
        case 3:
            .range(
                self.text(),
                value: self.signed(),
                lowest: self.signed(),
                highest: self.signed()
            )
        case 4: .id(self.unsigned())
        case 5: .taken(self.text(), by: self.unsigned())
        case 6: .revision(expected: self.lsn(), actual: self.lsn())
        case 7:
            .shortage(
                Refusal.Shortage(
                    product: self.product(),
                    location: self.location(),
                    asked: Quantity(self.signed()),
                    sellable: Quantity(self.signed()),
                    onHand: Quantity(self.signed()),
                    unavailable: Quantity(self.signed()),
                    reserved: Quantity(self.signed()),
                    floor: Quantity(self.signed())
                )
            )
        case 8: .sold(asked: Quantity(self.signed()), remaining: Quantity(self.signed()))
        case 9 where !isNested:
            .batch(
                index: UInt32(truncatingIfNeeded: self.unsigned()),
                self.refusal(detail: self.below(Self.detailCount), isNested: true)
            )
        case 10: .sequence(received: self.unsigned(), last: self.unsigned())
        case 11:
            .remainder(
                self.unsigned(),
                asked: Quantity(self.signed()),
                remaining: Quantity(self.signed())
            )
        case 12: .recorded(lines: UInt32(truncatingIfNeeded: self.unsigned()))
        case 13: .receiptLine(UInt32(truncatingIfNeeded: self.unsigned()))
        default: .none
        }
    }

    package mutating func refusal() -> Refusal {
        self.refusal(detail: self.below(Self.detailCount))
    }

    package mutating func outcome(isNested: Bool = false) -> Outcome {
        switch self.below(isNested ? 2 : 4) {
        case 0: .done(self.done())
        case 1: .refused(self.refusal())
        case 2:
            .errorsOnly(
                Outcome.ErrorsOnly(
                    lsn: self.lsn(),
                    count: Int(self.below(UInt64(Limits.batchMax))),
                    refused: self.list {
                        Outcome.ErrorsOnly.Refused(
                            index: Int($0.below(UInt64(Limits.batchMax))),
                            refusal: $0.refusal()
                        )
                    }
                )
            )
        default: .batch(self.list { $0.outcome(isNested: true) })
        }
    }

    private mutating func done() -> Outcome.Done {
        let lsn = self.lsn()
        return Outcome.Done(
            lsn: lsn,
            time: self.instant(),
            id: self.unsigned(),
            amount: Money(self.signed()),
            levels: self.list { $0.level(at: lsn) },
            ids: self.list { $0.unsigned() }
        )
    }

    // MARK: - Queries and results

    package mutating func query(_ tag: QueryTag) -> Query {
        switch tag {
        case .product: .product(self.productKey(), asOf: self.asOf())
        case .products: .products(self.productSearch())
        case .categories: .categories(includingArchived: self.flag())
        case .locations: .locations(includingArchived: self.flag())
        case .levels:
            .levels(
                LevelQuery(
                    product: self.maybe { $0.product() },
                    location: self.maybe { $0.location() },
                    category: self.maybe { $0.category() },
                    limit: UInt32(truncatingIfNeeded: self.unsigned()),
                    asOf: self.asOf()
                )
            )
        case .ledger: .ledger(self.ledgerQuery())
        case .lowStock:
            .lowStock(
                LowStockQuery(
                    location: self.maybe { $0.location() },
                    category: self.maybe { $0.category() },
                    limit: UInt32(truncatingIfNeeded: self.unsigned())
                )
            )
        case .categoryRollup: .categoryRollup(asOf: self.asOf())
        case .sales:
            .sales(
                SalesQuery(
                    product: self.maybe { $0.product() },
                    location: self.maybe { $0.location() },
                    category: self.maybe { $0.category() },
                    from: self.maybe { $0.instant() },
                    to: self.maybe { $0.instant() },
                    reference: self.text(),
                    limit: UInt32(truncatingIfNeeded: self.unsigned())
                )
            )
        case .refusals:
            .refusals(
                RefusalQuery(
                    product: self.maybe { $0.product() },
                    location: self.maybe { $0.location() },
                    from: self.maybe { $0.instant() },
                    to: self.maybe { $0.instant() },
                    limit: UInt32(truncatingIfNeeded: self.unsigned())
                )
            )
        case .reservations:
            .reservations(
                ReservationQuery(
                    id: self.maybe { $0.reservation() },
                    product: self.maybe { $0.product() },
                    location: self.maybe { $0.location() },
                    states: ReservationStateSet(rawValue: UInt8(self.below(16))),
                    reference: self.text(),
                    isNewestFirst: self.flag(),
                    after: self.maybe { $0.reservation() },
                    limit: UInt32(truncatingIfNeeded: self.unsigned())
                )
            )
        case .transfers:
            .transfers(
                TransferQuery(
                    id: self.maybe { $0.transfer() },
                    product: self.maybe { $0.product() },
                    location: self.maybe { $0.location() },
                    states: TransferStateSet(rawValue: UInt8(self.below(8))),
                    reference: self.text(),
                    isNewestFirst: self.flag(),
                    after: self.maybe { $0.transfer() },
                    limit: UInt32(truncatingIfNeeded: self.unsigned())
                )
            )
        case .lastStep: .lastStep(actor: self.text())
        case .importRuns:
            .importRuns(
                ImportRunQuery(
                    run: self.text(),
                    content: self.text(),
                    isNewestFirst: self.flag(),
                    limit: UInt32(truncatingIfNeeded: self.unsigned())
                )
            )
        case .importSteps:
            .importSteps(
                ImportStepQuery(
                    run: self.text(),
                    limit: UInt32(truncatingIfNeeded: self.unsigned())
                )
            )
        case .verify: .verify
        case .stats: .stats
        case .stateChecksum: .stateChecksum
        }
    }

    package mutating func stockedProduct() -> StockedProduct {
        let lsn = self.lsn()
        return StockedProduct(
            lsn: lsn,
            product: self.productRow(),
            levels: self.list { $0.level(at: lsn) }
        )
    }

    package mutating func productKey() -> ProductKey {
        switch self.below(3) {
        case 0: .id(self.product())
        case 1: .sku(self.text())
        default: .barcode(self.text())
        }
    }

    mutating func asOf() -> AsOf? {
        switch self.below(4) {
        case 0: nil
        case 1: .lsn(self.lsn())
        case 2: .effective(self.instant())
        default: .time(self.instant())
        }
    }

    private mutating func productSearch() -> ProductSearch {
        ProductSearch(
            category: self.maybe { $0.category() },
            statuses: ProductStatusSet(rawValue: UInt8(self.below(8))),
            skuPrefix: self.text(),
            nameContains: self.text(),
            text: self.text(),
            sort: self.any(ProductSearch.Sort.self),
            isDescending: self.flag(),
            after: self.maybe {
                ProductSearch.PageKey(integer: $0.signed(), text: $0.text(), id: $0.product())
            },
            limit: UInt32(truncatingIfNeeded: self.unsigned()),
            asOf: self.asOf()
        )
    }

    private mutating func ledgerQuery() -> LedgerQuery {
        LedgerQuery(
            product: self.maybe { $0.product() },
            location: self.maybe { $0.location() },
            kinds: MovementKindSet(self.list { MovementKindSet($0.any(MovementKind.self)) }),
            from: self.maybe { $0.instant() },
            to: self.maybe { $0.instant() },
            reference: self.text(),
            actor: self.text(),
            lsn: self.revision(),
            isNewestFirst: self.flag(),
            after: self.maybe {
                MovementID(lsn: $0.lsn(), line: UInt16(truncatingIfNeeded: $0.unsigned()))
            },
            limit: UInt32(truncatingIfNeeded: self.unsigned())
        )
    }

    /// Returns a table of up to `rowsMax` rows with some columns of every kind, some cells empty.
    package mutating func table(rowsMax: UInt64 = 9) -> ResultTable {
        let schema = self.list(upTo: 8) { ResultField($0.text(), $0.any(ResultKind.self)) }
        var table = ResultTable(schema)
        for _ in 0..<self.below(rowsMax + 1) {
            table.append(
                schema.map { field in
                    if self.below(4) == 0 { return .none }
                    switch field.kind {
                    case .text: return .text(self.text())
                    case .number: return .number(Double(self.signed()) / 1_024)
                    default: return .integer(self.signed())
                    }
                }
            )
        }
        return table
    }

    // MARK: - Subscriptions

    package mutating func subscription() -> Subscription {
        let starts: [SubscriptionStart] = [.now, .snapshot, .after(self.lsn())]
        return Subscription(
            topics: SubscriptionTopics(rawValue: UInt8(1 + self.below(127))),
            filter: SubscriptionFilter(
                products: self.list { $0.product() },
                skuPrefix: self.text(),
                category: self.maybe { $0.category() },
                location: self.maybe { $0.location() }
            ),
            start: starts[Int(self.below(3))],
            updatesPerSecond: self.maybe { UInt8(1 + $0.below(60)) }
        )
    }
}
