import Bytes
import Foundation
import Glibc
import InventoryClient
import Testing

/// Listening addresses: ownership, takeover, and errors for unusable ones.
@Suite struct ListeningTests {
    private let folder = FileManager.default.temporaryDirectory.path + "/invd-listen-\(getpid())"

    private func scratch(_ name: String) throws -> String {
        let path = self.folder + "-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path + "/" + name
    }

    private func refusal(_ arguments: String...) throws -> Finished {
        let directory = try self.scratch("data")
        let folder = URL(fileURLWithPath: directory).deletingLastPathComponent()
        defer { try? FileManager.default.removeItem(at: folder) }
        return try Daemon.run("invd", ["--data-dir", directory] + arguments)
    }

    @Test func `a data directory that is a file is refused, and no files are left beside it`()
        throws
    {
        let file = try self.scratch("data")
        #expect(FileManager.default.createFile(atPath: file, contents: Data("a".utf8)))
        let said = try Daemon.run("invd", ["--data-dir", file, "--listen", "127.0.0.1:0"])
        #expect(said.code == 1, "\(said)")
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left == ["data"], "\(left)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data("a".utf8))
    }

    @Test
    func `a live Unix socket is not taken over, and stays after the second server has exited`()
        async throws
    {
        let path = try self.scratch("s")
        let daemon = try Daemon(["--unix-socket", path])
        let second = try self.refusal("--listen", "none", "--unix-socket", path)
        #expect(second.code == 1)
        #expect(second.errors.contains("unix:\(path) is in use"), "\(second.errors)")
        let client = InventoryClient(ClientConfiguration(address: .unix(path: path), actor: "a"))
        #expect(try await client.ping() >= 1)
        try await client.close()
        #expect(daemon.stop() == 0)
        // A server removes its own socket and the lock beside it.
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let left = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(left.isEmpty, "\(left)")
    }

    @Test func `the socket of a killed server is replaced, that of another program is not`()
        async throws
    {
        let path = try self.scratch("s")
        let daemon = try Daemon(["--unix-socket", path])
        daemon.kill()
        #expect(FileManager.default.fileExists(atPath: path))
        try daemon.start(["--unix-socket", path])
        let client = InventoryClient(ClientConfiguration(address: .unix(path: path), actor: "a"))
        #expect(try await client.ping() >= 1)
        try await client.close()
        // A socket that replaced it meanwhile is kept.
        unlink(path)
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        #expect(daemon.stop() == 0)
        #expect(FileManager.default.fileExists(atPath: path))
        let onFile = try self.refusal("--listen", "none", "--unix-socket", path)
        #expect(onFile.code == 1 && onFile.errors.contains("unix:\(path) is a file"))
        // The existing file stays, and no files are left beside it.
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let left = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(left == ["s"], "\(left)")
    }

    @Test func `an unusable address is named in a readable error`() throws {
        let daemon = try Daemon()
        let taken = daemon.address.description
        let long = try self.scratch(String(repeating: "x", count: 120))
        let nowhere = try self.scratch("none/s")
        let cases: [(arguments: [String], says: String)] = [
            (["--listen", taken], "\(taken) is in use by another program"),
            (
                ["--listen", "192.0.2.1:7411", "--unprotected"],
                "192.0.2.1:7411 is not an address of"
            ),
            (["--listen", "no.such.host.invalid:7411", "--unprotected"], "no host of that name"),
            (["--listen", "none", "--unix-socket", long], "the path has \(long.utf8.count) bytes"),
            (["--listen", "none", "--unix-socket", nowhere], "its directory does not exist"),
        ]
        for (arguments, says) in cases {
            let said = try Daemon.run(
                "invd",
                ["--data-dir", try self.scratch("data")] + arguments
            )
            #expect(said.code == 1 && said.errors.contains(says), "\(arguments): \(said.errors)")
            for word in ["errno", "descriptor", "bind("] {
                #expect(!said.errors.contains(word), "\(said.errors)")
            }
        }
    }

    @Test func `a client reports in a readable error why it cannot connect`() throws {
        let file = try self.scratch("file")
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        let long = "/tmp/" + String(repeating: "x", count: 120)
        let cases = [
            ("127.0.0.1:1", "nothing listens there"), ("unix:\(file)", "nothing listens there"),
            ("unix:/nowhere/s", "there is no such socket"), ("unix:\(long)", "too long"),
            ("no.such.host.invalid:7411", "no host of that name is known"),
        ]
        for (address, says) in cases {
            let said = try Daemon.run("invctl", ["ping", "--server", address, "--timeout", "1s"])
            #expect(said.code == 7)
            #expect(said.errors.contains("cannot connect to \(address): "), "\(said.errors)")
            #expect(said.errors.contains(says), "\(said.errors)")
            for word in ["errno", "descriptor", "(", "SocketAddress"] {
                let line = said.errors.split(separator: "\n").first ?? ""
                #expect(!line.contains(word), "\(said.errors)")
            }
        }
    }
}
