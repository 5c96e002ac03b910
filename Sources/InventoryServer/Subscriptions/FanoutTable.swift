/// The connections whose bytes the fan-out writes, by number, and the count of their subscriptions.
struct FanoutTable {
    private var connections: [UInt32: FanoutConnection] = [:]
    /// The subscriptions of all connections.
    private(set) var subscriptionCount = 0
    private var nextNumber: UInt64 = 0

    var all: Dictionary<UInt32, FanoutConnection>.Values { self.connections.values }

    /// The connection with a number; `nil` if it was dropped meanwhile.
    ///
    /// That race makes every event for a connection that is gone harmless: the loop, a socket or a query thread
    /// sent it before they learned that the connection had ended, and nobody is left whom it could concern.
    subscript(_ number: UInt32) -> FanoutConnection? { self.connections[number] }

    mutating func add(_ connection: FanoutConnection) {
        let old = self.connections.updateValue(connection, forKey: connection.number)
        precondition(old == nil, "connection \(connection.number) is opened twice")
    }

    mutating func remove(_ number: UInt32) -> FanoutConnection? {
        guard let connection = self.connections.removeValue(forKey: number) else { return nil }
        self.subscriptionCount -= connection.subscriptions.count
        return connection
    }

    /// Returns the number of the next subscription.
    mutating func nextSubscription() -> UInt64 {
        defer { self.nextNumber += 1 }
        return self.nextNumber
    }

    mutating func begin(_ subscription: FanoutSubscription, of connection: FanoutConnection) {
        connection.subscriptions.append(subscription)
        self.subscriptionCount += 1
    }

    /// Ends a subscription; `nil` if it has ended meanwhile.
    mutating func end(
        _ requestID: UInt64,
        of connection: FanoutConnection
    ) -> FanoutSubscription? {
        guard
            let index = connection.subscriptions.firstIndex(where: { $0.requestID == requestID })
        else { return nil }
        self.subscriptionCount -= 1
        return connection.subscriptions.remove(at: index)
    }

    /// Ends all subscriptions of a connection and returns them.
    mutating func endAll(of connection: FanoutConnection) -> [FanoutSubscription] {
        self.subscriptionCount -= connection.subscriptions.count
        defer { connection.subscriptions = [] }
        return connection.subscriptions
    }

    /// The subscriptions that satisfy a condition, with their connections.
    func subscriptions(
        where isWanted: (FanoutSubscription) -> Bool
    ) -> [(subscription: FanoutSubscription, connection: FanoutConnection)] {
        self.all.flatMap { connection in
            connection.subscriptions.filter(isWanted).map { ($0, connection) }
        }
    }

    /// - Complexity: O(subscriptions + parts of the queues)
    func checkInvariants() {
        var count = 0
        for (number, connection) in self.connections {
            precondition(connection.number == number, "\(connection.number) is under \(number)")
            connection.checkInvariants()
            count += connection.subscriptions.count
        }
        precondition(self.subscriptionCount == count, "\(self.subscriptionCount) of \(count)")
    }
}
