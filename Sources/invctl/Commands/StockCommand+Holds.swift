import ArgumentParser
internal import Bytes
import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// Stock that is there and not for sale.
extension StockCommand {
    struct HoldStock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "hold",
            abstract: "Makes stock unavailable: damaged, or on quality hold.",
            discussion: """
                Examples:
                  invctl stock hold LAP-01=2 --reason damaged
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "SKU=QUANTITY …", completion: Candidates.ofLine) var lines: [LineArgument]
        @Option(help: "The location.", completion: Candidates.ofLocation) var at: String?
        @Option(help: "The reason; default: \(Reason.damaged).") var reason: Reason?

        func run() async throws {
            try self.lines.checkQuantities()
            try await Shell.run(self.global, write: self.write) { shell in
                try await shell.hold(
                    self.lines,
                    at: self.at,
                    because: self.reason ?? .damaged,
                    write: self.write,
                    sign: 1
                )
            }
        }
    }

    struct Unhold: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes stock on hold available again.",
            discussion: """
                Examples:
                  invctl stock unhold LAP-01=2
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "SKU=QUANTITY …", completion: Candidates.ofLine) var lines: [LineArgument]
        @Option(help: "The location.", completion: Candidates.ofLocation) var at: String?
        @Option(help: "The reason; default: \(Reason.correction).") var reason: Reason?

        func run() async throws {
            try self.lines.checkQuantities()
            try await Shell.run(self.global, write: self.write) { shell in
                try await shell.hold(
                    self.lines,
                    at: self.at,
                    because: self.reason ?? .correction,
                    write: self.write,
                    sign: -1
                )
            }
        }
    }
}
