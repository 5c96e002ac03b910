internal import NIOCore
internal import NIOPosix

/// The sockets on which a server listens, and their addresses.
final class Listeners {
    /// Makes a bootstrap per socket, since options of one kind must not be set for another.
    private let makeBootstrap: () -> ServerBootstrap
    private var channels: [any Channel] = []
    private var unixName: UnixSocketName?
    /// In the form that clients use.
    private(set) var addresses: [String] = []

    init(_ makeBootstrap: @escaping () -> ServerBootstrap) { self.makeBootstrap = makeBootstrap }

    /// Listens on every configured address.
    func listen(_ configuration: ServerConfiguration) throws {
        if let host = configuration.host { try self.listen(host, configuration.port) }
        if let path = configuration.unixSocketPath { try self.listen(unix: path) }
        self.checkInvariants()
    }

    private func listen(_ host: String, _ port: Int) throws {
        let shown = host.contains(":") ? "[\(host)]" : host
        let channel: any Channel
        do {
            channel = try self.makeBootstrap()
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.socketOption(.so_keepalive), value: 1)
                .childChannelOption(KeepAlive.idle, value: KeepAlive.idleSeconds)
                .childChannelOption(KeepAlive.interval, value: KeepAlive.intervalSeconds)
                .childChannelOption(KeepAlive.probes, value: KeepAlive.probesMax)
                .bind(host: host, port: port).wait()
        } catch {
            throw ListenError("\(shown):\(port)", error)
        }
        self.channels.append(channel)
        self.addresses.append("\(shown):\(channel.localAddress?.port ?? port)")
    }

    private func listen(unix path: String) throws {
        let name = try UnixSocketName(path)
        self.unixName = name
        do {
            self.channels.append(try self.makeBootstrap().bind(unixDomainSocketPath: path).wait())
        } catch {
            throw ListenError(name.address, error)
        }
        name.bound()
        self.addresses.append(name.address)
    }

    /// Stops accepting connections.
    func close() { for channel in self.channels { try? channel.close().wait() } }

    func removeNames() {
        self.unixName?.remove()
        self.unixName = nil
    }

    /// Traps unless each socket has an address.
    func checkInvariants() {
        precondition(
            self.channels.count == self.addresses.count,
            "\(self.channels.count) sockets have \(self.addresses)"
        )
    }
}

/// TCP keep-alive: the kernel detects a client machine that disappeared within two minutes of silence.
private enum KeepAlive {
    static let idleSeconds = 60
    static let intervalSeconds = 10
    static let probesMax = 6

    static let idle = Self.option(TCP_KEEPIDLE)
    static let interval = Self.option(TCP_KEEPINTVL)
    static let probes = Self.option(TCP_KEEPCNT)

    private static func option(_ name: CInt) -> ChannelOptions.Types.SocketOption {
        .init(level: .tcp, name: .init(rawValue: name))
    }
}
