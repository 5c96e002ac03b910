internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// Output of the costs that the server assigned to lines of a delivery without a cost.
extension Shell {
    func say(_ done: Outcome.Done, restocked: Restock, _ products: [ProductInfo]) {
        let costs = self.costs(done, restock: restocked, products: products)
        guard self.format == .json || self.format == .ndjson else {
            let words = (costs.map { "\($0.sku) \($0.text)" } + self.rest(done, products))
                .joined(separator: ", ")
            self.say(
                done,
                verb: "restocked",
                products: products,
                adding: words.isEmpty ? "" : "   \(words)"
            )
            return
        }
        var object = self.object(done, products)
        if !costs.isEmpty {
            let rows = costs.map { cost in
                var row = JSONObject()
                row.add("sku", cost.sku)
                if let unit = cost.unit { row.add("unitCost", unit) }
                return row.text
            }
            object.add("costs", raw: "[\(rows.joined(separator: ","))]")
        }
        self.print(object)
    }

    /// What is still incoming of the delivered products, for people.
    private func rest(_ done: Outcome.Done, _ products: [ProductInfo]) -> [String] {
        done.levels.compactMap { level in
            guard level.incoming > 0, let info = products.first(where: { $0.id == level.product })
            else { return nil }
            let rest = DecimalText.format(level.incoming, decimals: info.unitDecimals)
            return "\(info.sku) \(rest) still incoming"
        }
    }

    private struct StatedCost {
        var sku: String
        /// The cost per price basis; `nil` if all stock is owed to backorders and none is on hand.
        var unit: String?
        var text: String
    }

    private func costs(
        _ done: Outcome.Done,
        restock: Restock,
        products: [ProductInfo]
    ) -> [StatedCost] {
        zip(restock.lines, products).compactMap { line, product in
            guard line.unitCost == nil else { return nil }
            let level = done.levels.first { $0.product == line.product }
            guard let level, level.onHand > 0 else {
                return StatedCost(sku: product.sku, text: "at the last known cost")
            }
            let unit = Price.proportion(
                level.value,
                times: Quantity(product.priceBasis),
                over: level.onHand
            )
            let text = DecimalText.format(unit ?? 0, decimals: self.server.currencyDecimals)
            let hint = level.value == 0 ? ", no cost is known: \(product.sku)=QUANTITY@COST" : ""
            return StatedCost(
                sku: product.sku,
                unit: text,
                text: "at the average cost of \(text)\(hint)"
            )
        }
    }
}
