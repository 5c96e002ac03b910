import Foundation
import InventoryClient
import Testing

/// Precedence of settings: flag, environment, context, file, default; the source of each is named.
@Suite struct ContextTests {
    /// A configuration directory, and `invctl` without other settings.
    private struct Home: ~Copyable {
        let folder: URL

        init() throws {
            self.folder = FileManager.default.temporaryDirectory.appending(path: "home-\(UUID())")
            try FileManager.default.createDirectory(
                at: self.folder,
                withIntermediateDirectories: true
            )
        }

        deinit { try? FileManager.default.removeItem(at: self.folder) }

        func run(_ arguments: [String], _ more: [String: String] = [:]) throws -> Finished {
            var environment = ["XDG_CONFIG_HOME": self.folder.path, "INVCTL_SERVER": ""]
            environment.merge(more) { $1 }
            return try Daemon.run("invctl", arguments, environment: environment)
        }
    }

    @Test func `each setting names the source of its value`() throws {
        let home = try Home()
        #expect(try home.run(["context", "list", "-o", "json"]).output == "[]\n")
        let set = [
            "context", "set", "shop", "--server", "10.0.0.5:7411", "--zone", "Europe/London",
        ]
        #expect(try home.run(set).code == 0)
        #expect(try home.run(["context", "set", "depot", "--server", "unix:/run/d"]).code == 0)
        #expect(try home.run(["context", "use", "shop"]).code == 0)
        let path = home.folder.appending(path: "invctl/config").path
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)

        func origin(
            _ setting: String,
            _ arguments: [String],
            _ more: [String: String]
        ) throws
            -> String
        {
            let shown = try home.run(
                [
                    "context", "show", "-o", "csv", "--where", "setting = \(setting)", "--fields",
                    "value,origin",
                ] + arguments,
                more
            )
            #expect(shown.code == 0, "\(shown.errors)")
            return shown.lines.last ?? ""
        }
        #expect(try origin("server", [], [:]).hasPrefix("10.0.0.5:7411,\"context shop, line"))
        #expect(
            try origin("server", ["--context", "depot"], [:]).hasPrefix(
                "unix:/run/d,\"context depot"
            )
        )
        let variables = ["INVCTL_SERVER": "127.0.0.1:9", "INVCTL_CONTEXT": "depot"]
        #expect(try origin("server", [], variables) == "127.0.0.1:9,INVCTL_SERVER")
        #expect(try origin("server", ["--server", "h:1"], variables) == "h:1,--server")
        // A context that is named precedes the environment; what it does not set comes from there.
        let named = try origin("server", ["--context", "shop"], variables)
        #expect(named.hasPrefix("10.0.0.5:7411,\"context shop"))
        let actor = ["INVCTL_ACTOR": "eve"]
        #expect(try origin("actor", ["--context", "shop"], actor) == "eve,INVCTL_ACTOR")
        #expect(try origin("timeout", [], [:]) == "10,built in")
        #expect(try origin("zone", [], [:]).hasPrefix("Europe/London,"))
    }

    @Test func `an error is named with its position`() throws {
        let home = try Home()
        let none = try home.run(["ping", "--context", "shop"])
        #expect(none.code == 3)
        #expect(none.errors.contains("invctl context set shop --server"))
        let bad = try home.run(["context", "set", "shop", "--server", "nowhere:0"])
        #expect(bad.code == 2)
        let folder = home.folder.appending(path: "invctl")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("current = shop\n[shop]\nsever = x\n".utf8)
            .write(to: folder.appending(path: "config"))
        let typo = try home.run(["ping"])
        #expect(typo.code == 2)
        #expect(typo.errors.contains("line 3: unknown setting 'sever'"))
    }

    @Test func `a context is used, and deleted`() throws {
        let daemon = try Daemon()
        let home = try Home()
        try #require(
            home.run(["context", "set", "here", "--server", daemon.address.description]).code == 0
        )
        #expect(try home.run(["ping", "--context", "here"]).code == 0)
        #expect(try home.run(["context", "use", "here"]).code == 0)
        #expect(try home.run(["ping"]).code == 0)
        #expect(try home.run(["context", "delete", "here"]).code == 0)
        #expect(try home.run(["context", "delete", "here"]).code == 3)
        #expect(try home.run(["context", "list", "-o", "json"]).output == "[]\n")
    }
}
