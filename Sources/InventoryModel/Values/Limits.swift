/// Every limit of the domain, in one place.
///
/// A value beyond its limit is refused with `out_of_range`, `invalid_field` or `too_many_lines`,
/// which names the field and the limit; values are never truncated or wrapped.
public enum Limits {
    /// Money in minor units: 2^53 − 1, so that a browser reads every amount exactly.
    public static let moneyMax: Int64 = (1 << 53) - 1
    /// A quantity in base units.
    public static let quantityMax: Int64 = 1_000_000_000_000
    /// UTF-8 bytes of a SKU, after trimming.
    public static let skuByteCountMax = 64
    /// UTF-8 bytes of a barcode, after trimming.
    public static let barcodeByteCountMax = 64
    /// Barcodes of a product beside the first one.
    public static let moreBarcodesMax = 15
    /// UTF-8 bytes of these barcodes together, with a blank between each two.
    public static let moreBarcodesByteCountMax = moreBarcodesMax * (barcodeByteCountMax + 1) - 1
    /// UTF-8 bytes of a brand, after trimming.
    public static let brandByteCountMax = 100
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
    /// UTF-8 bytes of a text in a query or an insight.
    public static let textByteCountMax = 8_192
    /// UTF-8 bytes of an actor's name.
    public static let actorByteCountMax = 64
    /// Lines of one sale, return, restock, reservation or transfer.
    public static let linesMax = 2_048
    /// Lines of one receipt of the past, over all the commands that record parts of it.
    public static let receiptLinesMax = 1_000_000
    /// Parts in which one receipt of the past is recorded: commands, each with consecutive lines of it.
    ///
    /// Bounds what recording a part costs. A part takes about 40 bytes of memory.
    public static let receiptPartsMax = 1_024
    /// Commands of one batch.
    public static let batchMax = 8_190
    /// Lines of all commands of one request together; bounds what one step writes.
    public static let batchLinesMax = 16_384
    /// Movements of one step: a line makes at most two, unless a returned line is spread over several
    /// lines of its sale.
    public static let stepMovementsMax = 2 * batchLinesMax
    /// The highest product id: ids are 32 bits wide.
    public static let productsMax: UInt32 = .max - 1
    /// The highest category id: ids are 32 bits wide.
    public static let categoriesMax: UInt32 = .max - 1
    /// The highest location id: ids are 16 bits wide.
    public static let locationsMax: UInt16 = .max - 1
    /// The highest reservation id: ids are 32 bits wide.
    public static let reservationsMax: UInt32 = .max - 1
    /// The highest transfer id: ids are 32 bits wide.
    public static let transfersMax: UInt32 = .max - 1
    /// Active reservations at any time.
    public static let openReservationsMax = 1_000_000
    /// Transfers in transit at any time.
    public static let openTransfersMax = 1_000_000
    /// How far in the future a reservation may expire, in seconds: 400 days.
    public static let reservationSecondsMax: Int64 = 400 * 86_400
    /// Reservations that one tick expires; the next tick expires the rest.
    public static let tickReservationsMax = 1_024
    /// How long before its recording a movement may have occurred, in seconds, unless it is imported: 7 days.
    public static let occurredAtPastSeconds: Int64 = 7 * 86_400
    /// How far ahead of the server's clock a movement may have occurred, in seconds.
    ///
    /// A day, so that the current date of any time zone is accepted.
    public static let occurredAtFutureSeconds: Int64 = 86_400
    /// The first valid instant, in microseconds since 1970-01-01 UTC: the start of the year 1 (ISO 8601).
    public static let instantMin: Int64 = -62_135_596_800_000_000
    /// The last valid instant, in microseconds since 1970-01-01 UTC: the end of the year 9999 (ISO 8601).
    public static let instantMax: Int64 = 253_402_300_799_999_999
    /// The default reorder point of a product, in whole units.
    public static let defaultReorderUnits: Int64 = 10
    /// Sessions remembered at once; a further one is refused with `overloaded`, unless an old one may be
    /// evicted.
    public static let sessionsMax = 4_096
    /// Outcomes remembered of each session, and therefore the most requests it may have in flight.
    public static let sessionWindow = 1_024
    /// Bytes of remembered outcomes of one session; beyond it, the oldest are forgotten.
    public static let sessionOutcomeByteCountMax = 256 << 10
    /// Seconds after which a session that is unused and not open on a connection is forgotten: a week.
    public static let sessionIdleSeconds: Int64 = 7 * 86_400
    /// Seconds for which an unused session is remembered even if there are too many: a day.
    public static let sessionKeptSeconds: Int64 = 86_400
    /// Seconds for which a session that never had a command is remembered if there are too many.
    public static let sessionUnusedSeconds: Int64 = 60
    /// UTF-8 bytes of an idempotency key.
    public static let keyByteCountMax = 64
    /// Idempotency keys that one step forgets; the next step forgets the rest.
    public static let tickKeysMax = 4_096
    /// Bytes of an outcome that is remembered by a session or under an idempotency key.
    public static let outcomeByteCountMax = 64 << 10
    /// Bytes of an outcome before its levels.
    public static let outcomeHeadByteCountMax = 48
    /// Bytes of a refusal in the outcome of a batch; a larger one loses its detail.
    public static let outcomeRefusalByteCountMax = 128
    /// Bytes of a level in an outcome.
    public static let outcomeLevelByteCountMax = 80
    /// Runs of imports, which are retained as long as the ledger.
    public static let importRunsMax = 10_000_000
    /// Rows of a finished import.
    public static let importRowsMax: Int64 = 1_000_000_000_000
    /// UTF-8 bytes of the name of an imported file.
    public static let importFileByteCountMax = 255
    /// UTF-8 bytes of a hash of a file, or of an import's layout: SHA-256 in hexadecimal digits.
    public static let importHashByteCountMax = 64
    /// Rows that one query may request; longer lists are read page by page, by key.
    public static let queryRowsMax = 10_000_000
    /// Ids in the filter of one subscription.
    public static let filterIDsMax = 4_096
    /// Updates per second of a conflated subscription.
    public static let updatesPerSecondMax: UInt8 = 60
    /// The longest lead time of a supplier, in days: 10 years.
    public static let leadTimeDaysMax: UInt16 = 3_650
}
