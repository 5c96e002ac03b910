internal import Bytes
internal import InventoryModel

/// Converts each step of an exported ledger to the commands that reproduce it.
///
///     movements of a step ─▶ runs of one command each ─▶ commands, executed as one step
///
/// The engine recomputes amounts, costs, balances and late costs from the same commands in the same order,
/// so the results are the same; the digest verifies it. Preconditions of a command are set up first: the
/// floor is lowered to its minimum if less than zero was available, and a price gets its former basis. The
/// end of the import restores the final values of both.
struct RestoredLedger {
    /// The commands that reproduce one step.
    struct Step {
        /// Commands that set up preconditions; not part of the step.
        var before: [Command] = []
        /// Commands that are executed as one step: a single one, or an atomic batch.
        var commands: [Command] = []
        /// The ids that commands must create, by the command's index.
        var ids: [Int: UInt64] = [:]
        var lineCount = 0
        /// The destination of a transfer that was just cancelled, whose expectation ends with it.
        fileprivate var announced: RestoredPlace?
    }

    private let money: UInt8
    private var balances: [RestoredPlace: RestoredBalance] = [:]
    /// Levels whose floor was lowered to its minimum.
    private(set) var lowered: Set<RestoredPlace> = []
    /// The current price bases that were changed from the final ones.
    private var bases: [ProductID: Int64] = [:]
    /// Products whose price basis was ever changed.
    private(set) var changedProducts: Set<ProductID> = []
    private var reservationCount = 0
    private struct Transfer {
        var source: LocationID
        var destination: LocationID
        var rest: Int64
    }

    /// Open transfers by number.
    private var transfers: [Int: Transfer] = [:]
    private var transferCount = 0

    init(moneyDecimals: UInt8) { self.money = moneyDecimals }

    /// Returns the movements of a line.
    func movements(
        _ record: ExportRecord,
        _ catalog: RestoredCatalog
    ) throws(Failure) -> [RestoredMovement] {
        var movements: [RestoredMovement] = []
        for line in try record.list("lines") {
            movements.append(try RestoredMovement(line, catalog, moneyDecimals: self.money))
        }
        return movements
    }

    /// Returns the commands of one step, in the order of its movements.
    ///
    /// - Parameters:
    ///   - movements: The movements of the step.
    ///   - record: The line of the step, for errors.
    ///   - catalog: The catalog of the export.
    ///   - lsn: Returns the LSN of an earlier step in this database.
    /// - Returns: The commands.
    /// - Throws: ``Failure`` if no commands can make the movements.
    mutating func step(
        _ movements: [RestoredMovement],
        record: ExportRecord,
        catalog: RestoredCatalog,
        lsn: (Int) -> LSN?
    ) throws(Failure) -> Step {
        var step = Step()
        step.lineCount = movements.count
        var rest = movements[...]
        while let first = rest.first {
            // A cost variance is made by the command that causes it.
            if first.kind == .costVariance {
                rest.removeFirst()
                continue
            }
            let counted = self.onHand(first) &+ first.onHand
            let run = Self.run(&rest)
            for movement in run { self.apply(movement, &step) }
            if self.usesBasis(first) { self.setBases(run, catalog: catalog, step: &step) }
            try self.append(run, counted: counted, record: record, at: lsn, step: &step)
            if first.kind != .transferIn { step.announced = nil }
        }
        guard !step.commands.isEmpty else { throw record.problem("an empty step") }
        return step
    }

    private func onHand(_ movement: RestoredMovement) -> Int64 {
        self.balances[RestoredPlace(movement.product, movement.location)]?.onHand ?? 0
    }

    // MARK: - Runs

    /// Removes the movements that one command makes: one, or as many as can be lines of the same command.
    private static func run(_ rest: inout ArraySlice<RestoredMovement>) -> [RestoredMovement] {
        guard let first = rest.popFirst() else { return [] }
        var run = [first]
        // Pairs: a commit and its sale, a dispatch and its expectation at the destination.
        let isPair = first.kind == .commit || first.kind == .transferOut
        if isPair, let second = rest.popFirst() { run.append(second) }
        guard Self.hasLines(first.kind) else { return run }
        var bases = [first.product: first.price.basis]
        while let next = rest.first {
            if next.kind == .costVariance {
                rest.removeFirst()
                continue
            }
            let lineCount = isPair ? run.count / 2 : run.count
            guard lineCount < Limits.linesMax || first.kind == .reversal,
                Self.isSameCommand(first, next),
                isPair || !Self.hasOneBasis(first.kind)
                    || bases.updateValue(next.price.basis, forKey: next.product)
                        ?? next.price.basis == next.price.basis
            else { break }
            guard isPair else {
                run.append(rest.removeFirst())
                continue
            }
            guard rest.count > 1, Self.isSameCommand(run[1], rest[rest.startIndex + 1]) else {
                break
            }
            run.append(rest.removeFirst())
            run.append(rest.removeFirst())
        }
        return run
    }

    private static func hasLines(_ kind: MovementKind) -> Bool {
        switch kind {
        case .sale, .return, .restock, .reserve, .commit, .release, .transferOut, .reversal: true
        default: false
        }
    }

    /// Returns whether all lines of a product in one command have the price basis of that moment.
    ///
    /// A reversal has the basis of each movement that it undoes: a late cost is always per unit, whatever
    /// the price's basis is.
    private static func hasOneBasis(_ kind: MovementKind) -> Bool { kind != .reversal }

    /// Returns whether two movements can be lines of the same command.
    private static func isSameCommand(_ a: RestoredMovement, _ b: RestoredMovement) -> Bool {
        guard a.kind == b.kind else { return false }
        return switch a.kind {
        // Each line has the reference of its own reservation, or of the movement that it undoes.
        case .commit: true
        case .release: a.note == b.note
        case .reversal:
            a.originStep == b.originStep && a.reason == b.reason && a.note == b.note
        case .return:
            a.sharesStrings(with: b) && a.originStep == b.originStep
                && (a.unavailable > 0) == (b.unavailable > 0)
        case .restock: a.sharesStrings(with: b) && (a.incoming < 0) == (b.incoming < 0)
        case .transferOut, .expectIncoming: a.sharesStrings(with: b) && a.location == b.location
        default: a.sharesStrings(with: b)
        }
    }

    // MARK: - Preconditions

    private mutating func apply(_ movement: RestoredMovement, _ step: inout Step) {
        let place = RestoredPlace(movement.product, movement.location)
        self.balances[place, default: RestoredBalance()].apply(movement)
        if self.balances[place]?.isShort == true, self.lowered.insert(place).inserted {
            let change = FloorChange(
                product: movement.product,
                location: movement.location,
                floor: -Quantity(Limits.quantityMax)
            )
            step.before.append(.setFloor(change))
        }
    }

    /// Returns whether a movement's price has its product's basis of that moment.
    private func usesBasis(_ movement: RestoredMovement) -> Bool {
        switch movement.kind {
        case .sale, .commit, .restock: true
        case .return: movement.originStep == nil
        default: false
        }
    }

    private mutating func setBases(
        _ run: [RestoredMovement],
        catalog: RestoredCatalog,
        step: inout Step
    ) {
        for movement in run where movement.kind != .commit {
            let final = catalog.products[movement.product.row - 1].price
            let basis = self.bases[movement.product] ?? final.basis
            guard movement.price.basis != basis else { continue }
            self.bases[movement.product] = movement.price.basis
            self.changedProducts.insert(movement.product)
            let price = Price(final.minorUnits, per: movement.price.basis)
            let update = ProductUpdate { $0.price = price }
            step.commands.append(.updateProduct(movement.product, update, ifRevision: nil))
        }
    }
}

// MARK: - Commands

extension RestoredLedger {
    private mutating func append(
        _ run: [RestoredMovement],
        counted: Int64,
        record: ExportRecord,
        at lsn: (Int) -> LSN?,
        step: inout Step
    ) throws(Failure) {
        let first = run[0]
        switch first.kind {
        case .sale: step.commands.append(Self.sale(run))
        case .return: step.commands.append(try Self.saleReturn(run, record: record, at: lsn))
        case .restock: step.commands.append(Self.restock(run))
        case .reserve, .commit, .release:
            try self.appendReservation(run, record: record, step: &step)
        case .transferOut: try self.appendDispatch(run, record: record, step: &step)
        case .transferIn: try self.appendSettlement(first, record: record, step: &step)
        case .reversal:
            guard let origin = first.originStep, let undone = lsn(origin) else {
                throw record.problem("it undoes a step that does not precede it")
            }
            let reversal = Reversal(lsn: undone, reason: first.reason ?? .other, note: first.note)
            step.commands.append(.reverse(reversal))
        case .adjust, .count, .setUnavailable, .expectIncoming:
            self.appendCorrection(first, counted: counted, &step)
        case .expire, .costVariance:
            throw record.problem("no command makes a movement of kind \(first.kind)")
        }
    }

    private static func saleLine(_ movement: RestoredMovement) -> SaleLine {
        SaleLine(
            product: movement.product,
            location: movement.location,
            quantity: Quantity(abs(movement.onHand)),
            price: Money(movement.price.minorUnits)
        )
    }

    private static func sale(_ run: [RestoredMovement]) -> Command {
        .sell(
            Sale(
                lines: run.map { self.saleLine($0) },
                reference: run[0].reference,
                note: run[0].note,
                occurred: run[0].occurred
            )
        )
    }

    private static func saleReturn(
        _ run: [RestoredMovement],
        record: ExportRecord,
        at lsn: (Int) -> LSN?
    ) throws(Failure) -> Command {
        var original: LSN?
        if let origin = run[0].originStep {
            original = lsn(origin)
            guard original != nil else {
                throw record.problem("it returns a sale that does not exist")
            }
        }
        return .returnSale(
            SaleReturn(
                lines: run.map { self.saleLine($0) },
                target: run[0].unavailable > 0 ? .unavailable : .available,
                original: original,
                reference: run[0].reference,
                note: run[0].note,
                occurred: run[0].occurred
            )
        )
    }

    private static func restock(_ run: [RestoredMovement]) -> Command {
        let lines = run.map { movement in
            RestockLine(
                product: movement.product,
                location: movement.location,
                quantity: Quantity(movement.onHand),
                unitCost: Money(movement.price.minorUnits)
            )
        }
        return .restock(
            Restock(
                lines: lines,
                fromIncoming: run[0].incoming < 0,
                reference: run[0].reference,
                note: run[0].note,
                occurred: run[0].occurred
            )
        )
    }

    /// Appends a command of one product, without lines.
    private func appendCorrection(
        _ movement: RestoredMovement,
        counted: Int64,
        _ step: inout Step
    ) {
        let reason = movement.reason ?? .other
        switch movement.kind {
        case .adjust:
            let change = Adjustment(
                product: movement.product,
                location: movement.location,
                delta: Quantity(movement.onHand),
                reason: reason,
                reference: movement.reference,
                note: movement.note,
                occurred: movement.occurred
            )
            step.commands.append(.adjust(change))
        case .count:
            let count = StockCount(
                product: movement.product,
                location: movement.location,
                counted: Quantity(counted),
                reference: movement.reference,
                note: movement.note
            )
            step.commands.append(.count(count))
        case .setUnavailable:
            let hold = Hold(
                product: movement.product,
                location: movement.location,
                delta: Quantity(movement.unavailable),
                reason: reason,
                reference: movement.reference,
                note: movement.note
            )
            step.commands.append(.setUnavailable(hold))
        default:
            // The expectation of a cancelled transfer ends with the transfer.
            let place = RestoredPlace(movement.product, movement.location)
            if movement.incoming < 0, step.announced == place { return }
            let expectation = Expectation(
                product: movement.product,
                location: movement.location,
                delta: Quantity(movement.incoming),
                eta: movement.occurred?.at,
                reference: movement.reference,
                note: movement.note
            )
            step.commands.append(.expectIncoming(expectation))
        }
    }

    // MARK: - Reservations and transfers

    private mutating func appendReservation(
        _ run: [RestoredMovement],
        record: ExportRecord,
        step: inout Step
    ) throws(Failure) {
        let first = run[0]
        guard let number = first.link else { throw record.problem("reservation is missing") }
        switch first.kind {
        case .reserve:
            guard number == self.reservationCount + 1 else {
                throw record.problem(
                    "reservation \(number) follows reservation \(self.reservationCount)"
                )
            }
            self.reservationCount += run.count
            let lines = run.map { movement in
                ReserveLine(
                    product: movement.product,
                    location: movement.location,
                    quantity: Quantity(movement.reserved)
                )
            }
            step.ids[step.commands.count] = UInt64(number)
            // Its own expiry is set at the end.
            let reserve = Reserve(
                lines: lines,
                expiry: .after(seconds: Limits.reservationSecondsMax),
                reference: first.reference,
                note: first.note
            )
            step.commands.append(.reserve(reserve))
        case .commit:
            try self.appendCommit(run, record: record, step: &step)
        default:
            let lines = try Self.reservationLines(run, record)
            step.commands.append(
                .releaseReservation(ReleaseReservation(lines: lines, note: first.note))
            )
        }
    }

    private static func reservationLines(
        _ run: [RestoredMovement],
        _ record: ExportRecord
    ) throws(Failure) -> [ReservationLine] {
        var lines: [ReservationLine] = []
        for movement in run where movement.kind != .sale {
            guard let number = movement.link else { throw record.problem("reservation is missing") }
            let id = ReservationID(UInt32(clamping: number))
            lines.append(ReservationLine(reservation: id, quantity: -Quantity(movement.reserved)))
        }
        return lines
    }

    private func appendCommit(
        _ run: [RestoredMovement],
        record: ExportRecord,
        step: inout Step
    ) throws(Failure) {
        var lines = try Self.reservationLines(run, record)
        let sales = run.filter { $0.kind == .sale }
        guard sales.count == lines.count else { throw record.problem("a commit without its sale") }
        for (index, sale) in sales.enumerated() {
            lines[index].price = Money(sale.price.minorUnits)
        }
        let commit = CommitReservation(
            lines: lines,
            reference: sales[0].reference,
            note: sales[0].note,
            occurred: sales[0].occurred
        )
        step.commands.append(.commitReservation(commit))
    }

    private mutating func appendDispatch(
        _ run: [RestoredMovement],
        record: ExportRecord,
        step: inout Step
    ) throws(Failure) {
        let outgoing = run.filter { $0.kind == .transferOut }
        guard run.count == 2 * outgoing.count, run[1].kind == .expectIncoming else {
            throw record.problem("a transfer without its expectation")
        }
        step.ids[step.commands.count] = UInt64(self.transferCount + 1)
        for movement in outgoing {
            self.transferCount += 1
            guard movement.link == self.transferCount else {
                throw record.problem("a transfer that is not number \(self.transferCount)")
            }
            self.transfers[self.transferCount] = Transfer(
                source: movement.location,
                destination: run[1].location,
                rest: -movement.onHand
            )
        }
        let dispatch = DispatchTransfer(
            from: outgoing[0].location,
            to: run[1].location,
            lines: outgoing.map {
                DispatchLine(product: $0.product, quantity: -Quantity($0.onHand))
            },
            reference: outgoing[0].reference,
            note: outgoing[0].note
        )
        step.commands.append(.dispatchTransfer(dispatch))
    }

    private mutating func appendSettlement(
        _ movement: RestoredMovement,
        record: ExportRecord,
        step: inout Step
    ) throws(Failure) {
        guard let number = movement.link, var transfer = self.transfers[number] else {
            throw record.problem("it receives a transfer that is not in transit")
        }
        transfer.rest = transfer.rest.subtractingSaturated(movement.onHand)
        self.transfers[number] = transfer.rest > 0 ? transfer : nil
        let line = TransferLine(
            transfer: TransferID(UInt32(clamping: number)),
            quantity: Quantity(movement.onHand)
        )
        let settlement = TransferSettlement(lines: [line], note: movement.note)
        let isBack = movement.location == transfer.source
        if isBack { step.announced = RestoredPlace(movement.product, transfer.destination) }
        step.commands.append(isBack ? .cancelTransfer(settlement) : .receiveTransfer(settlement))
    }
}
