import InventoryLoad
import InventoryTransfer

/// The dashboard as JSON: one object with the data of the screen.
struct TopFigures {
    private let model: TopModel

    init(_ model: TopModel) { self.model = model }

    var object: JSONObject {
        var object = JSONObject()
        object.add("zone", self.model.place.zone)
        object.add("salesPerSecond", raw: String(self.model.rate.perSecond))
        object.add("revenueToday", self.money(self.model.book.amountToday))
        object.add("salesToday", raw: String(self.model.book.saleCountToday))
        object.add("topSellers", raw: self.list(self.model.sellers.map { self.seller($0) }))
        object.add("lowStock", raw: self.list(self.model.low.map { self.low($0) }))
        var server = JSONObject()
        for (name, value) in self.model.figures.sorted(by: { $0.key < $1.key }) {
            server.add(name, raw: String(value))
        }
        server.add("pingMicroseconds", raw: String(self.model.pings.value(at: 0.5)))
        object.add("server", raw: server.text)
        return object
    }

    private func list(_ objects: [JSONObject]) -> String {
        "[" + objects.map { $0.text }.joined(separator: ",") + "]"
    }

    private func seller(_ seller: TopModel.Seller) -> JSONObject {
        let item = self.model.item(seller.product)
        var object = JSONObject()
        object.add("sku", item.sku)
        object.add("name", item.name)
        object.add("units", raw: DecimalText.format(seller.sold.units, decimals: item.decimals))
        object.add("revenue", self.money(seller.sold.amount))
        return object
    }

    private func low(_ level: TopModel.LowLevel) -> JSONObject {
        let item = self.model.item(level.spot.product)
        let cover = self.model.book.cover(
            available: level.available,
            at: level.spot,
            now: self.model.now
        )
        var object = JSONObject()
        object.add("sku", item.sku)
        object.add("name", item.name)
        object.add("location", level.location)
        object.add(
            "available",
            raw: DecimalText.format(level.available, decimals: item.decimals)
        )
        object.add(
            "reorderPoint",
            raw: DecimalText.format(level.reorderPoint, decimals: item.decimals)
        )
        // If nothing sells, the stock lasts indefinitely.
        object.add("coverDays", raw: cover.map { String($0) } ?? "null")
        return object
    }

    private func money(_ value: some FixedWidthInteger) -> String {
        DecimalText.format(value, decimals: self.model.place.currencyDecimals)
    }
}
