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

    /// Returns the point in the past, typed in the zone of the shell; `nil` for now.
    func point(_ shell: Shell) throws -> AsOf? {
        let zone = shell.settings.zone
        if let effective = try Instant(self.effective, "--effective", in: zone) {
            return .effective(effective)
        }
        return try AsOf(argument: self.asOf, in: zone)
    }
}

extension AsOf {
    /// Returns the description of the point in the past, printed to standard error.
    func note(_ clock: ClockText) -> String {
        switch self {
        case .lsn(let lsn): "as of LSN \(lsn): what was recorded by then"
        case .time(let time):
            "as of \(clock.format(time.microseconds)): what was recorded by then"
        case .effective(let time):
            "as of \(clock.format(time.microseconds)): what had happened by then"
        }
    }
}

extension Query {
    /// The word for the rows of the answer.
    var rowNoun: String {
        switch self {
        case .product, .products: "products"
        case .levels: "stock"
        case .categories, .categoryRollup: "categories"
        case .locations: "locations"
        case .ledger: "movements"
        case .lowStock: "low stock"
        case .sales: "sales"
        case .refusals: "unmet demand"
        case .reservations: "reservations"
        case .transfers: "transfers"
        case .lastStep: "movements"
        case .importRuns: "imports"
        case .importSteps: "steps"
        case .verify: "checks"
        case .stateChecksum: "checksums"
        case .stats: "statistics"
        }
    }

    /// The point in the past that the query is about; `nil` for now.
    var asOf: AsOf? {
        switch self {
        case .product(_, let asOf), .categoryRollup(let asOf): asOf
        case .products(let search): search.asOf
        case .levels(let query): query.asOf
        case .categories, .locations, .ledger, .lowStock, .sales, .refusals, .reservations,
            .transfers, .lastStep, .importRuns, .importSteps, .verify, .stats, .stateChecksum:
            nil
        }
    }
}
