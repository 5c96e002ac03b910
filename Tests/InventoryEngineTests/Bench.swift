import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// A state that executes commands one after another.
struct Bench {
    var state = InventoryState()
    /// Who makes the next steps.
    var actor = "t"
    /// Whether the invariants of the whole state are checked after each step: O(rows) a step.
    private var checksEachStep = true

    /// Creates a state with products that have stock; its invariants are checked once they are there, and after
    /// each later step.
    init(products: Int = 3, stock: Int64 = 10, cost: Int64 = 5) throws {
        let currency = try #require(Currency(code: "EUR"))
        self.apply(InventoryState.bootstrap(currency: currency))
        try self.done(.createCategory(name: "All"))
        self.checksEachStep = false
        for number in 0..<products {
            let draft = ProductDraft(
                sku: "S\(number)",
                name: "N\(number)",
                category: CategoryID(1),
                price: Price(100),
                opening: OpeningStock(quantity: Quantity(stock), unitCost: Money(cost))
            )
            try self.done(.createProduct(draft))
        }
        self.checksEachStep = true
        self.state.checkInvariants()
    }

    /// Seconds that passed without a step.
    private var waited: Int64 = 0

    /// When the next step is recorded: a second after the last, plus the waited seconds.
    var time: Instant { self.seconds(0) }

    /// The time `seconds` after the next step.
    func seconds(_ seconds: Int64) -> Instant {
        Instant(
            microseconds: (Int64(self.state.lsn.next.value) + self.waited + seconds) * 1_000_000
        )
    }

    mutating func wait(_ seconds: Int64) { self.waited += seconds }

    /// Expires what is due, as the engine does.
    mutating func tick() { self.apply(self.state.tick(at: self.time)) }

    mutating func apply(_ changes: [Change]) {
        guard !changes.isEmpty else { return }
        let entry = Entry(
            lsn: self.state.lsn.next,
            time: self.time,
            actor: self.actor,
            changes: changes
        )
        self.state.evolve(entry)
        if self.checksEachStep { self.state.checkInvariants() }
    }

    mutating func run(_ command: Command) -> Outcome {
        let decision = self.state.decide(command, at: self.time)
        self.apply(decision.changes)
        return decision.outcome
    }

    @discardableResult
    mutating func done(
        _ command: Command,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Outcome.Done {
        let outcome = self.run(command)
        guard case .done(let done) = outcome else {
            Issue.record("\(command) resulted in \(outcome)", sourceLocation: sourceLocation)
            throw Unexpected()
        }
        return done
    }

    mutating func code(_ command: Command) -> RefusalCode? {
        if case .refused(let refusal) = self.run(command) { refusal.code } else { nil }
    }

    mutating func refusal(_ command: Command) -> Refusal? {
        if case .refused(let refusal) = self.run(command) { refusal } else { nil }
    }

    /// The changes of a command, which are then applied.
    mutating func changes(of command: Command) -> [Change] {
        let decision = self.state.decide(command, at: self.time)
        self.apply(decision.changes)
        return decision.changes
    }

    func table(_ query: Query) throws -> ResultTable {
        try self.state.wholeView().answer(query).wholeTable()
    }

    /// A column of an answer, each cell as a string.
    func column(_ name: String, of query: Query) throws -> [String] {
        let table = try self.table(query)
        let index = try #require(table.column(named: name))
        return (0..<table.rowCount).map { row in
            switch table.cell(row, index) {
            case .text(let text): text
            case .integer(let number): "\(number)"
            default: "-"
            }
        }
    }

    func level(_ product: UInt32) -> Level {
        self.state.tables.levels.level(ProductID(product), .main)
    }

    /// A count of 0 at the default location.
    func writeOff(_ product: UInt32) -> Command {
        .count(StockCount(product: ProductID(product), counted: 0))
    }

    func sale(_ product: UInt32, _ quantity: Int64) -> Command {
        .sell(Sale(lines: [SaleLine(product: ProductID(product), quantity: Quantity(quantity))]))
    }

    func comeBack(_ product: UInt32, _ quantity: Int64, of lsn: LSN?) -> Command {
        let line = SaleLine(product: ProductID(product), quantity: Quantity(quantity))
        return .returnSale(SaleReturn(lines: [line], original: lsn))
    }

    func reversal(_ lsn: LSN) -> Command {
        .reverse(Reversal(lsn: lsn, reason: .correction))
    }

    func reserve(_ product: UInt32, _ quantity: Int64, for seconds: Int64 = 3_600) -> Command {
        let line = ReserveLine(product: ProductID(product), quantity: Quantity(quantity))
        return .reserve(
            Reserve(lines: [line], expiry: .after(seconds: seconds), reference: "R")
        )
    }

    private func line(_ reservation: UInt32, _ quantity: Int64?) -> ReservationLine {
        ReservationLine(
            reservation: ReservationID(reservation),
            quantity: quantity.map { Quantity($0) }
        )
    }

    func commit(_ reservation: UInt32, _ quantity: Int64? = nil) -> Command {
        .commitReservation(CommitReservation(lines: [self.line(reservation, quantity)]))
    }

    func release(_ reservation: UInt32, _ quantity: Int64? = nil) -> Command {
        .releaseReservation(ReleaseReservation(lines: [self.line(reservation, quantity)]))
    }

    func extend(_ reservation: UInt32, _ seconds: Int64) -> Command {
        .extendReservation(
            ExtendReservation(
                lines: [self.line(reservation, nil)],
                expiry: .at(self.seconds(seconds))
            )
        )
    }

    func check(sourceLocation: SourceLocation = #_sourceLocation) {
        for row in Verification(self.state.readView()).rows {
            #expect(row.failure == nil, "\(row.check)", sourceLocation: sourceLocation)
        }
    }
}

struct Unexpected: Error {}
