internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// The stock of products or levels over a span of time, from the ledger, by the time of events.
///
///     on hand ▲      ┌──────┐
///             │ ─────┘      └────┐         opening: the total of the rows before the span
///             └──────|──────────|└──▶      events: the rows inside it, by entity and time
///                  from        to
///
/// Units in transit have their value at the destination, from the time they were sent.
///
/// Rows are ordered by the time they happened, not by the time they were recorded: so imported history is in
/// the past.
struct StockHistory {
    /// The entity whose stock is computed.
    enum Grain {
        /// Products over all locations of the filter; entities are product ids.
        case product
        /// Products at a location; entities are rows of the levels.
        case level
    }

    /// The change of one row of the ledger.
    struct Event {
        var time: Int64
        var row: Int
        var onHand: Int64 = 0
        var available: Int64 = 0
        var value: Int64 = 0
    }

    /// By entity: balances at the start of the span.
    private(set) var openings: [Event]
    /// By entity: the time of its first movement up to the span's end; `nil` without one.
    private(set) var firstSeen: [Int64?]
    let span: TimeSpan
    private var events: [Event]
    /// By entity: the index of its first event; one more element than entities.
    private var starts: [Int]

    /// - Complexity: O(rows + e log e) for e events.
    init(_ frame: StockFrame, _ grain: Grain = .product) throws(Refusal) {
        var collector = StockEvents(frame, grain)
        for row in frame.rows {
            try frame.view.checkpoint(at: row)
            collector.add(row)
        }
        self.span = frame.span
        self.openings = collector.openings
        self.firstSeen = collector.firstSeen
        (self.events, self.starts) = collector.byEntity()
        for entity in self.openings.indices {
            try frame.view.checkpoint(at: entity)
            try frame.view.sort(&self.events[self.starts[entity]..<self.starts[entity + 1]]) {
                ($0.time, $0.row) < ($1.time, $1.row)
            }
        }
    }

    /// Returns the events of an entity within the span, by the time they happened.
    func events(of entity: Int) -> ArraySlice<Event> {
        self.events[self.starts[entity]..<self.starts[entity + 1]]
    }

    /// The history of an entity's stock over the span.
    struct Course {
        /// Microseconds since its first movement, or since the span's start if that is later.
        var observed: Int64 = 0
        /// Of those, with units available.
        var inStock: Int64 = 0
        /// The number of transitions from some to no units available.
        var stockouts: Int64 = 0
        /// ∫ value dt, in minor units × microseconds.
        var valueTime = 0.0

        var inStockDays: Double { StockFrame.days(self.inStock) }
        var observedDays: Double { StockFrame.days(self.observed) }
    }

    /// - Complexity: O(its events)
    func course(of entity: Int) -> Course {
        var course = Course()
        guard let first = self.firstSeen[entity] else { return course }
        var balance = self.openings[entity]
        var at = max(first, self.span.from)
        /// Whether units were available before the first of several events at one moment.
        var before: Bool?
        func pass(_ to: Int64) {
            let time = max(0, to - at)
            course.observed += time
            if balance.available > 0 { course.inStock += time }
            course.valueTime += Double(balance.value) * Double(time)
            at = max(at, to)
        }
        let events = self.events(of: entity)
        for index in events.indices {
            if events[index].time > at { pass(events[index].time) }
            let wasInStock = balance.available > 0
            balance.add(events[index])
            // A transfer between two locations of the filter is two rows of one moment.
            let isLast = index + 1 == events.endIndex || events[index + 1].time > events[index].time
            if isLast, before ?? wasInStock, balance.available <= 0 { course.stockouts += 1 }
            before = isLast ? nil : before ?? wasInStock
        }
        pass(self.span.to)
        return course
    }
}

/// The events of the rows of a ledger, in the order of the rows.
private struct StockEvents {
    private let frame: StockFrame
    private let grain: StockHistory.Grain
    private let ledger: MovementLedger
    private let levels: LevelTable
    private let transit: TransitChanges?
    private(set) var openings: [StockHistory.Event]
    private(set) var firstSeen: [Int64?]
    private var found: [(entity: Int, event: StockHistory.Event)] = []

    init(_ frame: StockFrame, _ grain: StockHistory.Grain) {
        self.frame = frame
        self.grain = grain
        self.ledger = frame.tables.ledger
        self.levels = frame.tables.levels
        self.transit = TransitChanges(frame.view)
        let count =
            switch grain {
            case .product: frame.tables.products.rowCount
            case .level: frame.tables.levels.rowCount
            }
        self.openings = Array(repeating: .unmoved, count: count)
        self.firstSeen = Array(repeating: nil, count: count)
    }

    private func entity(_ product: UInt32, _ location: UInt16) -> Int? {
        switch self.grain {
        case .product: Int(product)
        case .level: self.levels.row(ProductID(product), LocationID(location))
        }
    }

    /// Adds what a row changes before the end of the span: at its own place, and in transit to another.
    mutating func add(_ row: Int) {
        let time = self.ledger.occurredAt[row]
        guard time < self.frame.span.to else { return }
        let (product, location) = (self.ledger.products[row], self.ledger.locations[row])
        if let change = self.transit?.change(row, self.ledger),
            self.frame.takes(product, change.destination.value),
            let entity = self.entity(product, change.destination.value)
        {
            var event = StockHistory.Event(time: time, row: row)
            event.value = change.value.minorUnits
            self.add(event, of: entity)
        }
        // The expected time of a delivery is not a time at which anything happened.
        guard self.frame.takes(product, location), let entity = self.entity(product, location),
            self.ledger.kind(row) != .expectIncoming
        else { return }
        var event = StockHistory.Event(time: time, row: row)
        event.onHand = self.ledger.onHandDeltas[row]
        event.available =
            event.onHand &- self.ledger.unavailableDeltas[row]
            &- self.ledger.reservedDeltas[row]
        event.value = self.ledger.costs[row]
        self.firstSeen[entity] = min(self.firstSeen[entity] ?? time, time)
        self.add(event, of: entity)
    }

    private mutating func add(_ event: StockHistory.Event, of entity: Int) {
        if event.time < self.frame.span.from {
            self.openings[entity].add(event)
        } else {
            self.found.append((entity, event))
        }
    }

    /// The events of one entity after the other, and the index of the first of each, and of the end.
    func byEntity() -> (events: [StockHistory.Event], starts: [Int]) {
        var starts = [Int](repeating: 0, count: self.openings.count + 1)
        for one in self.found { starts[one.entity + 1] += 1 }
        for entity in self.openings.indices { starts[entity + 1] += starts[entity] }
        var next = starts
        var events = [StockHistory.Event](repeating: .unmoved, count: self.found.count)
        for one in self.found {
            events[next[one.entity]] = one.event
            next[one.entity] += 1
        }
        return (events, starts)
    }
}

extension StockHistory.Event {
    fileprivate static let unmoved = StockHistory.Event(time: .min, row: 0)

    fileprivate mutating func add(_ other: StockHistory.Event) {
        self.onHand &+= other.onHand
        self.available &+= other.available
        self.value &+= other.value
    }
}
