import InventoryClient
internal import InventoryModel
import InventoryWire

/// Restores a whole export into an empty database, line by line as a stream.
///
///     catalog        categories, locations and products in order, as if none were archived
///     ledger         each step, by the commands that made it, as the actor who sent them
///     reservations   the expiry of each open one
///     levels         floors
///     end            archives what was archived; then exports the database and compares its digest with
///                    the file's
///
/// The catalog's keys, the balances and open reservations and transfers are in memory; only 16 bytes for
/// each gap in its LSNs grow with the ledger. The requests are the same in each run, so an interrupted import
/// can resume. A refusal ends the import, since the databases would not be equal.
package struct WholeImport {
    /// The number of bytes at the beginning of a file whose hash names its import.
    package static let nameByteCount = 4_096

    private let host: any TransferHost
    private let isDry: Bool
    private var lines: LineReader
    private var digest = ExportDigest()
    private var catalog: RestoredCatalog
    private var ledger: RestoredLedger
    private var queue: RestoreQueue
    private var lineCount = 0
    private var movementCount = 0
    /// The expiry of each open reservation.
    private var expiries: [Int: Instant] = [:]
    /// Lowered floors that no line has restored yet.
    private var lowered: Set<RestoredPlace>?
    private var part = ExportDigest.Part.catalog

    /// Creates a restore of a stream; the import's session ids are derived from `name`.
    package init(_ host: any TransferHost, _ stream: ByteStream, name: String, isDry: Bool) {
        self.host = host
        self.isDry = isDry
        self.lines = LineReader(stream)
        let decimals = host.server.currencyDecimals
        let placeholder = "~" + SessionID(hashing: name).text.prefix(16)
        self.catalog = RestoredCatalog(moneyDecimals: decimals, placeholder: placeholder)
        self.ledger = RestoredLedger(moneyDecimals: decimals)
        self.queue = RestoreQueue(RestoreSender(host, name: name, isDry: isDry))
    }

    /// Restores the export and verifies the result, or only validates the export if it is a dry run.
    ///
    /// - Throws: ``Failure`` if the export is malformed, a command is refused, the connection is lost, or the
    ///   restored database is not equal to the exported one.
    package mutating func run() async throws {
        do {
            try await self.runAll()
            await self.queue.sender.end()
        } catch let error as ClientError where error.refusal == nil {
            throw Failure(
                error.code.description.replacing(" ", with: "_"),
                "the connection was lost\(error.message.isEmpty ? "" : ": \(error.message)")",
                hint:
                    "The database keeps what was restored. Run the same import again to resume.",
                exit: Exit.code(for: error)
            )
        }
    }

    private mutating func runAll() async throws {
        try self.readHead()
        if !self.isDry {
            try await self.queue.sender.begin()
            if !self.queue.sender.isResumed { try await self.checkEmpty() }
            self.host.setInterruptionMessage(
                "the database keeps what was restored; run the same import again to resume"
            )
        }
        var end: ExportRecord?
        while end == nil, let bytes = try self.lines.next() { end = try await self.readLine(bytes) }
        guard let end else { throw self.cutOff() }
        try self.checkEnd(end)
        if self.isDry { return self.report("can be restored; nothing written") }
        try await self.finish()
        let late = try await self.lateReservations()
        try await self.compare(isLate: !late.isEmpty)
        try await self.expire(late)
        self.host.setInterruptionMessage(nil)
        self.host.endProgress()
        self.report("restored" + (self.queue.sender.isResumed ? "; resumed an earlier run" : ""))
    }

    // MARK: - Lines

    private mutating func readHead() throws {
        guard let bytes = try self.lines.next() else { throw self.cutOff() }
        let head = try ExportRecord(bytes, line: 1)
        self.count(bytes, .catalog)
        guard try head.number("invd") == WholeExport.format else {
            throw Failure(
                "unsupported_version",
                "the export has format \(head.text("invd")), this invctl reads \(WholeExport.format)",
                hint: "Use the invctl that wrote it, or a newer one.",
                exit: Exit.failed
            )
        }
        let currency = head.text("currency")
        guard currency == self.host.server.currencyCode else {
            throw Failure(
                "wrong_currency",
                "the export is in \(currency), this database in \(self.host.server.currencyCode)",
                hint: "Nothing was changed. Start an empty invd with --currency \(currency).",
                exit: Exit.conflict
            )
        }
    }

    private mutating func count(_ bytes: ArraySlice<UInt8>, _ part: ExportDigest.Part) {
        self.lineCount += 1
        (bytes + [0x0A]).withUnsafeBytes { self.digest.feed($0, part) }
    }

    /// Reads a line.
    ///
    /// - Returns: The end record if this is the last line.
    private mutating func readLine(_ bytes: ArraySlice<UInt8>) async throws -> ExportRecord? {
        let record: ExportRecord
        do {
            record = try ExportRecord(bytes, line: self.lines.number)
        } catch {
            throw self.lines.isWhole ? error : self.cutOff()
        }
        if record.has("end") { return record }
        guard self.lines.isWhole else { throw self.cutOff() }
        let part: ExportDigest.Part =
            if record.has("step") {
                .ledger
            } else if record.has("level") {
                .levels
            } else if record.has("expiresAt") {
                .reservations
            } else {
                .catalog
            }
        guard part.rawValue >= self.part.rawValue else {
            throw record.problem("it is out of order")
        }
        self.part = part
        self.count(bytes, part)
        if self.lineCount.isMultiple(of: 1_000), !self.host.isQuiet {
            self.host.progress("restore  line \(DecimalText.grouped(String(self.lineCount)))")
        }
        switch part {
        case .catalog:
            let (command, id) = try self.catalog.read(record)
            try await self.queue.add(command, id: id, line: record.line)
        case .ledger: try await self.readStep(record, byteCount: bytes.count)
        case .reservations: try await self.readReservation(record)
        case .levels: try await self.readLevel(record)
        }
        return nil
    }

    private mutating func readStep(_ record: ExportRecord, byteCount: Int) async throws {
        guard try record.number("step") == self.queue.stepCount + 1 else {
            throw record.problem("step \(record.text("step")) follows step \(self.queue.stepCount)")
        }
        let movements = try self.ledger.movements(record, self.catalog)
        let origin = movements.lazy.compactMap { $0.originStep }.max() ?? 0
        guard origin <= self.queue.stepCount else {
            throw record.problem("it refers to step \(origin), which does not precede it")
        }
        try await self.queue.settle(origin)
        let sender = self.queue.sender
        let step = try self.ledger.step(movements, record: record, catalog: self.catalog) {
            sender.steps.lsn(of: $0)
        }
        self.movementCount += movements.count
        let actor = record.text("actor")
        try await self.queue.add(step, of: actor, line: record.line, byteCount: byteCount)
    }

    private mutating func readReservation(_ record: ExportRecord) async throws {
        let number = try record.number("reservation")
        let time = try record.instant("expiresAt")
        self.expiries[number] = time
        let line = ReservationLine(reservation: ReservationID(UInt32(clamping: number)))
        // A time in the past is refused: such a reservation expires at the end of the import.
        try await self.queue.add(
            .extendReservation(ExtendReservation(lines: [line], expiry: .at(time))),
            line: record.line,
            isOptional: true
        )
    }

    private mutating func readLevel(_ record: ExportRecord) async throws {
        let (number, at) = try record.pair("level")
        let (product, location, decimals) = try self.catalog.place(
            record,
            product: number,
            location: at
        )
        let floor = try record.units("floor", decimals)
        var lowered = self.lowered ?? self.ledger.lowered
        let wasLowered = lowered.remove(RestoredPlace(product, location)) != nil
        self.lowered = lowered
        guard floor != 0 || wasLowered else { return }
        let change = FloorChange(product: product, location: location, floor: Quantity(floor))
        try await self.queue.add(.setFloor(change), line: record.line)
    }

    // MARK: - Checks

    private func cutOff() -> Failure {
        Failure(
            "malformed_file",
            "the export is truncated after line \(self.lineCount): it has no end",
            hint: self.isDry
                ? "Nothing was written."
                : "The database keeps what was restored. Run the import again with the whole file to resume.",
            exit: Exit.failed
        )
    }

    private func checkEnd(_ end: ExportRecord) throws {
        var lines = self.lines
        guard try end.number("end") == self.lineCount, end.text("digest") == self.digest.text,
            try lines.next() == nil
        else {
            throw end.problem(
                "the file was changed since it was written: it has \(self.lineCount) lines with the "
                    + "digest \(self.digest.text)"
            )
        }
    }

    private func checkEmpty() async throws {
        let counts = try await self.host.client.statistics()
        guard counts["products"] == 0, counts["categories"] == 0, counts["locations"] == 1 else {
            throw Failure(
                "not_empty",
                """
                this database has \(counts["products"] ?? 0) products and \(counts["movements"] ?? 0) \
                movements; an export can only be restored into an empty one
                """,
                hint: "Nothing was changed. Start an invd with a new --data-dir.",
                exit: Exit.conflict
            )
        }
    }

    /// Exports this database as of the last step and compares the digests.
    private func compare(isLate: Bool) async throws {
        var export = WholeExport(
            self.host,
            ExportSink(),
            stepCountMax: self.queue.stepCount
        )
        try await export.write()
        let differences = export.digest.differences(from: self.digest)
            .filter { !isLate || $0 != .reservations }
        guard let first = differences.first else { return }
        throw Failure(
            "check_failed",
            """
            the import is complete, but the database is not equal: it differs in its \(first) \
            (digest \(export.digest.text), not \(self.digest.text))
            """,
            hint: "Did another client write to it? Compare: invctl export - --what all",
            exit: Exit.checkFailed
        )
    }

    // MARK: - The end

    private mutating func finish() async throws {
        for place in (self.lowered ?? self.ledger.lowered).sorted() {
            let change = FloorChange(product: place.product, location: place.location, floor: 0)
            try await self.queue.add(.setFloor(change), line: 0)
        }
        let changed = Array(self.ledger.changedProducts)
        let commands =
            self.catalog.finishingCommands(changed: changed) + self.catalog.archivingCommands()
        for command in commands { try await self.queue.add(command, line: 0) }
        try await self.queue.flush()
        try await self.queue.sender.drain()
    }

    /// Returns open reservations whose expiry passed before the import could set it.
    private func lateReservations() async throws -> [ReservationID] {
        guard !self.expiries.isEmpty else { return [] }
        var late: [ReservationID] = []
        let query = Query.reservations(ReservationQuery(states: .active))
        for try await part in self.host.client.rows(of: query) {
            for reservation in try part.rows(as: ListedReservation.self) {
                let original = self.expiries[Int(reservation.id.value)]
                if let original, original != reservation.expiresAt { late.append(reservation.id) }
            }
        }
        return late
    }

    /// Sets the expiry of late reservations to one second from now, so that the server expires them.
    private func expire(_ late: [ReservationID]) async throws {
        for start in stride(from: 0, to: late.count, by: Limits.linesMax) {
            let lines = late[start..<min(start + Limits.linesMax, late.count)]
                .map { ReservationLine(reservation: $0) }
            // A reservation that was settled meanwhile needs no expiry.
            _ = try await self.host.client.send(
                .extendReservation(ExtendReservation(lines: lines, expiry: .after(seconds: 1)))
            )
        }
        guard !late.isEmpty, !self.host.isQuiet else { return }
        self.host.note("  note  \(late.count) reservations were past their expiry: they expire now")
    }

    private func report(_ what: String) {
        let products = self.catalog.products.count
        guard !self.host.report.isJSON else {
            var object = JSONObject()
            object.add("products", raw: String(products))
            object.add("steps", raw: String(self.queue.stepCount))
            object.add("movements", raw: String(self.movementCount))
            object.add("digest", self.digest.text)
            object.add("status", what)
            return self.host.print(object.text)
        }
        func count(_ value: Int) -> String { DecimalText.grouped(String(value)) }
        self.host.print(
            """
            \(count(products)) products, \(count(self.queue.stepCount)) steps with \
            \(count(self.movementCount)) movements \(what); digest \(self.digest.text)
            """
        )
    }
}
