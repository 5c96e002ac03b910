import ArgumentParser
internal import InventoryModel
import InventoryTransfer
import TerminalKit

struct ContextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "Named servers: show, list, set, use, delete.",
        discussion: """
            A setting is taken from a flag, else the context named by --context, else an environment \
            variable, else the current context, else the top of the file, else the built-in default. \
            invctl context show lists the sources.

            Examples:
              invctl context set shop --server 10.0.0.5:7411 --zone Europe/London
              invctl context use shop
            """,
        subcommands: [Show.self, List.self, Set.self, Use.self, Delete.self]
    )

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows every setting, its value, and the source of the value.",
            discussion: """
                Examples:
                  invctl context show
                  invctl context show --context shop -o json
                """
        )
        @OptionGroup var global: ListOptions

        func run() async throws {
            let settings = try self.global.global.settings(zone: self.global.times.zone)
            var table = ResultTable([
                ResultField("setting", .text), ResultField("value", .text),
                ResultField("origin", .text), ResultField("variable", .text),
            ])
            table.append([
                .text("context"), settings.context.map { .text($0) } ?? .none,
                .text(settings.path), .text("INVCTL_CONTEXT"),
            ])
            for key in Setting.Key.allCases {
                let setting = settings.values[key] ?? Setting(value: "", origin: "")
                table.append([
                    .text(key.rawValue),
                    setting.value.isEmpty ? .none : .text(setting.value),
                    .text(setting.origin), .text(key.variable),
                ])
            }
            try Offline.list(table, options: self.global, settings: settings)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the contexts.",
            discussion: """
                Examples:
                  invctl context list
                """
        )
        @OptionGroup var global: ListOptions

        func run() async throws {
            let file = try ConfigurationFile()
            var table = ResultTable([
                ResultField("name", .text), ResultField("server", .text),
                ResultField("current", .boolean),
            ])
            for name in file.contexts {
                let server = file.entry(.server, of: name) ?? file.entry(.server, of: "")
                table.append([
                    .text(name), .text(server?.value ?? Setting.Key.server.standard),
                    .integer(name == file.current ? 1 : 0),
                ])
            }
            try Offline.list(
                table,
                options: self.global,
                settings: try self.global.global.settings(zone: self.global.times.zone)
            )
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Creates or changes a context; an empty value removes a setting.",
            discussion: """
                Examples:
                  invctl context set shop --server 10.0.0.5:7411 --zone Europe/London
                  invctl context set shop --token-file ~/.config/invctl/shop.token
                """
        )
        @Argument(help: "The name.", completion: Candidates.ofContext)
        var name: String
        @Option(help: "HOST:PORT or unix:PATH.") var server: String?
        @Option(name: .shortAndLong, help: "The default output format.")
        var output: String?
        @Option(help: "auto, always or never.") var color: String?
        @Option(help: "The IANA time zone of days and times.", completion: Candidates.ofZone)
        var zone: String?
        @Option(help: "The timeout of a call.") var timeout: String?
        @Option(help: "The actor recorded in the ledger.") var actor: String?
        @Option(help: "The pager for long output; off for none.") var pager: String?
        @Option(help: "The file with the token.") var tokenFile: String?
        @Option(help: "How to read codes with a weight or a price.") var barcodeRules: String?

        func run() async throws {
            guard ConfigurationFile.isName(self.name) else {
                throw Failure.usage("invalid name '\(self.name)': letters, digits, - _ . only")
            }
            let given: [(Setting.Key, String?)] = [
                (.server, self.server), (.output, self.output), (.color, self.color),
                (.zone, self.zone), (.timeout, self.timeout), (.actor, self.actor),
                (.pager, self.pager), (.tokenFile, self.tokenFile),
                (.barcodeRules, self.barcodeRules),
            ]
            var flags: [Setting.Key: String] = [:]
            for case (let key, let value?) in given where !value.isEmpty { flags[key] = value }
            var file = try ConfigurationFile()
            // Invalid settings are not saved.
            _ = try Settings(flags: flags, context: file.contexts.first)
            file.set("", nil, of: self.name)
            for case (let key, let value?) in given {
                file.set(key.rawValue, value.isEmpty ? nil : value, of: self.name)
            }
            try file.save()
            Terminal.say("context \(self.name) is set in \(file.path)")
        }
    }

    struct Use: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a context the current one, which is used when none is named.",
            discussion: """
                Examples:
                  invctl context use shop
                """
        )
        @OptionGroup var global: GlobalOptions
        @Argument(help: "The name.", completion: Candidates.ofContext)
        var name: String

        func run() async throws {
            _ = try Settings(flags: [:], context: self.name)
            var file = try ConfigurationFile()
            file.set("current", self.name, of: "")
            try file.save()
            if self.global.isQuiet { return }
            Terminal.say("context \(self.name) is now the current one")
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deletes a context.",
            discussion: """
                Examples:
                  invctl context delete shop
                """
        )
        @OptionGroup var global: GlobalOptions
        @Argument(help: "The name.", completion: Candidates.ofContext)
        var name: String

        func run() async throws {
            var file = try ConfigurationFile()
            guard file.contexts.contains(self.name) else {
                _ = try Settings(flags: [:], context: self.name)
                return
            }
            file.remove(self.name)
            try file.save()
            if self.global.isQuiet { return }
            Terminal.say("context \(self.name) is deleted")
        }
    }
}

/// Lists that need no server.
enum Offline {
    static func list(_ table: ResultTable, options: ListOptions, settings: Settings) throws {
        guard !options.watch else {
            throw Failure.usage("--watch does not apply: this list comes from a file")
        }
        let style = RowStyle(
            format: settings.format,
            currencyDecimals: 0,
            fields: options.global.fieldNames,
            width: Terminal.isOutput ? Terminal.size.columns : nil,
            hasColor: settings.color.isColored(Terminal.isOutput),
            isForTerminal: Terminal.isOutput,
            clock: ClockText(zone: settings.zone),
            zone: settings.zone
        )
        var output = RowOutput(style, options.listing)
        _ = try output.take(table)
        output.finish()
        Terminal.write(output.bytes, to: 1)
    }
}
