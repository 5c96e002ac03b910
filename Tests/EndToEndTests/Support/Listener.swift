import Foundation
import Glibc
import InventoryClient
import InventoryWire
import Testing

/// A listener on a local port that calls `serve` for each connection, on its own thread.
final class Listener: @unchecked Sendable {
    let address: ServerAddress
    private let descriptor: Int32

    init(_ serve: @escaping @Sendable (Int32) -> Void) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(O_CLOEXEC), 0)
        var address = Self.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(isOpen)
        self.descriptor = descriptor
        self.address = .tcp(host: "127.0.0.1", port: Int(UInt16(bigEndian: address.sin_port)))
        Thread.detachNewThread {
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { serve(connection) }
            }
        }
    }

    deinit {
        shutdown(self.descriptor, Int32(SHUT_RDWR))
        close(self.descriptor)
    }

    static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }

    /// Returns a listener that answers the first bytes of a connection with `bytes` and closes it.
    static func answering(_ bytes: [UInt8]) throws -> Listener {
        try Listener { connection in
            var chunk = [UInt8](repeating: 0, count: 4_096)
            _ = recv(connection, &chunk, chunk.count, 0)
            _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            close(connection)
        }
    }

    /// Returns a proxy to a daemon that drops the answers to commands, as a network failure at the worst
    /// moment does.
    static func droppingOutcomes(of daemon: Daemon) throws -> Listener {
        guard case .tcp(_, let port) = daemon.address else { throw Unexpected() }
        return try Listener { client in
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(O_CLOEXEC), 0)
            var address = Self.loopback(port)
            let isConnected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            defer { close(client) }
            guard isConnected else { return }
            Thread.detachNewThread {
                // A command's connection has no other requests in flight, so a read has one frame.
                Self.copy(server, client) { $0 != Opcode.outcome.rawValue }
                shutdown(client, Int32(SHUT_RDWR))
                close(server)
            }
            Self.copy(client, server) { _ in true }
            shutdown(server, Int32(SHUT_RDWR))
        }
    }

    /// Forwards reads whose first frame's opcode passes, until one side closes.
    private static func copy(_ from: Int32, _ to: Int32, _ passes: (UInt8) -> Bool) {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(from, &chunk, chunk.count, 0)
            guard count > 0 else { return }
            if count > 5, !passes(chunk[5]) { continue }
            guard send(to, chunk, count, Int32(MSG_NOSIGNAL)) == count else { return }
        }
    }
}
