import ArgumentParser
import Inventory
import InventoryClient
import InventoryWire

/// What a command works with: a connected client, the currency, and how to print.
struct Shell: Sendable {
    let options: GlobalOptions
    let client: InventoryClient
    let server: HelloAccepted
    let session: SessionID

    /// Connects, runs `body`, and turns what goes wrong into one line and an exit code.
    static func run(
        _ options: GlobalOptions,
        _ write: WriteOptions? = nil,
        continuesSession: Bool = false,
        _ body: (Shell) async throws -> Void
    ) async throws {
        let session = write?.id.map { SessionID(naming: $0) } ?? .random()
        var configuration = options.configuration(session: session)
        configuration.continuesSession = continuesSession
        let client = InventoryClient(configuration)
        do {
            let server = try await client.connect()
            let shell = Shell(options: options, client: client, server: server, session: session)
            try await body(shell)
            try await client.close()
        } catch let error as ClientError {
            try? await client.close()
            Self.explain(error, session, options)
            throw Exit.code(for: error)
        } catch {
            try? await client.close()
            throw error
        }
    }

    private static func explain(
        _ error: ClientError,
        _ session: SessionID,
        _ options: GlobalOptions
    ) {
        if let refusal = error.refusal {
            Terminal.note("error: \(refusal.sentence(decimals: 2, currency: "", sku: nil))")
            return
        }
        Terminal.note("error: \(error)")
        switch error.code {
        case .unknown:
            Terminal.note(
                """
                The command may have been carried out. Give it again with --id \(session.text) to \
                settle it: it is carried out once.
                """
            )
        case .unreachable:
            Terminal.note(
                "Nothing was sent. Is invd running, and is --server or INVCTL_SERVER right?"
            )
        default:
            break
        }
    }

    // MARK: - Money and quantities

    func money(_ text: String, _ what: String) throws -> Money {
        let decimals = self.server.currencyDecimals
        guard let value = DecimalText.parse(text, decimals: decimals) else {
            throw ValidationError(
                """
                \(what) is '\(text)', not an amount of \(self.server.currencyCode) with at most \
                \(decimals) decimals
                """
            )
        }
        return Money(value)
    }

    func format(_ money: Int64) -> String {
        let text = DecimalText.format(money, decimals: self.server.currencyDecimals)
        return DecimalText.grouped(text) + " " + self.server.currencyCode
    }

    func quantity(_ text: String, of product: ProductInfo, _ what: String) throws -> Int64 {
        guard let value = DecimalText.parse(text, decimals: product.unitDecimals) else {
            let kind =
                product.unitDecimals == 0
                ? "a whole number" : "a number with at most \(product.unitDecimals) decimals"
            throw ValidationError("\(what) of \(product.sku) is '\(text)', not \(kind)")
        }
        return value
    }

    // MARK: - Queries

    /// Prints the answer to a query as it comes.
    func list(_ query: Query, isSingle: Bool = false) async throws {
        var printer = ResultPrinter(
            self.options.format,
            currencyDecimals: self.server.currencyDecimals,
            fields: self.options.fieldNames
        )
        printer.isSingle = isSingle
        var schema: [ResultField] = []
        for try await part in self.client.rows(of: query) {
            schema = part.table.schema
            for field in self.options.fieldNames where part.table.column(named: field) == nil {
                let known = schema.map { $0.name }.joined(separator: ", ")
                throw ValidationError("there is no column '\(field)'; there are \(known)")
            }
            if part.table.rowCount > 0 { printer.print(part.table) }
        }
        printer.finish(schema: schema)
    }

    // MARK: - Commands

    /// Has a command carried out; a refusal is told in a sentence and ends the program.
    func send(_ command: Command) async throws -> Outcome.Done {
        switch try await self.client.send(command) {
        case .done(let done):
            return done
        case .refused(let refusal):
            try await self.fail(refusal)
        case .batch(let outcomes):
            for case .refused(let refusal) in outcomes { try await self.fail(refusal) }
            guard case .done(let done)? = outcomes.last else { throw Exit.failed }
            return done
        }
    }

    /// A refusal in the words of this database's currency.
    func sentence(_ refusal: Refusal) -> String {
        refusal.sentence(
            decimals: self.server.currencyDecimals,
            currency: self.server.currencyCode,
            sku: nil
        )
    }

    func fail(_ refusal: Refusal) async throws -> Never {
        let sku = await self.sku(in: refusal)
        let sentence = refusal.sentence(
            decimals: self.server.currencyDecimals,
            currency: self.server.currencyCode,
            sku: sku
        )
        if self.options.format == .json || self.options.format == .ndjson {
            var object = JSONObject()
            object.add("error", refusal.code.name)
            object.add("code", raw: String(refusal.code.rawValue))
            object.add("message", sentence)
            Terminal.note(object.text)
        } else {
            Terminal.note("error: \(sentence)")
        }
        throw Exit.code(for: refusal)
    }

    /// The SKU of the product that a shortage is about, for the sentence.
    private func sku(in refusal: Refusal) async -> (sku: String, location: String)? {
        guard case .shortage(let shortage) = refusal.innermost.detail else { return nil }
        let query = Query.levels(
            LevelQuery(product: shortage.product, location: shortage.location)
        )
        guard let rows = try? await self.client.query(query).table, rows.rowCount > 0 else {
            return nil
        }
        return (rows.text(0, "sku"), rows.text(0, "location"))
    }
}

extension SessionID {
    /// 32 hexadecimal digits as they are; any other text by a hash of it.
    init(naming text: String) {
        if text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        {
            self.init(high: high, low: low)
            return
        }
        self.init(hashing: text)
    }

    var text: String {
        func hex(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        return hex(self.high) + hex(self.low)
    }
}
