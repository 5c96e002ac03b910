/// Every maximum of the domain, in one place.
///
/// A value beyond its limit is refused with `out_of_range`, `invalid_field` or `too_many_lines`,
/// naming the field and the limit; nothing is ever cut short or wrapped.
public enum Limits {
    /// Money in minor units: 2^53 − 1, so that a browser reads every amount exactly.
    public static let moneyMax: Int64 = (1 << 53) - 1
    /// A quantity in base units.
    public static let quantityMax: Int64 = 1_000_000_000_000
    /// UTF-8 bytes of a SKU, after trimming.
    public static let skuByteCountMax = 64
    /// UTF-8 bytes of a barcode, after trimming.
    public static let barcodeByteCountMax = 64
    /// UTF-8 bytes of the name of a product, category or location, after trimming.
    public static let nameByteCountMax = 200
    /// UTF-8 bytes of a unit's code.
    public static let unitByteCountMax = 16
    /// Decimals of a unit: 6 counts grams in tonnes.
    public static let unitDecimalsMax: UInt8 = 6
    /// UTF-8 bytes of a location's code.
    public static let locationCodeByteCountMax = 64
    /// UTF-8 bytes of an IANA time zone name.
    public static let zoneByteCountMax = 64
    /// UTF-8 bytes of a reference: an order, an invoice, a receipt.
    public static let referenceByteCountMax = 200
    /// UTF-8 bytes of a note.
    public static let noteByteCountMax = 1_000
    /// UTF-8 bytes of a text that a question has.
    public static let textByteCountMax = 8_192
    /// UTF-8 bytes of an actor's name.
    public static let actorByteCountMax = 64
    /// Lines of one sale, return, restock, reservation or transfer.
    public static let linesMax = 2_048
    /// Commands of one batch.
    public static let batchMax = 8_190
    /// Lines of all commands of one request together, so that what one step writes stays bounded.
    public static let batchLinesMax = 16_384
    /// Movements of one step: a line makes at most two, unless a returned line is spread over many
    /// lines of its sale.
    public static let stepMovementsMax = 2 * batchLinesMax
    /// Products, categories: ids are 32 bits wide.
    public static let productsMax: UInt32 = .max - 1
    public static let categoriesMax: UInt32 = .max - 1
    /// Locations: ids are 16 bits wide.
    public static let locationsMax: UInt16 = .max - 1
    /// Reservations and transfers: ids are 32 bits wide.
    public static let reservationsMax: UInt32 = .max - 1
    public static let transfersMax: UInt32 = .max - 1
    /// Reservations that hold stock at once.
    public static let openReservationsMax = 1_000_000
    /// Transfers on their way at once.
    public static let openTransfersMax = 1_000_000
    /// How far ahead a reservation may expire: 400 days.
    public static let reservationSecondsMax: Int64 = 400 * 86_400
    /// Reservations that one tick lets go of; what else is due waits for the next.
    public static let tickReservationsMax = 1_024
    /// How long before its recording a movement may have happened, unless it says it is imported.
    public static let occurredAtPastSeconds: Int64 = 7 * 86_400
    /// How far ahead of the server's clock a movement may claim to have happened: a day, so that a
    /// date of any time zone can be given.
    public static let occurredAtFutureSeconds: Int64 = 86_400
    /// The first and the last instant that anything may happen, be expected or end at, in
    /// microseconds: the years 1 to 9999, as ISO 8601 writes them.
    public static let instantMin: Int64 = -62_135_596_800_000_000
    public static let instantMax: Int64 = 253_402_300_799_999_999
    /// How many of a product's unit its reorder point is where nobody says one.
    public static let defaultReorderUnits: Int64 = 10
    /// Sessions remembered at once; beyond it another is refused with `overloaded`, unless one of them may go.
    public static let sessionsMax = 4_096
    /// Outcomes remembered of each session: no more requests of it may be in flight.
    public static let sessionWindow = 1_024
    /// Bytes of remembered outcomes of one session; older outcomes are forgotten beyond it.
    public static let sessionOutcomeByteCountMax = 256 << 10
    /// A session unused for this long, and not open on a connection, is forgotten: a week.
    public static let sessionIdleSeconds: Int64 = 7 * 86_400
    /// How long an unused session is remembered even where there are too many: a day.
    public static let sessionKeptSeconds: Int64 = 86_400
    /// How long a session is remembered that never had a command, where there are too many.
    public static let sessionUnusedSeconds: Int64 = 60
    /// UTF-8 bytes of an idempotency key.
    public static let keyByteCountMax = 64
    /// Keys that one step forgets; what else is due waits for the next.
    public static let tickKeysMax = 4_096
    /// Bytes of an outcome that is remembered, by a session or under a key.
    public static let outcomeByteCountMax = 64 << 10
    /// Bytes of an outcome ahead of its levels, at most.
    public static let outcomeHeadByteCountMax = 48
    /// Bytes of a refusal in the outcome of a batch, at most: beyond it, it has no detail.
    public static let outcomeRefusalByteCountMax = 128
    /// Bytes of a level in an outcome, at most.
    public static let outcomeLevelByteCountMax = 80
    /// Rows one query may ask for; a longer list is asked for page by page, by its key.
    public static let queryRowsMax = 10_000_000
    /// Ids one subscription's filter may list.
    public static let filterIDsMax = 4_096
    /// Windows a second of a conflated subscription.
    public static let updatesPerSecondMax: UInt8 = 60
    /// Fewest and most days a supplier may take.
    public static let leadTimeDaysMax: UInt16 = 3_650
}
