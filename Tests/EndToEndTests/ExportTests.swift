import Foundation
import Inventory
import InventoryClient
import InventoryTestSupport
import Testing

/// A whole export, and what an import makes of it.
@Suite struct ExportTests {
    private let folder = TemporaryDirectory()

    private func path(_ name: String) -> String { "\(self.folder.path)/\(name)" }

    private func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: self.path(name)))
    }

    /// Exports one daemon, imports that into a fresh one, and has both equal.
    private func checkRoundTrip(
        _ daemon: Daemon,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let exported = try daemon.invctl("export", self.path("first.ndjson"))
        try #require(exported.code == 0, "\(exported.errors)", sourceLocation: sourceLocation)
        let other = try Daemon()
        let imported = try other.invctl("import", self.path("first.ndjson"))
        #expect(imported.code == 0, "\(imported.errors)", sourceLocation: sourceLocation)
        try other.invctl("export", self.path("second.ndjson"))
        let first = String(decoding: try self.bytes("first.ndjson"), as: UTF8.self)
        let second = String(decoding: try self.bytes("second.ndjson"), as: UTF8.self)
        if first != second {
            let pairs = zip(first.split(separator: "\n"), second.split(separator: "\n"))
            let difference = pairs.first { $0 != $1 }
            Issue.record(
                "\(difference?.0 ?? "") became \(difference?.1 ?? "")",
                sourceLocation: sourceLocation
            )
        }
        let digests = [
            try daemon.invctl("export", "--digest").output,
            try other.invctl("export", "--digest").output,
        ]
        #expect(digests[0] == digests[1], sourceLocation: sourceLocation)
        #expect(first.hasSuffix("\"digest\":\"\(digests[0].prefix(16))\"}\n"))
        _ = try await other.client().verified(sourceLocation: sourceLocation)
    }

    @Test func `an export makes an equal database, whatever happened in it`() async throws {
        let daemon = try Daemon()
        try await EventfulShop(daemon).fill()
        try await self.checkRoundTrip(daemon)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `whatever was done at random comes back the same`(seed: UInt64) async throws {
        let daemon = try Daemon()
        var shop = RandomShop(daemon, seed: seed)
        try await shop.fill(700)
        try await self.checkRoundTrip(daemon)
    }

    @Test func `an empty database comes back empty`() async throws {
        try await self.checkRoundTrip(try Daemon())
    }
}
