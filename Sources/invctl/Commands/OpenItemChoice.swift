import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import TerminalKit

/// Until when something is reserved.
struct ExpiryOptions: ParsableArguments {
    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("From now on: 90s, 15m, 2h or 7d.", valueName: "duration")
    )
    var duration: String?

    @Option(
        help: ArgumentHelp(
            "Until then, UTC: 2026-12-24 or '2026-12-24 18:00'; 15 minutes if neither is given.",
            valueName: "time"
        )
    )
    var until: String?

    func validate() throws {
        if self.duration != nil, self.until != nil {
            throw ValidationError("either --for or --until")
        }
        if let duration, Self.seconds(duration) == nil {
            throw ValidationError("--for is '\(duration)', not a duration: 90s, 15m, 2h or 7d")
        }
        _ = try Instant(option: self.until, "--until")
    }

    func expiry() throws -> Expiry {
        if let until = try Instant(option: self.until, "--until") { return .at(until) }
        return .after(seconds: Self.seconds(self.duration ?? "15m") ?? 0)
    }

    private static func seconds(_ text: String) -> Int64? {
        let units: [(Character, Int64)] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
        guard let unit = units.first(where: { $0.0 == text.last }),
            let count = Int64(digits: text.dropLast()), count > 0,
            count <= Limits.reservationSecondsMax / unit.1
        else { return nil }
        return count * unit.1
    }
}

/// `ID`, `ID=QUANTITY` or `ID=QUANTITY@PRICE`, as it was typed.
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

/// Which reservations, or which transfers, a command is about.
struct OpenItemChoice<Kind: OpenItemKind>: ParsableArguments {
    @Argument(help: Kind.partsHelp, completion: Candidates.of(Kind.self))
    var parts: [PartArgument] = []

    @Option(help: Kind.ofHelp) var of: String?

    @Option(help: "Only while it is still at this revision.") var ifRevision: LSN?

    func validate() throws {
        if self.parts.isEmpty == (self.of == nil) {
            throw ValidationError("which \(Kind.title)s? Give their numbers, or --of REFERENCE")
        }
        if let problem = Kind.whyNoPrice, self.parts.contains(where: { $0.price != nil }) {
            throw ValidationError(problem)
        }
        if self.ifRevision != nil, self.parts.count != 1 {
            throw ValidationError("--if-revision goes with one \(Kind.title)")
        }
    }
}

/// Which reservations, or which transfers, are listed.
struct OpenItemFilter<Kind: OpenItemKind>: ParsableArguments {
    @Argument(help: Kind.numberHelp) var number: UInt32?
    @Option(help: "Only of this SKU.", completion: Candidates.ofSKU) var product: String?
    @Option(help: Kind.atHelp, completion: Candidates.ofLocation) var at: String?
    @Option(help: "Only with this reference.") var ref = ""
    @Option(help: Kind.stateHelp) var state: [Kind.State] = []
    @Flag(help: "Also those that are over.") var all = false
    @Flag(help: "The newest first.") var newestFirst = false
}

typealias ReservationChoice = OpenItemChoice<ReservationKind>

/// A reservation or transfer that a command is about, looked up.
struct ChosenItem<Row> {
    var number: UInt32
    var product: ProductInfo
    /// Base units, where it is not the whole.
    var quantity: Int64?
    var price: Money?
    /// As a query shows it.
    var row: Row
}

/// A reservation that a command is about, and its product.
struct ChosenReservation: Sendable {
    var line: ReservationLine
    var product: ProductInfo
}

extension Shell {
    /// What was chosen, looked up.
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
                wayOut: "invctl \(Kind.list) --all lists them, also those that are over.",
                number: Kind.notFound.rawValue,
                exit: Exit.notFound
            )
        }
        return rows.map { PartArgument(id: $0.number) }
    }

    /// A reservation or transfer; a ``Failure`` that names it if there is none.
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
                wayOut: "invctl \(Kind.list) lists them.",
                number: Kind.notFound.rawValue,
                exit: Exit.notFound
            )
        }
    }

    /// A product that another row names.
    func product(_ id: ProductID) async throws -> ProductInfo {
        guard let found = try await self.client.product(.id(id), asOf: nil) else {
            throw ClientError(.refused, refusal: Refusal(.productNotFound, .id(UInt64(id.value))))
        }
        return ProductInfo(found.product)
    }

    // MARK: - Telling

    /// Says what was reserved, by which numbers, until when.
    func say(_ done: Outcome.Done, reserved: Reserve, _ products: [ProductInfo]) {
        let until = TimeText.format(reserved.expiry.instant(after: done.time).microseconds)
        let numbers = done.id..<done.id + UInt64(reserved.lines.count)
        guard self.format == .json || self.format == .ndjson else {
            let what = self.text(of: numbers, "reservation")
            self.say(
                done,
                verb: "reserved",
                products: products,
                adding: "   \(what) until \(until)"
            )
            return
        }
        var object = self.object(done, products)
        object.add("reservations", raw: "[\(numbers.map(String.init).joined(separator: ","))]")
        object.add("expiresAt", until)
        self.print(object)
    }

    /// Numbers that follow one another: `reservation 4`, `reservations 4 to 6`.
    func text(of numbers: Range<UInt64>, _ title: String) -> String {
        numbers.count == 1
            ? "\(title) \(numbers.lowerBound)"
            : "\(title)s \(numbers.lowerBound) to \(numbers.upperBound - 1)"
    }

    func say(_ done: Outcome.Done, extended chosen: [ChosenReservation], _ expiry: Expiry) {
        let numbers = chosen.map { String($0.line.reservation.value) }
        let time = TimeText.format(expiry.instant(after: done.time).microseconds)
        guard self.format == .json || self.format == .ndjson else {
            guard !self.options.quiet else { return }
            let what = numbers.count == 1 ? "reservation" : "reservations"
            Terminal.print(
                "extended \(what) \(numbers.joined(separator: ", ")) until \(time)   LSN \(done.lsn)"
            )
            return
        }
        var object = JSONObject()
        object.add("lsn", raw: String(done.lsn.value))
        object.add("reservations", raw: "[\(numbers.joined(separator: ","))]")
        object.add("expiresAt", time)
        self.print(object)
    }
}

extension Expiry {
    /// When what a step at that time promised is over.
    fileprivate func instant(after time: Instant) -> Instant {
        switch self {
        case .at(let instant): instant
        case .after(let seconds): time.advanced(bySeconds: seconds)
        }
    }
}
