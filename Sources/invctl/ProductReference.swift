import ArgumentParser
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire

/// How commands find the product that a person types or a scanner reads: by SKU, else by barcode, else by the
/// rules of the setting `barcode-rules`.
///
///     LAP-01                       the SKU
///     4006381333931                the barcode
///     2112345012506                item 12345, 1.250 kg        weight:21IIIIINNDDDC
///     (01)04006381333931(3103)…    the barcode, and its weight in kg
struct ProductReference {
    let product: ProductInfo
    /// What the code says beside the product; `nil` for a SKU or a barcode.
    let scanned: ScannedCode?
}

extension Shell {
    /// Returns the product with that SKU or barcode.
    ///
    /// - Throws: ``Failure`` with exit code 3 and similar SKUs as a hint if there is none.
    func product(_ name: String) async throws -> ProductInfo {
        try await self.reference(name).product
    }

    /// Returns the product that a name or a scanned code means.
    ///
    /// - Throws: ``Failure`` with exit code 3 and similar SKUs as a hint if there is none.
    func reference(_ name: String) async throws -> ProductReference {
        if let found = try await self.find(name) {
            return ProductReference(product: found, scanned: nil)
        }
        guard let scanned = try self.scanned(name) else {
            throw Self.notFound(name, near: try await self.similar(to: name))
        }
        for name in scanned.names {
            guard let found = try await self.find(name) else { continue }
            self.noteWhatIsNotKept(scanned)
            return ProductReference(product: found, scanned: scanned)
        }
        throw Self.notFound(name, item: scanned.names)
    }

    private func find(_ name: String) async throws(ClientError) -> ProductInfo? {
        try await self.client.product(named: name).map { ProductInfo($0.product) }
    }

    private func scanned(_ code: String) throws(Failure) -> ScannedCode? {
        do throws(ScannedCodeProblem) {
            return try self.settings.barcodeRules.read(code)
        } catch {
            throw .usage("'\(code)': \(error.text)")
        }
    }

    /// Says what a code has that a sale does not record.
    private func noteWhatIsNotKept(_ code: ScannedCode) {
        guard !self.options.isQuiet else { return }
        if let lot = code.lot {
            self.note("note: lots are not supported: the lot \(lot) is not kept")
        }
        if let date = code.expires {
            self.note("note: expires \(date); expiration dates are not kept")
        }
    }

    private static func notFound(_ name: String, near: [String]) -> Failure {
        self.notFound(
            name,
            hint: near.isEmpty
                ? "invctl product list TEXT searches by SKU, name and barcode."
                : "Did you mean \(near.joined(separator: " or "))?"
        )
    }

    private static func notFound(_ name: String, item names: [String]) -> Failure {
        let all = names.map { "'\($0)'" }.joined(separator: " or ")
        return self.notFound(name, hint: "By the barcode rules it is the product \(all).")
    }

    private static func notFound(_ name: String, hint: String) -> Failure {
        Failure(
            RefusalCode.productNotFound.name,
            "no product has the SKU or barcode '\(name)'",
            hint: hint,
            number: RefusalCode.productNotFound.rawValue,
            exit: Exit.notFound
        )
    }
}

// MARK: - Lines

extension Shell {
    /// Returns the products of lines, whose quantities are typed.
    func products(of lines: [LineArgument]) async throws -> [ProductInfo] {
        var products: [ProductInfo] = []
        for line in lines { products.append(try await self.product(line.sku)) }
        return products
    }

    /// Returns the products of lines that move goods, and the lines with the quantities and prices of scanned
    /// codes; what was typed takes precedence.
    func scannedLines(
        _ lines: [LineArgument]
    ) async throws -> (lines: [LineArgument], products: [ProductInfo]) {
        var (whole, products): ([LineArgument], [ProductInfo]) = ([], [])
        for line in lines {
            let reference = try await self.reference(line.sku)
            whole.append(try self.line(line, reference))
            products.append(reference.product)
        }
        return (whole, products)
    }

    private func line(
        _ line: LineArgument,
        _ reference: ProductReference
    ) throws -> LineArgument {
        guard line.quantity == nil, let measure = reference.scanned?.measure else { return line }
        let product = reference.product
        var line = line
        switch measure {
        case .quantity(let text):
            line.quantity = text
        case .kilograms(let text):
            line.quantity = try Self.weight(text, of: product)
        case .amount(let text):
            let amount = try self.money(text, "the price of the code")
            let isWhole = product.unitDecimals == 0
            guard let split = AmountSplit(of: amount, at: product.price, isWhole: isWhole) else {
                throw Failure.usage(
                    "'\(line.sku)': no quantity of \(product.sku) at its price is \(text)"
                )
            }
            line.quantity = DecimalText.format(split.quantity, decimals: product.unitDecimals)
            line.price = split.price.map {
                DecimalText.format($0, decimals: self.server.currencyDecimals)
            }
        }
        return line
    }

    /// Returns a weight in kilograms in the unit of a product.
    private static func weight(
        _ kilograms: String,
        of product: ProductInfo
    ) throws(Failure) -> String {
        switch product.unitCode.lowercased() {
        case "kg": return kilograms
        case "g":
            // Six decimals: as many as a weight of GS1 has.
            guard let millionths = DecimalText.parse(kilograms, decimals: 6) else {
                return kilograms
            }
            return DecimalText.format(millionths, decimals: 3)
        case let unit:
            throw .usage(
                "the code has a weight of \(kilograms) kg, but \(product.sku) is counted in \(unit)"
            )
        }
    }
}
