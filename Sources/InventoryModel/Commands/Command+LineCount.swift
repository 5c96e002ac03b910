extension Command {
    /// The largest number of lines of movements that the command makes.
    package var lineCount: Int {
        switch self {
        case .sell(let sale): sale.lines.count
        case .returnSale(let saleReturn): saleReturn.lines.count
        case .restock(let restock): restock.lines.count
        case .reserve(let reserve): reserve.lines.count
        case .extendReservation(let extend): extend.lines.count
        case .releaseReservation(let release): release.lines.count
        // Each line makes two movements.
        case .commitReservation(let commit): 2 * commit.lines.count
        case .dispatchTransfer(let dispatch): 2 * dispatch.lines.count
        case .receiveTransfer(let settlement), .cancelTransfer(let settlement):
            2 * settlement.lines.count
        // Each line has an opening balance.
        case .recordPastSale(let sale): 2 * sale.lines.count
        case .adjust, .count, .setUnavailable, .expectIncoming, .setFloor, .setReorderPoint,
            .writeOff:
            1
        // They have no lines, and count as one command each.
        case .createCategory, .renameCategory, .archiveCategory, .createLocation, .updateLocation,
            .archiveLocation, .createProduct, .updateProduct, .deleteProduct, .reverse,
            .inferProduct, .recordImportRun, .describeImportRun:
            1
        case .batch(let commands, _): commands.reduce(0) { $0 + $1.lineCount }
        }
    }
}
