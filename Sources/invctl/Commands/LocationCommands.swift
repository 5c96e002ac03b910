public import ArgumentParser
internal import Bytes
import InventoryClient
public import InventoryModel
import InventoryTransfer

struct LocationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "location",
        abstract: "Locations: add, list, change, archive.",
        subcommands: [Add.self, List.self, Set.self, Archive.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a location.",
            discussion: """
                Examples:
                  invctl location add depot --name North --kind warehouse --zone Europe/London
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "The code.") var code: String
        @Option(help: "The name; default: the code.") var name: String?
        @Option(help: "The kind; default: \(LocationKind.store).") var kind: LocationKind?
        @Option(help: "The IANA time zone.", completion: Candidates.ofZone) var zone = "UTC"

        func validate() throws {
            guard ZoneText.zone(self.zone) == nil else { return }
            throw ValidationError(ZoneText.problem(self.zone, of: "--zone"))
        }

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                let draft = LocationDraft(
                    code: self.code,
                    name: self.name ?? self.code,
                    zone: self.zone,
                    kind: self.kind ?? .store
                )
                let done = try await shell.send(.createLocation(draft))
                shell.say(
                    "created location \(done.id)  \(self.code)   revision \(done.lsn)",
                    id: done.id,
                    lsn: done.lsn
                )
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the locations.",
            discussion: """
                Examples:
                  invctl location list
                  invctl location list --where 'kind = store'
                """
        )
        @OptionGroup var global: ListOptions
        @Flag(help: "Includes archived locations.") var all = false

        func run() async throws {
            try await Shell.run(self.global) { shell in
                try await shell.list(.locations(includingArchived: self.all))
            }
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes a location.",
            discussion: """
                Examples:
                  invctl location set depot --name 'Depot North' --zone Europe/London
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "The current code.", completion: Candidates.ofLocation) var code: String
        @Option(name: .customLong("code"), help: "The new code.") var newCode: String?
        @Option(help: "The new name.") var name: String?
        @Option(help: "The kind.") var kind: LocationKind?
        @Option(help: "The IANA time zone.", completion: Candidates.ofZone) var zone: String?
        @Option(help: "Only if it is at this revision.") var ifRevision: LSN?

        func validate() throws {
            guard let zone, ZoneText.zone(zone) == nil else { return }
            throw ValidationError(ZoneText.problem(zone, of: "--zone"))
        }

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                let location = try await shell.listedLocation(self.code)
                var update = LocationUpdate()
                (update.code, update.name) = (self.newCode, self.name)
                (update.zone, update.kind) = (self.zone, self.kind)
                let change = FieldChange(location.fields, update)
                let done = try await shell.send(
                    .updateLocation(location.id, update, ifRevision: self.ifRevision),
                    about: self.code
                )
                let noun = "location \(done.id)"
                try await shell.say(
                    done,
                    change,
                    about: ("changed \(noun)", noun),
                    names: Names(shell)
                ) {
                    try await shell.client.locations(includingArchived: true).rows
                        .first { $0.id == location.id }?.revision
                }
            }
        }
    }

    struct Archive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Archives a location that holds no stock.",
            discussion: """
                On a terminal it asks first: an archived location does not come back.

                Examples:
                  invctl location archive depot
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "The code.", completion: Candidates.ofLocation) var code: String
        @Option(help: "Only if it is at this revision.") var ifRevision: LSN?
        @OptionGroup var confirmation: ConfirmOptions

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                let id = try await shell.location(self.code)
                try shell.confirm(
                    "Archive the location \(self.code)?",
                    self.confirmation,
                    otherwise: "\(self.code) was not archived"
                )
                let done = try await shell.send(
                    .archiveLocation(id, ifRevision: self.ifRevision),
                    about: self.code
                )
                shell.say("archived location \(self.code)", id: done.id, lsn: done.lsn)
            }
        }
    }
}

extension LocationKind: ExpressibleByArgument {
    /// None: the names speak for themselves.
    public static var allValueDescriptions: [String: String] { [:] }
}
