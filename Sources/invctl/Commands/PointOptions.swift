import ArgumentParser
internal import Bytes
import Foundation
internal import InventoryModel
import InventoryTransfer

/// Options for the past: by the time of recording (`--as-of`), or by when things happened
/// (`--effective`).
struct PointOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "As of this LSN or time: what was recorded by then.",
            valueName: "lsn|time"
        )
    )
    var asOf: String?

    @Option(
        help: ArgumentHelp(
            "As of this time: what had happened by then, whenever it was recorded.",
            valueName: "time"
        )
    )
    var effective: String?

    func validate() throws {
        guard self.asOf != nil, self.effective != nil else { return }
        throw ValidationError("give --as-of or --effective, not both")
    }

    /// Returns the point in the past; `nil` for now.
    func point() throws -> AsOf? {
        if let effective = try Instant(option: self.effective, "--effective") {
            return .effective(effective)
        }
        return try AsOf(argument: self.asOf)
    }
}

extension AsOf {
    /// The description of the point in the past, printed to standard error.
    var note: String {
        switch self {
        case .lsn(let lsn): "as of LSN \(lsn): what was recorded by then"
        case .time(let time):
            "as of \(TimeText.format(time.microseconds)): what was recorded by then"
        case .effective(let time):
            "as of \(TimeText.format(time.microseconds)): what had happened by then"
        }
    }
}

extension Query {
    /// The point in the past that the query is about; `nil` for now.
    var asOf: AsOf? {
        switch self {
        case .product(_, let asOf), .categoryRollup(let asOf): asOf
        case .products(let search): search.asOf
        case .levels(let query): query.asOf
        case .categories, .locations, .ledger, .lowStock, .sales, .refusals, .reservations,
            .transfers, .verify, .stats, .stateChecksum:
            nil
        }
    }
}
