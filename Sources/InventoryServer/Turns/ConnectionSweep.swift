/// Does the same for each of many connections, some in each turn of the loop.
///
/// For what concerns all connections at once, such as a stop. Connections that are opened meanwhile are not
/// part of it. Used on the engine's loop.
final class ConnectionSweep: DeferredWork {
    /// Connections of one turn.
    static let turnConnectionsMax = 256
    /// Nanoseconds of one turn; the last connection may exceed it.
    static let turnNanosecondsMax: UInt64 = 500_000

    private let context: LoopContext
    private unowned let turns: RequestTurns
    private var rest: ArraySlice<ConnectionHandler>
    private let visit: (ConnectionHandler) -> Void
    private let completion: () -> Void

    /// `visit` is called for each of the connections; `completion` after the last one, which may be in this
    /// turn.
    init(
        _ context: LoopContext,
        turns: RequestTurns,
        over connections: [ConnectionHandler],
        visit: @escaping (ConnectionHandler) -> Void,
        completion: @escaping () -> Void = {}
    ) {
        self.context = context
        self.turns = turns
        self.rest = connections[...]
        self.visit = visit
        self.completion = completion
    }

    /// Begins with this turn's share, or continues with it.
    func runDeferred() {
        let endsAt = self.context.clocks.nanoseconds() + Self.turnNanosecondsMax
        for _ in 0..<Self.turnConnectionsMax {
            guard let connection = self.rest.popFirst() else { break }
            self.visit(connection)
            if self.context.clocks.nanoseconds() >= endsAt { break }
        }
        if self.rest.isEmpty {
            self.completion()
        } else {
            self.turns.continueLater(self)
        }
    }
}
