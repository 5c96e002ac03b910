internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Maintains one subscription to an insight over its own connection.
///
/// `@unchecked Sendable`: everything but the constants is confined to the event loop, and every entry
/// point switches to it first.
final class InsightFeed: Feed, @unchecked Sendable {
    let link: Link
    var listener: (any FeedListener<InsightEvent>)?
    private let insight: Insight
    private var copy = InsightCopy()

    private static let requestID: UInt64 = 1

    init(
        _ insight: Insight,
        _ configuration: ClientConfiguration,
        by connector: any Connector,
        on loop: any EventLoop
    ) {
        self.insight = insight
        let pauses = configuration.backoffMilliseconds
        // Only a result shows that the server accepts the subscription.
        let policy = LinkMachine.Policy(pauses: pauses, isServedByHello: false)
        self.link = Link(configuration, policy, by: connector, on: loop)
    }

    // MARK: - Invariants

    /// Traps if it has a listener after its end, or rows of a result without its header.
    func checkInvariants() {
        self.link.checkInvariants()
        self.copy.checkInvariants()
        precondition(self.listener == nil || !self.link.isClosed, "closed with a listener")
    }

    // MARK: - The connection

    func linkAccepted(_ hello: HelloAccepted) {
        self.link.send(.subscribeInsight(self.insight), id: Self.requestID)
    }

    func linkUnreachable(_ reason: String) {
        self.yield([.disconnected(ClientError(.unreachable, reason))])
    }

    func linkLost(_ error: ClientError) {
        self.copy = InsightCopy()
        self.yield([.disconnected(error)])
    }

    func linkReceived(_ requestID: UInt64, _ message: ServerMessage) {
        switch message {
        case .refused(let refusal), .closed(let refusal, _):
            self.refused(refusal)
        case .goodbye:
            // The connection closes next, with the reason.
            break
        default:
            do throws(ClientError) {
                guard let event = try self.copy.take(message) else { return }
                self.link.served()
                self.yield([event])
            } catch {
                self.end(error)
            }
        }
    }
}
