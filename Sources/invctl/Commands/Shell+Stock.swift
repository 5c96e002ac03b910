import ArgumentParser
internal import Bytes
import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// Sends the commands of several lines as one step, and prints what is left.
extension Shell {
    /// Returns the products that a step moved.
    func products(movedBy lsn: LSN) async throws -> [ProductInfo] {
        var products: [ProductID: ProductInfo] = [:]
        for try await part in self.client.rows(of: .ledger(LedgerQuery(lsn: lsn))) {
            for movement in try part.rows(as: ListedMovement.self) {
                products[movement.product] = ProductInfo(movement)
            }
        }
        return Array(products.values)
    }

    /// Returns the quantity of a line that must have one.
    ///
    /// - Throws: `ValidationError` if it has none or is invalid.
    func needed(_ line: LineArgument, _ product: ProductInfo) throws -> Quantity {
        guard let text = line.quantity else {
            throw ValidationError("\(line.sku) needs a quantity: \(line.sku)=5")
        }
        return try self.quantity(text, of: product, "the quantity")
    }

    /// Sends one command as it is, several as one atomic batch.
    func send(
        together commands: [Command],
        about subject: String? = nil
    ) async throws -> Outcome.Done {
        if commands.count == 1 { return try await self.send(commands[0], about: subject) }
        return try await self.send(.batch(commands, .atomic))
    }

    func hold(
        _ lines: [LineArgument],
        at: String?,
        because reason: Reason,
        write: WriteOptions,
        sign: Int64
    ) async throws {
        let place = try await self.location(at)
        let products = try await self.products(of: lines)
        let commands = try zip(lines, products).map { line, product in
            Command.setUnavailable(
                Hold(
                    product: product.id,
                    location: place,
                    delta: sign < 0
                        ? try -self.needed(line, product) : try self.needed(line, product),
                    reason: reason,
                    reference: write.reference,
                    note: write.note
                )
            )
        }
        self.say(
            try await self.send(together: commands),
            verb: sign > 0 ? "put on hold" : "released",
            products: products
        )
    }

    /// Prints what was done to stock, and what is left of each product.
    ///
    /// - Parameters:
    ///   - done: The result of the command.
    ///   - verb: What was done, such as `sold`.
    ///   - products: The products of the lines.
    ///   - more: Text for people after the LSN.
    func say(
        _ done: Outcome.Done,
        verb: String,
        products: [ProductInfo],
        adding more: String = ""
    ) {
        let infos = Dictionary(products.map { ($0.id, $0) }) { first, _ in first }
        switch self.format {
        case .json, .ndjson:
            self.print(self.object(done, products))
        case .table, .vertical, .plain, .csv, .tsv, .md:
            guard !self.options.isQuiet else { return }
            let left = done.levels.map { level -> String in
                let info = infos[level.product]
                let available = DecimalText.format(
                    level.available,
                    decimals: info?.unitDecimals ?? 0
                )
                return "\(info?.sku ?? "unknown") \(available) left"
            }
            let amount = done.amount == 0 ? "" : "   \(self.format(done.amount))"
            let count = done.levels.count == 1 ? "1 line" : "\(done.levels.count) lines"
            Terminal.say(
                "\(verb) \(count)\(amount)   LSN \(done.lsn)\(more)   \(left.joined(separator: ", "))"
            )
        }
    }

    func object(_ done: Outcome.Done, _ products: [ProductInfo]) -> JSONObject {
        let infos = Dictionary(products.map { ($0.id, $0) }) { first, _ in first }
        var object = JSONObject()
        object.add("lsn", raw: String(done.lsn.value))
        object.add("recordedAt", TimeText.format(done.time.microseconds))
        object.add(
            "amount",
            DecimalText.format(done.amount, decimals: self.server.currencyDecimals)
        )
        let levels = done.levels.map { level -> String in
            let decimals = infos[level.product]?.unitDecimals ?? 0
            var row = JSONObject()
            row.add("sku", infos[level.product]?.sku ?? "")
            row.add("productId", raw: String(level.product.value))
            row.add("locationId", raw: String(level.location.value))
            row.add("onHand", raw: DecimalText.format(level.onHand, decimals: decimals))
            row.add("reserved", raw: DecimalText.format(level.reserved, decimals: decimals))
            row.add("available", raw: DecimalText.format(level.available, decimals: decimals))
            row.add("incoming", raw: DecimalText.format(level.incoming, decimals: decimals))
            row.add("revision", raw: String(level.revision.value))
            return row.text
        }
        object.add("levels", raw: "[" + levels.joined(separator: ",") + "]")
        return object
    }
}
