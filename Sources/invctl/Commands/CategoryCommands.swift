import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel

struct CategoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "category",
        abstract: "Categories: add, list, rename, archive.",
        subcommands: [Add.self, List.self, Rename.self, Archive.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a category.",
            discussion: """
                Examples:
                  invctl category add Electronics
                  invctl category add 'Garden & Home'
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "The name, 1 to 200 bytes.") var name: String

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                let done = try await shell.send(.createCategory(name: self.name))
                shell.say(
                    "created category \(done.id)  \(self.name)   revision \(done.lsn)",
                    id: done.id,
                    lsn: done.lsn
                )
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the categories.",
            discussion: """
                Examples:
                  invctl category list
                  invctl category list --all -o json
                """
        )
        @OptionGroup var global: ListOptions
        @Flag(help: "Includes archived categories.") var all = false

        func run() async throws {
            try await Shell.run(self.global) { shell in
                try await shell.list(.categories(includingArchived: self.all))
            }
        }
    }

    struct Rename: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Renames a category.",
            discussion: """
                Examples:
                  invctl category rename Electronics Devices
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "The current name.", completion: Candidates.ofCategory) var name: String
        @Argument(help: "The new name.") var newName: String
        @Option(help: "Only if it is at this revision.") var ifRevision: LSN?

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                let category = try await shell.listedCategory(self.name)
                let change = FieldChange(
                    CategoryFields(name: category.name),
                    FieldUpdate { $0.name = self.newName }
                )
                let done = try await shell.send(
                    .renameCategory(category.id, name: self.newName, ifRevision: self.ifRevision),
                    about: self.name
                )
                let noun = "category \(done.id)  \(self.newName)"
                try await shell.say(
                    done,
                    change,
                    about: ("renamed \(noun)", noun),
                    names: Names(shell)
                ) {
                    try await shell.client.categories(includingArchived: true).rows
                        .first { $0.id == category.id }?.revision
                }
            }
        }
    }

    struct Archive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Archives a category that no product refers to.",
            discussion: """
                On a terminal it asks first: an archived category does not come back.

                Examples:
                  invctl category archive Electronics
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "The name.", completion: Candidates.ofCategory) var name: String
        @Option(help: "Only if it is at this revision.") var ifRevision: LSN?
        @OptionGroup var confirmation: ConfirmOptions

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                let id = try await shell.category(self.name)
                try shell.confirm(
                    "Archive the category \(self.name)?",
                    self.confirmation,
                    otherwise: "\(self.name) was not archived"
                )
                let done = try await shell.send(
                    .archiveCategory(id, ifRevision: self.ifRevision),
                    about: self.name
                )
                shell.say(
                    "archived category \(done.id)  \(self.name)",
                    id: done.id,
                    lsn: done.lsn
                )
            }
        }
    }
}
