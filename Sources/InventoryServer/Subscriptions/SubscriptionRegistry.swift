internal import InventoryModel
internal import InventoryWire

/// The open subscriptions of all connections and the memory that they hold: those to events and those to
/// insights, which share their limits.
///
///     begin ──space, bytes──▶ open ──unsubscribed, ended, closed──▶ bytes given back
///
/// What each receives is tracked elsewhere: events in the fan-out, insights in ``LiveInsights``. A plain
/// value.
struct SubscriptionRegistry {
    /// What a subscription is to.
    enum Kind: Equatable {
        /// `needsKeys`: whether its filter selects by categories or SKUs.
        case events(needsKeys: Bool)
        case insight
    }

    private struct Entry {
        var kind: Kind
        var heldByteCount: Int
    }

    /// The subscriptions of one connection, by the request IDs that began them, and their bytes.
    private struct Client {
        var entries: [UInt64: Entry] = [:]
        var share = ByteBudget.Share()
    }

    private var clients: [ConnectionID: Client] = [:]
    private var bytes = ByteBudget.subscriptions
    /// The number of open subscriptions.
    private(set) var count = 0
    /// The number of those to events.
    private(set) var followerCount = 0
    /// Whether the filter of any selects by categories or SKUs; stays set, since the fan-out may not have
    /// processed the end of a subscription, until there are none to events.
    private(set) var needsKeys = false

    /// Bytes that all of them hold.
    var byteCount: Int { self.bytes.byteCount }

    func contains(_ requestID: UInt64, of connection: ConnectionID) -> Bool {
        self.clients[connection]?.entries[requestID] != nil
    }

    func hasAny(of connection: ConnectionID) -> Bool { self.clients[connection] != nil }

    /// The request IDs of a connection's subscriptions to events, or to insights.
    func requests(of connection: ConnectionID, toInsights: Bool) -> [UInt64] {
        guard let client = self.clients[connection] else { return [] }
        return client.entries.filter { ($0.value.kind == .insight) == toInsights }.map { $0.key }
    }

    /// The refusal of another subscription of a connection under that request ID; `nil` if it may begin.
    func refusal(_ requestID: UInt64, of connection: ConnectionID) -> Refusal? {
        let entries = self.clients[connection]?.entries ?? [:]
        if entries[requestID] != nil {
            return Refusal(.invalidField, .field("request id", problem: "is in use"))
        }
        return Self.refusal(
            "subscriptions",
            count: entries.count + 1,
            limit: WireLimits.subscriptionsMax
        )
            ?? Self.refusal(
                "subscriptions of all connections",
                count: self.count + 1,
                limit: WireLimits.subscriptionsOfAllMax
            )
    }

    private static func refusal(_ what: String, count: Int, limit: Int) -> Refusal? {
        guard count > limit else { return nil }
        return Refusal(
            .overloaded,
            .range(what, value: Int64(count), lowest: 0, highest: Int64(limit))
        )
    }

    // MARK: - Transitions

    /// Begins a connection's subscription and takes its bytes.
    ///
    /// - Precondition: ``refusal(_:of:)`` is `nil`.
    /// - Throws: `overloaded`; nothing has begun then.
    mutating func begin(
        _ requestID: UInt64,
        of connection: ConnectionID,
        _ kind: Kind,
        holding heldByteCount: Int
    ) throws(Refusal) {
        precondition(!self.contains(requestID, of: connection), "\(requestID) is subscribed")
        do throws(Refusal) {
            try self.bytes.take(
                heldByteCount,
                for: &self.clients[connection, default: Client()].share
            )
        } catch {
            self.forgetIfEmpty(connection)
            throw error
        }
        let entry = Entry(kind: kind, heldByteCount: heldByteCount)
        self.clients[connection, default: Client()].entries[requestID] = entry
        self.count(kind, 1)
    }

    private mutating func forgetIfEmpty(_ connection: ConnectionID) {
        if self.clients[connection]?.entries.isEmpty == true { self.clients[connection] = nil }
    }

    /// Ends a subscription.
    ///
    /// - Returns: Its kind; `nil` if there is none.
    @discardableResult
    mutating func end(_ requestID: UInt64, of connection: ConnectionID) -> Kind? {
        guard let entry = self.clients[connection]?.entries.removeValue(forKey: requestID) else {
            return nil
        }
        self.bytes.give(
            entry.heldByteCount,
            of: &self.clients[connection, default: Client()].share
        )
        self.forgetIfEmpty(connection)
        self.count(entry.kind, -1)
        return entry.kind
    }

    private mutating func count(_ kind: Kind, _ change: Int) {
        self.count += change
        guard case .events(let needsKeys) = kind else { return }
        self.followerCount += change
        self.needsKeys = self.followerCount > 0 && (self.needsKeys || needsKeys)
    }

    /// - Complexity: O(subscriptions)
    func checkInvariants() {
        let entries = self.clients.values.flatMap { $0.entries.values }
        let followers = entries.filter { $0.kind != .insight }
        precondition(self.clients.values.allSatisfy { !$0.entries.isEmpty }, "an empty client")
        precondition(self.count == entries.count, "\(self.count) of \(entries.count)")
        precondition(self.followerCount == followers.count, "followers: \(self.followerCount)")
        precondition(
            self.needsKeys || !followers.contains { $0.kind == .events(needsKeys: true) },
            "one needs keys"
        )
        self.bytes.checkInvariants(of: self.clients.values.map { $0.share })
        let held = entries.reduce(0) { $0 + $1.heldByteCount }
        precondition(self.byteCount == held, "\(self.byteCount) bytes, \(held) held")
    }
}
