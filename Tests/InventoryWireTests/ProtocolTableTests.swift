import Bytes
import InventoryEngine
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

/// The tables of PROTOCOL.md and the code agree, in both directions.
@Suite struct ProtocolTableTests {
    private let document: ProtocolDocument

    init() throws { self.document = try ProtocolDocument() }

    private func columns(_ section: String, _ first: String, _ count: Int) -> [[String]] {
        self.document.rows(section, first).map { Array($0.prefix(count)) }
    }

    @Test func `the opcodes are those of the code`() {
        let expected = Opcode.allCases.map { ["\($0.rawValue)", "\($0)"] }
        #expect(self.columns("opcodes", "opcode", 2) == expected)
    }

    @Test func `every message with a body is documented`() {
        let named = self.columns("messages", "message", 1).flatMap { row in
            row[0].split(separator: ", ").map(String.init)
        }
        let bodiless: Set<Opcode> = [.ping, .takeSnapshot, .beginDryRun]
        let expected = Opcode.allCases.filter { !bodiless.contains($0) }
        #expect(Set(named) == Set(expected.map { "\($0)" }))
        #expect(named.count == expected.count)
    }

    @Test func `the errors are those of the code: number, name and whether to retry`() {
        let expected = RefusalCode.allCases.map {
            ["\($0.rawValue)", $0.name, $0.isRetryable ? "yes" : "no"]
        }
        #expect(self.columns("errors", "code", 3) == expected)
    }

    @Test func `commands, changes and queries are those of the code`() {
        let commands = CommandTag.allCases.map { ["\($0.rawValue)", "\($0)"] }
        #expect(self.columns("commands", "tag", 2) == commands)
        let changes = ChangeTag.allCases.map { ["\($0.rawValue)", "\($0)"] }
        #expect(self.columns("changes and entries", "tag", 2) == changes)
        let queries = QueryTag.allCases.map { ["\($0.rawValue)", "\($0)"] }
        #expect(self.columns("queries and results", "tag", 2) == queries)
        let insights = InsightTag.allCases.map { ["\($0.rawValue)", "\($0)"] }
        #expect(self.columns("insights", "tag", 2) == insights)
    }

    @Test func `the enumerations are those of the code`() {
        func values<Value: CaseIterable & RawRepresentable>(
            _ name: String,
            _ type: Value.Type
        ) -> [String] {
            [name, Value.allCases.map { "\($0.rawValue) \($0)" }.joined(separator: ", ")]
        }
        let expected = [
            values("alert kind", AlertKind.self),
            values("batch mode", BatchMode.self),
            values("calendar unit", CalendarUnit.self),
            values("import kind", ImportKind.self),
            values("insight dimension", InsightDimension.self),
            values("insight measure", InsightMeasure.self),
            values("insight source", InsightSource.self),
            values("location kind", LocationKind.self),
            values("movement kind", MovementKind.self),
            values("named insight", NamedInsight.Name.self),
            values("product sort", ProductSearch.Sort.self),
            values("product status", ProductStatus.self),
            values("reason", Reason.self),
            values("reservation state", ReservationState.self),
            values("reset reason", ResetReason.self),
            values("result kind", ResultKind.self),
            values("return target", ReturnTarget.self),
            values("transfer state", TransferState.self),
        ]
        #expect(self.columns("enumerations", "enumeration", 2) == expected)
    }

    @Test func `the details of a refusal are those of the code`() {
        var random = SplitMix64(seed: 51)
        let expected = (0..<SplitMix64.detailCount).map { shape in
            let detail = random.refusal(detail: shape).detail
            let name = Mirror(reflecting: detail).children.first?.label ?? "\(detail)"
            return ["\(shape)", name]
        }
        #expect(self.columns("outcomes and refusals", "detail", 2) == expected)
    }

    @Test func `the fields of a product are those of the code`() {
        let expected = ProductField.allCases.map { field in
            var writer = ByteWriter()
            let none = ProductFields()
            let difference = ProductDifference(FieldSet(field), from: none, to: none)
            Change.productUpdated(ProductID(1), difference)
                .encode(into: &writer, lsn: 1, time: .zero)
            // The change's tag, the product, the number of fields, then the field's number.
            return ["\(writer.array()[3])", "\(field)"]
        }
        #expect(self.columns("changes and entries", "field", 2) == expected)
    }

    @Test func `the field columns are those of the descriptions`() throws {
        let rows = self.columns("commands", "tag", 3)
        // A delivery ends with its flags, and the indices of its lines without a cost.
        for tag in CommandTag.described where tag != .restock {
            let row = try #require(rows.first { $0[1] == "\(tag)" })
            #expect(row[2] == tag.fields.wireText, "\(tag)")
        }
        let lines: [(String, [FieldDescription])] = [
            ("sale", SaleLine.descriptions), ("reservation", ReservationLine.descriptions),
            ("transfer", TransferLine.descriptions), ("past", PastSaleLine.descriptions),
        ]
        for (name, fields) in lines {
            #expect(self.document.text.contains("A **\(name) line** is \(fields.wireText)"))
        }
    }

    @Test func `the field columns of changes are those of the descriptions`() throws {
        let rows = self.columns("changes and entries", "tag", 3)
        var seen = 0
        for tag in ChangeTag.allCases {
            guard let fields = tag.fields else { continue }
            let row = try #require(rows.first { $0[1] == "\(tag)" })
            #expect(row[2] == fields.wireText, "\(tag)")
            seen += 1
        }
        #expect(seen == 15)
    }

    @Test func `the field columns of queries and insights are those of the descriptions`() {
        let queries = QueryTag.allCases.map { ["\($0.rawValue)", "\($0)", $0.fields.wireText] }
        #expect(self.columns("queries and results", "tag", 3) == queries)
        let insights = InsightTag.allCases.map { ["\($0.rawValue)", "\($0)", $0.fields.wireText] }
        #expect(self.columns("insights", "tag", 3) == insights)
        let windows = WindowTag.allCases.map { tag in
            ["\(tag.rawValue)", "\(tag)", InsightWindow(tag).descriptions.wireText]
        }
        #expect(self.columns("insights", "window", 3) == windows)
        let subscription = Subscription(topics: .stock, start: .now).descriptions
        let fields = self.columns("subscriptions", "field", 1).map { $0[0] }
        #expect(fields == subscription.map { $0.wireText })
    }

    @Test func `the parts of an insight are those of the descriptions`() throws {
        let text = self.document.text.replacing("\n", with: " ")
        let resolved = ResolvedWindow().descriptions.wireText
        #expect(text.contains("The **resolved window**: \(resolved): "))
        for field in NamedInsight().descriptions {
            guard case .masked(let fields) = field.kind else { continue }
            let parts = fields.enumerated().map { "\($0.offset) \($0.element.wireText)" }
            #expect(text.contains(parts.joined(separator: " · ")), "\(field.name)")
        }
    }

    @Test func `the limits are those of the code`() {
        let network: [(String, Int64)] = [
            ("requestByteCountMax", Int64(WireLimits.requestByteCountMax)),
            ("replyByteCountMax", Int64(WireLimits.replyByteCountMax)),
            ("inFlightMax", Int64(WireLimits.inFlightMax)),
            ("subscriptionsMax", Int64(WireLimits.subscriptionsMax)),
            ("subscriptionsOfAllMax", Int64(WireLimits.subscriptionsOfAllMax)),
            (
                "subscriptionByteCountPerConnectionMax",
                Int64(WireLimits.subscriptionByteCountPerConnectionMax)
            ),
            ("subscriptionByteCountMax", Int64(WireLimits.subscriptionByteCountMax)),
            ("liveInsightsMax", Int64(WireLimits.liveInsightsMax)),
            ("sessionsPerConnectionMax", Int64(WireLimits.sessionsPerConnectionMax)),
            ("outboxByteCountMax", Int64(WireLimits.outboxByteCountMax)),
            ("outboxByteCountOfAll", Int64(WireLimits.outboxByteCountOfAll)),
            ("outboxByteCountMin", Int64(WireLimits.outboxByteCountMin)),
            ("eventsByteCountMax", Int64(WireLimits.eventsByteCountMax)),
            ("backupPieceByteCountMax", Int64(WireLimits.backupPieceByteCountMax)),
            ("backupBytesPerSecondMin", Int64(WireLimits.backupBytesPerSecondMin)),
            ("backupsMax", Int64(WireLimits.backupsMax)),
            ("backupStallMillisecondsMax", Int64(WireLimits.backupStallMillisecondsMax)),
            ("dryRunsMax", Int64(WireLimits.dryRunsMax)),
            ("dryRunByteCountMax", Int64(WireLimits.dryRunByteCountMax)),
            (
                "waitingQueriesPerConnectionMax",
                Int64(WireLimits.waitingQueriesPerConnectionMax)
            ),
            ("waitingQueriesMax", Int64(WireLimits.waitingQueriesMax)),
            (
                "begunQueriesPerConnectionMax", Int64(WireLimits.begunQueriesPerConnectionMax)
            ),
            (
                "openQueryByteCountPerConnectionMax",
                Int64(WireLimits.openQueryByteCountPerConnectionMax)
            ),
            ("openQueryByteCountMax", Int64(WireLimits.openQueryByteCountMax)),
            ("heldRequestByteCount", Int64(WireLimits.heldRequestByteCount)),
            ("heldByteCountPerByte", Int64(WireLimits.heldByteCountPerByte)),
            ("smallFrameByteCountMax", Int64(WireLimits.smallFrameByteCountMax)),
            ("begunFrameByteCountMax", Int64(WireLimits.begunFrameByteCountMax)),
            ("queryMilliseconds", Int64(WireLimits.queryMilliseconds)),
            ("helloMilliseconds", Int64(WireLimits.helloMilliseconds)),
            ("frameMilliseconds", Int64(WireLimits.frameMilliseconds)),
            ("idleSeconds", Int64(WireLimits.idleSeconds)),
            ("progressMilliseconds", Int64(WireLimits.progressMilliseconds)),
            ("tokenByteCountMax", Int64(WireLimits.tokenByteCountMax)),
            ("softwareByteCountMax", Int64(WireLimits.softwareByteCountMax)),
        ]
        let values: [(String, Int64)] = [
            ("moneyMax", Limits.moneyMax),
            ("quantityMax", Limits.quantityMax),
            ("skuByteCountMax", Int64(Limits.skuByteCountMax)),
            ("barcodeByteCountMax", Int64(Limits.barcodeByteCountMax)),
            ("moreBarcodesMax", Int64(Limits.moreBarcodesMax)),
            ("moreBarcodesByteCountMax", Int64(Limits.moreBarcodesByteCountMax)),
            ("brandByteCountMax", Int64(Limits.brandByteCountMax)),
            ("nameByteCountMax", Int64(Limits.nameByteCountMax)),
            ("unitByteCountMax", Int64(Limits.unitByteCountMax)),
            ("unitDecimalsMax", Int64(Limits.unitDecimalsMax)),
            ("locationCodeByteCountMax", Int64(Limits.locationCodeByteCountMax)),
            ("zoneByteCountMax", Int64(Limits.zoneByteCountMax)),
            ("referenceByteCountMax", Int64(Limits.referenceByteCountMax)),
            ("noteByteCountMax", Int64(Limits.noteByteCountMax)),
            ("textByteCountMax", Int64(Limits.textByteCountMax)),
            ("actorByteCountMax", Int64(Limits.actorByteCountMax)),
            ("linesMax", Int64(Limits.linesMax)),
            ("receiptLinesMax", Int64(Limits.receiptLinesMax)),
            ("receiptPartsMax", Int64(Limits.receiptPartsMax)),
            ("batchMax", Int64(Limits.batchMax)),
            ("batchLinesMax", Int64(Limits.batchLinesMax)),
            ("stepMovementsMax", Int64(Limits.stepMovementsMax)),
            ("openReservationsMax", Int64(Limits.openReservationsMax)),
            ("openTransfersMax", Int64(Limits.openTransfersMax)),
            ("reservationSecondsMax", Limits.reservationSecondsMax),
            ("tickReservationsMax", Int64(Limits.tickReservationsMax)),
            ("occurredAtPastSeconds", Limits.occurredAtPastSeconds),
            ("occurredAtFutureSeconds", Limits.occurredAtFutureSeconds),
            ("instantMin", Limits.instantMin),
            ("instantMax", Limits.instantMax),
            ("sessionsMax", Int64(Limits.sessionsMax)),
            ("sessionWindow", Int64(Limits.sessionWindow)),
            ("sessionOutcomeByteCountMax", Int64(Limits.sessionOutcomeByteCountMax)),
            ("sessionIdleSeconds", Limits.sessionIdleSeconds),
            ("sessionKeptSeconds", Limits.sessionKeptSeconds),
            ("sessionUnusedSeconds", Limits.sessionUnusedSeconds),
            ("keyByteCountMax", Int64(Limits.keyByteCountMax)),
            ("tickKeysMax", Int64(Limits.tickKeysMax)),
            ("outcomeByteCountMax", Int64(Limits.outcomeByteCountMax)),
            ("outcomeHeadByteCountMax", Int64(Limits.outcomeHeadByteCountMax)),
            ("outcomeRefusalByteCountMax", Int64(Limits.outcomeRefusalByteCountMax)),
            ("outcomeLevelByteCountMax", Int64(Limits.outcomeLevelByteCountMax)),
            ("importRunsMax", Int64(Limits.importRunsMax)),
            ("importRowsMax", Limits.importRowsMax),
            ("importFileByteCountMax", Int64(Limits.importFileByteCountMax)),
            ("importHashByteCountMax", Int64(Limits.importHashByteCountMax)),
            ("queryRowsMax", Int64(Limits.queryRowsMax)),
            ("filterIDsMax", Int64(Limits.filterIDsMax)),
            ("updatesPerSecondMax", Int64(Limits.updatesPerSecondMax)),
            ("leadTimeDaysMax", Int64(Limits.leadTimeDaysMax)),
        ]
        let insights: [(String, Int64)] = [
            ("groupingSetsMax", Int64(InsightLimits.groupingSetsMax)),
            ("dimensionsMax", Int64(InsightLimits.dimensionsMax)),
            ("measuresMax", Int64(InsightLimits.measuresMax)),
            ("filterIDsMax", Int64(InsightLimits.filterIDsMax)),
            ("groupsMax", Int64(InsightLimits.groupsMax)),
            ("windowUnitsMax", Int64(InsightLimits.windowUnitsMax)),
            ("bucketsMax", Int64(InsightLimits.bucketsMax)),
            ("conditionPartsMax", Int64(InsightLimits.conditionPartsMax)),
            ("conditionDepthMax", Int64(InsightLimits.conditionDepthMax)),
            ("liveInsightRowsMax", Int64(InsightLimits.liveInsightRowsMax)),
        ]
        // The section has three tables with the same first column, which are parsed as one.
        let rows = self.columns("limits", "limit", 2).map {
            [$0[0], $0[1].filter { $0 != "," }]
        }
        #expect(rows == (network + values + insights).map { [$0.0, "\($0.1)"] })
    }

    @Test func `every query returns the documented columns`() throws {
        let view = Self.view()
        let queries: [(String, Query)] = [
            ("product, products", .product(.id(ProductID(1)), asOf: nil)),
            ("product, products", .products(ProductSearch())),
            ("categories", .categories(includingArchived: false)),
            ("locations", .locations(includingArchived: false)),
            ("levels", .levels(LevelQuery())),
            ("ledger", .ledger(LedgerQuery())),
            ("lowStock", .lowStock(LowStockQuery())),
            ("categoryRollup", .categoryRollup(asOf: nil)),
            ("sales", .sales(SalesQuery())),
            ("refusals", .refusals(RefusalQuery())),
            ("reservations", .reservations(ReservationQuery())),
            ("transfers", .transfers(TransferQuery())),
            ("lastStep", .lastStep(actor: "ann")),
            ("importRuns", .importRuns(ImportRunQuery())),
            ("importSteps", .importSteps(ImportStepQuery(run: "r"))),
            ("verify", .verify),
            ("stats", .stats),
            ("stateChecksum", .stateChecksum),
        ]
        var columns: [String: String] = [:]
        for row in self.document.rows("results", "query") { columns[row[0]] = row[1] }
        #expect(Set(columns.keys) == Set(queries.map { $0.0 }))
        for (name, query) in queries {
            let schema = try view.answer(query).schema
            let expected = schema.map { "\($0.name) \($0.kind)" }.joined(separator: ", ")
            #expect(columns[name] == expected)
        }
    }

    /// Returns a read view of a database with one category and one product.
    private static func view() -> ReadView {
        var state = InventoryState()
        guard let currency = Currency(code: "USD") else { preconditionFailure("USD") }
        let time = Instant(microseconds: 1)
        let changes = InventoryState.bootstrap(currency: currency)
        state.evolve(Entry(lsn: 1, time: time, actor: "", changes: changes))
        let draft = ProductDraft(
            sku: "A",
            name: "A",
            category: CategoryID(1),
            price: Price(1)
        )
        let session = SessionID(high: 1, low: 2).hexadecimal
        let run = RecordImportRun(run: "r", session: session)
        let commands = [
            Command.createCategory(name: "C"), .createProduct(draft), .recordImportRun(run),
        ]
        for command in commands {
            let time = state.time.advanced(bySeconds: 1)
            let decision = state.decide(command, at: time)
            let lsn = state.lsn.next
            state.evolve(Entry(lsn: lsn, time: time, actor: "", changes: decision.changes))
        }
        return state.wholeView()
    }
}
