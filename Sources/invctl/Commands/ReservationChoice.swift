public import ArgumentParser
import InventoryClient
public import InventoryModel
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

/// Which reservations a command is about.
struct ReservationChoice: ParsableArguments {
    @Argument(help: "ID[=QUANTITY[@PRICE]] …", completion: Candidates.ofReservation)
    var parts: [PartArgument] = []

    @Option(help: "All that hold stock and have this reference.") var of: String?

    @Option(help: "Only while it is still at this revision.") var ifRevision: UInt64?

    func validate() throws {
        if self.parts.isEmpty == (self.of == nil) {
            throw ValidationError("which reservations? Give their numbers, or --of REFERENCE")
        }
        if self.ifRevision != nil, self.parts.count != 1 {
            throw ValidationError("--if-revision goes with one reservation")
        }
    }
}

/// A reservation that a command is about, and its product.
struct ChosenReservation: Sendable {
    var line: ReservationLine
    var product: ProductInfo
}

extension Shell {
    /// What was chosen, looked up.
    func reservations(_ choice: ReservationChoice) async throws -> [ChosenReservation] {
        var chosen: [ChosenReservation] = []
        for part in try await self.parts(choice) {
            let query = ReservationQuery(id: ReservationID(part.id))
            let reservation = try await self.entity(part.id, "reservation") {
                () async throws(ClientError) in try await self.client.reservations(query)
            }
            let product = try await self.product(reservation.product)
            var line = ReservationLine(
                reservation: ReservationID(part.id),
                ifRevision: choice.ifRevision
            )
            if let quantity = part.quantity {
                line.quantity = try self.quantity(quantity, of: product, "the quantity")
            }
            if let price = part.price { line.price = try self.money(price, "the price") }
            chosen.append(ChosenReservation(line: line, product: product))
        }
        return chosen
    }

    private func parts(_ choice: ReservationChoice) async throws -> [PartArgument] {
        guard let reference = choice.of else { return choice.parts }
        let query = ReservationQuery(states: .active, reference: reference)
        let reservations = try await self.client.reservations(query).rows
        guard !reservations.isEmpty else {
            throw Failure(
                RefusalCode.reservationNotFound.name,
                "no reservation with the reference '\(reference)' holds stock",
                wayOut: "invctl reserve list --all lists them, also those that are over.",
                number: RefusalCode.reservationNotFound.rawValue,
                exit: Exit.notFound
            )
        }
        return reservations.map { PartArgument(id: $0.id.value) }
    }

    /// The one row of a query by number; a ``Failure`` that names it if there is none.
    func entity<Row>(
        _ number: UInt32,
        _ what: String,
        _ ask: () async throws(ClientError) -> TypedAnswer<Row>
    ) async throws -> Row {
        do throws(ClientError) {
            if let row = try await ask().rows.first { return row }
            throw ClientError(.protocolViolation, "no row of \(what) \(number)")
        } catch {
            guard let code = error.refusal?.code,
                code == .reservationNotFound || code == .transferNotFound
            else { throw error }
            let list = what == "transfer" ? "stock transfer list" : "reserve list"
            throw Failure(
                code.name,
                "no \(what) has the number \(number)",
                wayOut: "invctl \(list) lists them.",
                number: code.rawValue,
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
        let first = done.id
        let last = first + UInt64(reserved.lines.count) - 1
        guard self.format == .json || self.format == .ndjson else {
            let what = first == last ? "reservation \(first)" : "reservations \(first) to \(last)"
            self.say(done, "reserved", products, adding: "   \(what) until \(until)")
            return
        }
        var object = self.object(done, products)
        object.add(
            "reservations",
            raw: "[\((first...last).map(String.init).joined(separator: ","))]"
        )
        object.add("expiresAt", until)
        self.print(object)
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
        object.add("lsn", raw: String(done.lsn))
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

extension ReservationState: ExpressibleByArgument {
    public init?(argument: String) {
        guard let state = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
        self = state
    }

    public var defaultValueDescription: String { "\(self)" }
    public static var allValueStrings: [String] { Self.allCases.map { "\($0)" } }
}
