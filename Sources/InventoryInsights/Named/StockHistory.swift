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
        var onHand: Int64
        var available: Int64
        var value: Int64
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
        let ledger = frame.tables.ledger
        let levels = frame.tables.levels
        let count =
            switch grain {
            case .product: frame.tables.products.rowCount
            case .level: levels.rowCount
            }
        let span = frame.span
        self.span = span
        let nothing = Event(time: .min, row: 0, onHand: 0, available: 0, value: 0)
        var openings = Array(repeating: nothing, count: count)
        self.firstSeen = Array(repeating: nil, count: count)
        var found: [(entity: Int, event: Event)] = []
        let transit = TransitChanges(frame.view)
        func entity(_ product: UInt32, _ location: UInt16) -> Int? {
            switch grain {
            case .product: Int(product)
            case .level: levels.row(ProductID(product), LocationID(location))
            }
        }
        func add(_ event: Event, of entity: Int) {
            if event.time < span.from {
                openings[entity].add(event)
            } else {
                found.append((entity, event))
            }
        }
        for row in frame.rows {
            try frame.view.checkpoint(at: row)
            let time = ledger.occurredAt[row]
            guard time < span.to else { continue }
            let product = ledger.products[row]
            let location = ledger.locations[row]
            if let change = transit?.change(row, ledger),
                frame.takes(product, change.destination.value),
                let entity = entity(product, change.destination.value)
            {
                let value = change.value.minorUnits
                add(Event(time: time, row: row, onHand: 0, available: 0, value: value), of: entity)
            }
            guard frame.takes(product, location), let entity = entity(product, location) else {
                continue
            }
            // The expected time of a delivery is not a time at which anything happened.
            guard ledger.kind(row) != .expectIncoming else { continue }
            let onHand = ledger.onHandDeltas[row]
            let event = Event(
                time: time,
                row: row,
                onHand: onHand,
                available: onHand &- ledger.unavailableDeltas[row] &- ledger.reservedDeltas[row],
                value: ledger.costs[row]
            )
            self.firstSeen[entity] = min(self.firstSeen[entity] ?? time, time)
            add(event, of: entity)
        }
        self.openings = openings
        var starts = [Int](repeating: 0, count: count + 1)
        for one in found { starts[one.entity + 1] += 1 }
        for entity in 0..<count { starts[entity + 1] += starts[entity] }
        var next = starts
        var events = Array(repeating: nothing, count: found.count)
        for one in found {
            events[next[one.entity]] = one.event
            next[one.entity] += 1
        }
        for entity in 0..<count {
            try frame.view.checkpoint(at: entity)
            try frame.view.sort(&events[starts[entity]..<starts[entity + 1]]) {
                ($0.time, $0.row) < ($1.time, $1.row)
            }
        }
        self.events = events
        self.starts = starts
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

extension StockHistory.Event {
    fileprivate mutating func add(_ other: StockHistory.Event) {
        self.onHand &+= other.onHand
        self.available &+= other.available
        self.value &+= other.value
    }
}
