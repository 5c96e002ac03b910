import Bytes
import Foundation
import Glibc
import InventoryClient
import InventoryModel
import InventoryWire
import Testing

@Suite struct BadInputTests {
    /// Returns the refusal with which the server closes a connection after some bytes.
    private func goodbye(_ daemon: Daemon, _ bytes: [UInt8]) throws -> RefusalCode? {
        let connection = try RawConnection(daemon)
        connection.send(bytes)
        guard case .goodbye(let refusal)? = connection.messages().last else { return nil }
        return refusal.code
    }

    @Test
    func `bytes that are not a frame end the connection with a code, and the daemon keeps serving`()
        async throws
    {
        let daemon = try Daemon()
        let hello = RawConnection.hello
        let ping = RawConnection.frame(8, [])
        var wrongHeader = ping
        wrongHeader[9] ^= 1
        var wrongBody = RawConnection.frame(4, [3, 0])
        wrongBody[25] ^= 1
        let garbage = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        #expect(try self.goodbye(daemon, garbage) == .malformedFrame)
        #expect(try self.goodbye(daemon, hello + wrongHeader) == .malformedFrame)
        #expect(try self.goodbye(daemon, hello + wrongBody) == .malformedFrame)
        #expect(
            try self.goodbye(daemon, hello + RawConnection.frame(8, [], version: 9))
                == .unsupportedVersion
        )
        #expect(
            try self.goodbye(daemon, hello + RawConnection.frame(8, [], length: 4 << 20))
                == .frameTooLarge
        )
        #expect(try self.goodbye(daemon, ping) == .malformedFrame)
        #expect(try self.goodbye(daemon, hello + hello) == .malformedFrame)
        #expect(try await daemon.client().ping() >= 1)
    }

    @Test func `a frame that is not a message is refused, and the connection stays open`() throws {
        let daemon = try Daemon()
        let connection = try RawConnection(daemon)
        connection.send(RawConnection.hello)
        connection.sendFrame(99, [1, 2, 3], id: 21)
        connection.sendFrame(131, [], id: 22)
        connection.sendFrame(4, [200], id: 23)
        connection.sendFrame(3, [0, 0, 0, 0, 0, 0, 0, 0, 10, 255, 255, 255, 255, 15], id: 24)
        connection.sendFrame(8, [], id: 25)
        connection.finish()
        let messages = connection.messages()
        let codes = messages.compactMap { message -> RefusalCode? in
            if case .refused(let refusal) = message { refusal.code } else { nil }
        }
        #expect(
            codes == [.unknownOperation, .unknownOperation, .malformedFrame, .malformedFrame]
        )
        let hasPong = messages.contains { if case .pong = $0 { true } else { false } }
        #expect(hasPong)
    }

    @Test func `half a frame and a disconnect do not affect other clients`() async throws {
        let daemon = try Daemon()
        for count in [1, 10, 23, 24, 30] {
            let connection = try RawConnection(daemon)
            connection.send(Array(RawConnection.hello.prefix(count)))
            connection.finish()
        }
        let client = daemon.client()
        _ = try await client.stockedProducts(1, stock: 1)
        _ = try await client.verified()
    }

    @Test func `an unknown protocol version is refused in the handshake`() throws {
        let daemon = try Daemon()
        var writer = ByteWriter()
        Hello(versionMin: 7, versionMax: 9, actor: "x", software: "x").encode(into: &writer)
        #expect(
            try self.goodbye(daemon, RawConnection.frame(1, writer.array())) == .unsupportedVersion
        )
    }

    @Test(arguments: [
        ["sell"], ["sell", "X=ten"], ["stock", "adjust", "X=1"], ["frobnicate"],
        ["product", "list", "--limit", "-1"], ["product", "list", "-o", "xml"],
        ["product", "add", "--sku", "A"], ["ping", "--timeout", "0"], ["ping", "--server", ":::"],
        ["stock", "adjust", "X=1", "--reason", "boredom"], ["watch"],
        ["bench", "sell", "--depth", "0"],
        ["import", "-", "--zone", "Mars/Olympus"], ["ledger", "list", "--from", "yesterday"],
    ])
    func `invalid arguments exit with 2 and an explanation`(arguments: [String]) throws {
        let daemon = try Daemon()
        try daemon.invctl("category", "add", "C")
        try daemon.invctl(
            "product",
            "add",
            "--sku",
            "X",
            "--name",
            "X",
            "--category",
            "C",
            "--price",
            "1"
        )
        let result = try daemon.invctl(arguments)
        let isHelp = arguments == ["watch"]
        #expect(result.code == (isHelp ? 0 : 2), "\(result.errors)")
        #expect(isHelp || !result.errors.isEmpty)
    }

    @Test func `a missing server is exit code 7 with a hint`() throws {
        let result = try Daemon.run("invctl", ["ping", "--timeout", "0.3"])
        #expect(result.code == 7)
        #expect(result.errors.contains("cannot connect to 127.0.0.1:1"))
        #expect(result.errors.contains("Is invd running"))
    }

    @Test(arguments: [
        ["--listen", "nowhere"], ["--currency", "MONEY"], ["--log-file-mib", "0"], ["--bogus"], [],
    ])
    func `invalid settings of the daemon exit with 2`(arguments: [String]) throws {
        let directory = FileManager.default.temporaryDirectory.path + "/invd-never-\(UUID())"
        let named = arguments.isEmpty ? [] : ["--data-dir", directory] + arguments
        let result = try Daemon.run("invd", named)
        #expect(result.code == 2)
        #expect(!result.errors.isEmpty)
    }
}
