import NIOCore
import NIOEmbedded

@testable import InventoryClient
@testable import InventoryServer

/// One connection: the real handlers at both ends, and bytes in transit.
///
///     ClientHandler ──▶ toServer ──any piece at any time──▶ ConnectionHandler
///                  ◀── toClient ◀──────────────────────────
final class SimulatedLink: @unchecked Sendable {
    let client: EmbeddedChannel
    let server: EmbeddedChannel
    private(set) var toServer = ByteBuffer()
    private(set) var toClient = ByteBuffer()
    private var isStalled = false
    /// Observes every message as it leaves the server, and may replace it.
    private let tap: WireTap?

    init(client: EmbeddedChannel, server: EmbeddedChannel, tap: WireTap? = nil) {
        self.client = client
        self.server = server
        self.tap = tap
        let nowhere = try? SocketAddress(unixDomainSocketPath: "/simulated")
        guard let nowhere else { preconditionFailure("no address") }
        server.connect(to: nowhere, promise: nil)
        client.connect(to: nowhere, promise: nil)
    }

    var isOpen: Bool { self.client.isActive || self.server.isActive }
    /// Whether bytes are in transit to an end that reads.
    var hasTraffic: Bool {
        self.server.isActive && self.toServer.readableBytes > 0
            || self.client.isActive && Self.isReading(self.client)
                && self.toClient.readableBytes > 0
    }

    /// Collects the bytes that both ends have written.
    func collect() {
        while let part = try? self.client.readOutbound(as: ByteBuffer.self) {
            self.toServer.writeImmutableBuffer(part)
        }
        while let part = try? self.server.readOutbound(as: ByteBuffer.self) {
            self.toClient.writeImmutableBuffer(self.tap?.passing(part) ?? part)
        }
    }

    /// Delivers up to `count` bytes in one direction, if its end reads.
    func deliver(toServer isToServer: Bool, _ count: Int) {
        self.collect()
        let end = isToServer ? self.server : self.client
        var bytes = isToServer ? self.toServer : self.toClient
        if end.isActive, Self.isReading(end), bytes.readableBytes > 0 {
            let part = bytes.readSlice(length: min(count, bytes.readableBytes))
            if isToServer { self.toServer = bytes } else { self.toClient = bytes }
            _ = try? end.writeInbound(part)
        }
        self.collect()
        self.spreadClosing()
    }

    private static func isReading(_ channel: EmbeddedChannel) -> Bool {
        for case (let option, let value) in channel.options
        where option is ChannelOptions.Types.AutoReadOption {
            return value as? Bool ?? true
        }
        return true
    }

    /// Closes an end whose peer closed, once everything sent before was read.
    private func spreadClosing() {
        if !self.server.isActive, self.toClient.readableBytes == 0, self.client.isActive {
            self.client.close(promise: nil)
        }
        if !self.client.isActive, self.server.isActive { self.server.close(promise: nil) }
    }

    /// Breaks the connection; everything in transit is lost.
    func cut() {
        if self.server.isActive { self.server.close(promise: nil) }
        if self.client.isActive { self.client.close(promise: nil) }
    }

    /// Makes the server's end stop or resume accepting bytes.
    func toggleStall() {
        guard self.server.isActive else { return }
        self.isStalled.toggle()
        self.server.isWritable = !self.isStalled
        self.server.pipeline.fireChannelWritabilityChanged()
    }

    func endStall() { if self.isStalled { self.toggleStall() } }
}

/// Connects to the server that currently runs.
final class SimulatedNetwork: Connector, @unchecked Sendable {
    struct Unreachable: Error {}

    var server: SimulatedServer?
    /// Creates a tap for each new connection.
    var makeTap: () -> WireTap? = { nil }
    private(set) var links: [SimulatedLink] = []

    func connect(
        on loop: any EventLoop,
        _ makeHandler: @escaping @Sendable () -> ClientHandler
    ) -> EventLoopFuture<any Channel> {
        self.connect(on: loop, through: self.makeTap(), makeHandler)
    }

    fileprivate func connect(
        on loop: any EventLoop,
        through tap: WireTap?,
        _ makeHandler: @escaping @Sendable () -> ClientHandler
    ) -> EventLoopFuture<any Channel> {
        guard let server = self.server, let loop = loop as? EmbeddedEventLoop else {
            return loop.makeFailedFuture(Unreachable())
        }
        let client = EmbeddedChannel(handler: makeHandler(), loop: loop)
        let link = SimulatedLink(
            client: client,
            server: EmbeddedChannel(
                handler: ConnectionHandler(of: server.driver),
                loop: server.loop
            ),
            tap: tap
        )
        self.links.append(link)
        return loop.makeSucceededFuture(client)
    }

    /// Removes the server and its connections.
    ///
    /// - Returns: The server that ran until now.
    func serverDied() -> SimulatedServer? {
        let dead = self.server
        self.server = nil
        for link in self.links { link.cut() }
        self.links = []
        return dead
    }

    func forgetClosed() { self.links.removeAll { !$0.isOpen } }
}

/// Connects one client, whose link can be found, and whose messages another tap observes.
final class OwnLink: Connector, @unchecked Sendable {
    private let network: SimulatedNetwork
    private let tap: WireTap?
    private(set) weak var link: SimulatedLink?

    init(_ network: SimulatedNetwork, tap: WireTap?) {
        self.network = network
        self.tap = tap
    }

    func connect(
        on loop: any EventLoop,
        _ makeHandler: @escaping @Sendable () -> ClientHandler
    ) -> EventLoopFuture<any Channel> {
        let count = self.network.links.count
        let channel = self.network.connect(on: loop, through: self.tap, makeHandler)
        if self.network.links.count > count { self.link = self.network.links.last }
        return channel
    }
}
