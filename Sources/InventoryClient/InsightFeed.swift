internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Keeps one subscription to an insight going over its own connection.
///
/// `@unchecked Sendable`: everything but the constants belongs to the loop, and every entry hops
/// there first.
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
        // Only a result says that the server has room for one more.
        let policy = LinkMachine.Policy(pauses: pauses, isServedByHello: false)
        self.link = Link(configuration, policy, by: connector, on: loop)
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
            self.turnedAway(refusal)
        case .goodbye:
            // The connection closes next, and says why.
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
