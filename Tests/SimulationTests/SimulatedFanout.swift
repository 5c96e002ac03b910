import NIOCore
import NIOEmbedded

@testable import InventoryServer

/// The fan-out on the server's own loop: its turns are tasks, and it writes to the channels.
final class SimulatedFanout: FanoutHost, @unchecked Sendable {
    private let loop: EmbeddedEventLoop
    private var fanout: Fanout?
    private var isTurnDue = false
    private var timer: Scheduled<Void>?

    init(_ loop: EmbeddedEventLoop) { self.loop = loop }

    func begin(_ fanout: Fanout) {
        self.fanout = fanout
        self.turn()
    }

    func post(canRest: Bool, _ work: @escaping @Sendable (Fanout) -> Void) {
        self.loop.execute {
            guard let fanout = self.fanout else { return }
            work(fanout)
            self.turnSoon()
        }
    }

    private func turnSoon() {
        guard !self.isTurnDue else { return }
        self.isTurnDue = true
        self.loop.execute {
            self.isTurnDue = false
            self.turn()
        }
    }

    /// A turn sends at most its budget and one piece, and no step here is larger than a piece.
    private func turn() {
        guard let fanout = self.fanout else { return }
        let next = fanout.turn()
        fanout.checkInvariants()
        precondition(
            fanout.figures.turnByteCountMax
                <= FanoutLimits.turnByteCountMax + 2 * FanoutLimits.pieceByteCountMax,
            "a turn of \(fanout.figures.turnByteCountMax) bytes"
        )
        switch next {
        case .now: self.turnSoon()
        case .at(let time), .rest(let time):
            self.timer?.cancel()
            self.timer = self.loop.scheduleTask(deadline: .uptimeNanoseconds(time)) {
                self.turnSoon()
            }
        }
    }

    func socket(of channel: any Channel, _ number: UInt32) -> (any FanoutSocket)? {
        ChannelSocket(channel)
    }

    func abandon() { self.fanout = nil }
}

/// A channel as the socket of a subscriber.
private final class ChannelSocket: FanoutSocket, @unchecked Sendable {
    private let channel: any Channel

    init(_ channel: any Channel) { self.channel = channel }

    func write(_ queue: inout FanoutQueue) -> FanoutWrite {
        guard self.channel.isActive else { return .gone }
        guard self.channel.isWritable else { return .blocked }
        for buffer in queue.first(.max) { self.channel.writeAndFlush(buffer, promise: nil) }
        queue.remove(queue.byteCount)
        return .done
    }

    func close() {}
}
