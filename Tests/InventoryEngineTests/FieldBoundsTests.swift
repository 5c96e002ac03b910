import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// The bounds in the descriptions of commands are those that the engine checks: each field of each command,
/// at its bounds and right outside of them, with valid values in the other fields.
@Suite struct FieldBoundsTests {
    /// Product 1 with stock, product 2 without any, category and location 1, location 2, reservation 1 and transfer 1, with
    /// stock on hold.
    private static func shop() throws -> Bench {
        var bench = try Bench(products: 1, stock: 1_000)
        try bench.done(.createLocation(LocationDraft(code: "two", name: "Two")))
        let (one, two) = (ProductID(1), LocationID(2))
        let draft = ProductDraft(sku: "T", name: "T", category: CategoryID(1), price: Price(1))
        try bench.done(.createProduct(draft))
        try bench.done(bench.reserve(1, 20))
        let line = DispatchLine(product: one, quantity: 20)
        try bench.done(.dispatchTransfer(DispatchTransfer(from: .main, to: two, lines: [line])))
        try bench.done(.setUnavailable(Hold(product: one, delta: 20, reason: .damaged)))
        return bench
    }

    /// Fields that have a rule beyond their bounds, which the state or another field gives: a value within the
    /// bounds may be refused.
    private static let narrowed: [CommandTag: Set<String>] = [
        .adjust: ["delta"], .setUnavailable: ["delta"], .expectIncoming: ["delta"],
        .writeOff: ["quantity"], .createLocation: ["zone"], .updateLocation: ["zone"],
        .createProduct: ["moreBarcodes"], .updateProduct: ["moreBarcodes"],
    ]

    /// Fields the rule of which implies the bounds, and says something else: what an LSN or a session is,
    /// that quantity and amount agree in sign, that a receipt has too many lines, that no run has the name.
    private static let implied: [CommandTag: Set<String>] = [
        .reverse: ["lsn"], .recordImportRun: ["session"],
        .describeImportRun: ["run", "file", "alreadyThere"],
        .recordPastSale: ["quantity", "amount", "firstLine"],
    ]

    @Test(arguments: CommandTag.described)
    func `the bounds of a command's fields are those of its description`(tag: CommandTag) throws {
        let shop = try Self.shop()
        // The decimals of a product's unit cannot change once stock has moved.
        let product = ProductID(tag == .updateProduct ? 2 : 1)
        for seed in Campaign.seeds(suite: 1...3) {
            var fields = BoundedFields(choosing: nil, product: product, seed: seed)
            let valid = Command(tag, visiting: &fields)
            let outcome = shop.state.decide(valid, at: shop.time).outcome
            if case .refused(let refusal) = outcome {
                let isImplied = Self.implied[tag]?.contains(refusal.field ?? "") ?? false
                #expect(
                    refusal.field == nil || isImplied,
                    "seed \(seed): \(valid) is refused: \(refusal)"
                )
            }
            for (index, value) in fields.found.enumerated() {
                var fields = BoundedFields(choosing: index, product: product, seed: seed)
                let command = Command(tag, visiting: &fields)
                let outcome = shop.state.decide(command, at: shop.time).outcome
                self.check(outcome, of: value, in: tag)
            }
        }
    }

    private func check(
        _ outcome: Outcome,
        of value: BoundaryValue,
        in tag: CommandTag
    ) {
        let name = "\(tag) with \(value.field) = \(value.value)"
        guard case .refused(let refusal) = outcome else {
            #expect(value.isInside, "\(name) is accepted")
            return
        }
        if Self.implied[tag]?.contains(value.field) ?? false { return }
        if value.isInside {
            let isNarrowed = Self.narrowed[tag]?.contains(value.field) ?? false
            #expect(refusal.field != value.field || isNarrowed, "\(name) is refused: \(refusal)")
            return
        }
        #expect(refusal.detail == Self.detail(of: value), "\(name)")
    }

    private static func detail(of value: BoundaryValue) -> Refusal.Detail {
        guard value.isText else {
            return .range(
                value.field,
                value: value.value,
                lowest: value.bounds.lowerBound,
                highest: value.bounds.upperBound
            )
        }
        let most = value.bounds.upperBound
        return .field(
            value.field,
            problem: value.value == 0
                ? "is empty" : "has \(value.value) bytes; at most \(most) are allowed"
        )
    }
}

extension Refusal {
    /// The field that it is about; `nil` if it is about none.
    fileprivate var field: String? {
        switch self.detail {
        case .range(let field, _, _, _), .field(let field, _): field
        default: nil
        }
    }
}
