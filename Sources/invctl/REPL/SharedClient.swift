import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import Synchronization
import TerminalKit

/// The connection that the commands of one shell share.
///
/// Each command asks for a client of its settings: one that asks for the same gets the same client, and any
/// other replaces it. A client that failed is closed, and one whose connection was lost is replaced, which is said:
/// so the next command notices at once if the server is gone.
///
/// Commands with a session of their own do not use it: a client has one session.
final class SharedClient: Sendable {
    /// The connection of the shell that runs the current command; `nil` outside of a shell.
    @TaskLocal static var current: SharedClient?

    fileprivate struct Entry: Sendable {
        var key: Key
        var client: InventoryClient
        var server: HelloAccepted
        var acceptedAt: ContinuousClock.Instant
    }

    /// The settings that a connection depends on.
    fileprivate struct Key: Equatable, Sendable {
        var address: ServerAddress
        var actor: String
        var token: [UInt8]
        var timeoutMilliseconds: Int64

        init(_ configuration: ClientConfiguration) {
            self.address = configuration.address
            self.actor = configuration.actor
            self.token = configuration.token
            self.timeoutMilliseconds = configuration.timeoutMilliseconds
        }
    }

    private let entry = Mutex<Entry?>(nil)

    /// Returns a connected client, and the server's properties with its clock as it is now.
    func connected(
        _ configuration: ClientConfiguration
    ) async throws(ClientError) -> (InventoryClient, HelloAccepted) {
        let key = Key(configuration)
        if let entry = self.entry.withLock({ $0 }) {
            if entry.key == key, await entry.client.isConnected {
                return (entry.client, entry.serverNow)
            }
            if entry.key == key { Self.noteLoss(configuration.address) }
            await self.close()
        }
        let client = InventoryClient(configuration)
        do throws(ClientError) {
            let server = try await client.connect()
            let entry = Entry(key: key, client: client, server: server, acceptedAt: .now)
            self.entry.withLock { $0 = entry }
            return (client, server)
        } catch {
            try? await client.close()
            throw error
        }
    }

    private static func noteLoss(_ address: ServerAddress) {
        guard Terminal.environment(GlobalOptions.quietVariable) == nil else { return }
        Terminal.note("  note  the connection to \(address) was lost; reconnecting")
    }

    /// Closes the connection; the next command makes another.
    func close() async { try? await self.entry.withLock { $0.take() }?.client.close() }
}

extension SharedClient.Entry {
    /// The server's properties, with its clock advanced by the time since they arrived.
    fileprivate var serverNow: HelloAccepted {
        var server = self.server
        let passed = (ContinuousClock.now - self.acceptedAt).components
        let micros = passed.seconds * 1_000_000 + passed.attoseconds / 1_000_000_000_000
        server.serverTime = Instant(
            microseconds: server.serverTime.microseconds.addingSaturated(micros)
        )
        return server
    }
}
