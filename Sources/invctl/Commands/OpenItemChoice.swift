import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import TerminalKit

/// Options for the expiry of a reservation.
struct ExpiryOptions: ParsableArguments {
    @OptionGroup var times: ZoneOptions

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("The duration: 90s, 15m, 2h or 7d; default 15m.", valueName: "duration")
    )
    var duration: String?

    @Option(
        help: ArgumentHelp(
            "The end, in --zone: 2026-12-24 or '2026-12-24 18:00'.",
            valueName: "time"
        )
    )
    var until: String?

    func validate() throws {
        if self.duration != nil, self.until != nil {
            throw ValidationError("give --for or --until, not both")
        }
        if let duration, Self.seconds(duration) == nil {
            throw ValidationError("--for is '\(duration)', not a duration: 90s, 15m, 2h or 7d")
        }
        _ = try Instant(self.until, "--until", in: TimeText.utc)
    }

    /// Returns the expiry, its time typed in the zone of the shell.
    func expiry(_ shell: Shell) throws -> Expiry {
        if let until = try Instant(self.until, "--until", in: shell.settings.zone) {
            return .at(until)
        }
        return .after(seconds: Self.seconds(self.duration ?? "15m") ?? 0)
    }

    private static func seconds(_ text: String) -> Int64? {
        let units: [(Character, Int64)] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
        guard let unit = units.first(where: { $0.0 == text.last }),
            let count = Int64(digits: text.dropLast()), count > 0,
            count <= FieldBounds.expirySeconds.upperBound / unit.1
        else { return nil }
        return count * unit.1
    }
}

/// A part of a reservation or transfer as typed: `ID`, `ID=QUANTITY` or `ID=QUANTITY@PRICE`.
struct PartArgument: ExpressibleByArgument, Sendable {
    var id: UInt32
    var quantity: String?
    var price: String?

    init?(argument: String) {
        guard let line = LineArgument(argument: argument), let id = UInt32(digits: line.sku), id > 0
        else {
            return nil
        }
        self.id = id
        self.quantity = line.quantity
        self.price = line.price
    }

    init(id: UInt32) { self.id = id }
}

/// Options that select reservations or transfers for a command.
struct OpenItemChoice<Kind: OpenItemKind>: ParsableArguments {
    @Argument(help: Kind.partsHelp, completion: Candidates.of(Kind.self))
    var parts: [PartArgument] = []

    @Option(help: Kind.ofHelp) var of: String?

    @Option(help: "Only if it is at this revision.") var ifRevision: LSN?

    func validate() throws {
        if self.parts.isEmpty == (self.of == nil) {
            throw ValidationError("give the numbers of \(Kind.title)s, or --of REFERENCE")
        }
        if let problem = Kind.whyNoPrice, self.parts.contains(where: { $0.price != nil }) {
            throw ValidationError(problem)
        }
        if self.ifRevision != nil, self.parts.count != 1 {
            throw ValidationError("--if-revision applies to a single \(Kind.title)")
        }
    }
}

/// Options that filter a list of reservations or transfers.
struct OpenItemFilter<Kind: OpenItemKind>: ParsableArguments {
    @Argument(help: Kind.numberHelp) var number: UInt32?
    @Option(help: "Only this SKU.", completion: Candidates.ofSKU) var product: String?
    @Option(help: Kind.atHelp, completion: Candidates.ofLocation) var at: String?
    @Option(help: "Only with this reference.") var ref = ""
    @Option(help: Kind.stateHelp) var state: [Kind.State] = []
    @Flag(help: "Includes closed ones.") var all = false
    @Flag(help: "Newest first.") var newestFirst = false
}

typealias ReservationChoice = OpenItemChoice<ReservationKind>

/// A selected reservation or transfer, looked up.
struct ChosenItem<Row> {
    var number: UInt32
    var product: ProductInfo
    /// The quantity in base units; `nil` for the whole.
    var quantity: Quantity?
    var price: Money?
    /// The row of the query.
    var row: Row
}

/// A selected reservation and its product.
struct ChosenReservation: Sendable {
    var line: ReservationLine
    var product: ProductInfo
}

extension Shell {
    /// Returns the selected reservations, looked up.
    func reservations(_ choice: ReservationChoice) async throws -> [ChosenReservation] {
        try await self.items(choice).map { item in
            let line = ReservationLine(
                reservation: ReservationID(item.number),
                quantity: item.quantity,
                price: item.price,
                ifRevision: choice.ifRevision
            )
            return ChosenReservation(line: line, product: item.product)
        }
    }

    func list<Kind>(_ filter: OpenItemFilter<Kind>, limit: UInt32) async throws {
        let states = ChoiceSet(filter.state.map { ChoiceSet<Kind.State>($0) })
        let isWhole = filter.all || filter.number != nil || !filter.state.isEmpty
        var query = OpenItemQuery(
            id: filter.number.map { Kind.ID($0) },
            states: isWhole ? states : Kind.open,
            reference: filter.ref,
            isNewestFirst: filter.newestFirst,
            limit: limit
        )
        if let product = filter.product { query.product = try await self.product(product).id }
        if let at = filter.at { query.location = try await self.location(at) }
        try await self.list(Kind.query(query), omitting: ["productId", "actor", "unitDecimals"])
    }

    func items<Kind>(_ choice: OpenItemChoice<Kind>) async throws -> [ChosenItem<Kind.Row>] {
        var chosen: [ChosenItem<Kind.Row>] = []
        for part in try await self.parts(choice) {
            let row = try await self.row(of: part.id, Kind.self)
            let product = try await self.product(row.item.product)
            let quantity = try part.quantity.map {
                try self.quantity($0, of: product, "the quantity")
            }
            let item = ChosenItem(
                number: part.id,
                product: product,
                quantity: quantity,
                price: try part.price.map { try self.money($0, "the price") },
                row: row
            )
            chosen.append(item)
        }
        return chosen
    }

    private func parts<Kind>(_ choice: OpenItemChoice<Kind>) async throws -> [PartArgument] {
        guard let reference = choice.of else { return choice.parts }
        let open = OpenItemQuery<Kind.ID, Kind.State>(states: Kind.open, reference: reference)
        let rows = try await self.client.query(Kind.query(open), as: Kind.Row.self).rows
        guard !rows.isEmpty else {
            throw Failure(
                Kind.notFound.name,
                "no \(Kind.title) with the reference '\(reference)' \(Kind.whatOpenOnesDo)",
                hint: "invctl \(Kind.list) --all lists them, including closed ones.",
                number: Kind.notFound.rawValue,
                exit: Exit.notFound
            )
        }
        return rows.map { PartArgument(id: $0.number) }
    }

    /// Returns a reservation or transfer.
    ///
    /// - Throws: ``Failure`` with its number if there is none.
    private func row<Kind: OpenItemKind>(
        of number: UInt32,
        _ kind: Kind.Type
    ) async throws -> Kind.Row {
        do throws(ClientError) {
            let query = Kind.query(OpenItemQuery(id: Kind.ID(number)))
            let answer = try await self.client.query(query, as: Kind.Row.self)
            if let row = answer.rows.first { return row }
            throw ClientError(.protocolViolation, "no row of \(Kind.title) \(number)")
        } catch {
            guard error.refusal?.code == Kind.notFound else { throw error }
            throw Failure(
                Kind.notFound.name,
                "no \(Kind.title) has the number \(number)",
                hint: "invctl \(Kind.list) lists them.",
                number: Kind.notFound.rawValue,
                exit: Exit.notFound
            )
        }
    }

    /// Returns a product by its id, as another row refers to it.
    func product(_ id: ProductID) async throws -> ProductInfo {
        guard let found = try await self.client.product(.id(id), asOf: nil) else {
            throw ClientError(.refused, refusal: Refusal(.productNotFound, .id(UInt64(id.value))))
        }
        return ProductInfo(found.product)
    }

    // MARK: - Output

    /// Prints what was reserved, the numbers of the reservations, and their expiry.
    func say(_ done: Outcome.Done, reserved: Reserve, _ products: [ProductInfo]) {
        let until = reserved.expiry.instant(after: done.time).microseconds
        let numbers = done.id..<done.id + UInt64(reserved.lines.count)
        guard self.format == .json || self.format == .ndjson else {
            let what = self.text(of: numbers, "reservation")
            self.say(
                done,
                verb: "reserved",
                products: products,
                adding: "   \(what) until \(self.clock.format(until))"
            )
            return
        }
        var object = self.object(done, products)
        object.add("reservations", raw: "[\(numbers.map(String.init).joined(separator: ","))]")
        object.add("expiresAt", TimeText.format(until))
        self.print(object)
    }

    /// Returns the text of consecutive numbers: `reservation 4`, `reservations 4 to 6`.
    func text(of numbers: Range<UInt64>, _ title: String) -> String {
        numbers.count == 1
            ? "\(title) \(numbers.lowerBound)"
            : "\(title)s \(numbers.lowerBound) to \(numbers.upperBound - 1)"
    }

    func say(_ done: Outcome.Done, extended chosen: [ChosenReservation], _ expiry: Expiry) {
        let numbers = chosen.map { String($0.line.reservation.value) }
        let time = expiry.instant(after: done.time).microseconds
        guard self.format == .json || self.format == .ndjson else {
            guard !self.options.isQuiet else { return }
            let what = numbers.count == 1 ? "reservation" : "reservations"
            let until = self.clock.format(time)
            Terminal.say(
                "extended \(what) \(numbers.joined(separator: ", ")) until \(until)   LSN \(done.lsn)"
            )
            return
        }
        var object = JSONObject()
        object.add("lsn", raw: String(done.lsn.value))
        object.add("reservations", raw: "[\(numbers.joined(separator: ","))]")
        object.add("expiresAt", TimeText.format(time))
        self.print(object)
    }
}

extension Expiry {
    /// Returns when a reservation made at that time expires.
    fileprivate func instant(after time: Instant) -> Instant {
        switch self {
        case .at(let instant): instant
        case .after(let seconds): time.advanced(bySeconds: seconds)
        }
    }
}
