/// The bounds of the fields of commands, each stated once, from the maxima of ``Limits``.
///
///     FieldBounds ──▶ descriptions     invctl help, apply, result columns, imports
///                 ──▶ rules            decide and the fast paths, whose refusals state them
///                 ──▶ arguments        invctl
///
/// Numbers are in base units, minor units or as they are; those of a text are UTF-8 bytes after trimming.
/// A rule may be stricter where the state says so: no more can be put on hold than is on hand.
public enum FieldBounds {
    // MARK: - Quantities and amounts

    /// The quantity of a line, and the base units of a pack, in base units.
    @inlinable public static var quantities: ClosedRange<Int64> { 1...Limits.quantityMax }
    /// A quantity that may be 0: a count, an opening stock, a reorder point or target.
    @inlinable public static var counts: ClosedRange<Int64> { 0...Limits.quantityMax }
    /// A change of a quantity, a floor, a balance, or the quantity of a past sale.
    @inlinable public static var deltas: ClosedRange<Int64> {
        -Limits.quantityMax...Limits.quantityMax
    }
    /// A price or a cost, in minor units.
    @inlinable public static var amounts: ClosedRange<Int64> { 0...Limits.moneyMax }
    /// The amount of a past sale or return, in minor units.
    @inlinable public static var signedAmounts: ClosedRange<Int64> {
        -Limits.moneyMax...Limits.moneyMax
    }
    /// The base units that a price is for.
    @inlinable public static var priceBases: ClosedRange<Int64> { 1...Limits.quantityMax }
    /// The decimals of a unit.
    @inlinable public static var unitDecimals: ClosedRange<Int64> {
        0...Int64(Limits.unitDecimalsMax)
    }
    /// The lead time of a supplier, in days.
    @inlinable public static var leadTimeDays: ClosedRange<Int64> {
        0...Int64(Limits.leadTimeDaysMax)
    }

    // MARK: - Times, numbers and lists

    /// An instant, in microseconds since 1970-01-01 UTC.
    @inlinable public static var instants: ClosedRange<Int64> {
        Limits.instantMin...Limits.instantMax
    }
    /// How far ahead a reservation expires, in seconds.
    @inlinable public static var expirySeconds: ClosedRange<Int64> {
        1...Limits.reservationSecondsMax
    }
    /// An LSN that a command refers to.
    @inlinable public static var lsns: ClosedRange<Int64> { 1...Int64.max }
    /// The lines of a command.
    @inlinable public static var lines: ClosedRange<Int64> { 1...Int64(Limits.linesMax) }
    /// The number of the first line of a part in its receipt.
    @inlinable public static var receiptLines: ClosedRange<Int64> {
        0...Int64(Limits.receiptLinesMax - 1)
    }
    /// The rows that an import counts.
    @inlinable public static var importRows: ClosedRange<Int64> { 0...Limits.importRowsMax }

    // MARK: - Bytes of strings

    /// A SKU.
    @inlinable public static var sku: ClosedRange<Int> { 1...Limits.skuByteCountMax }
    /// The name of a product, category or location.
    @inlinable public static var name: ClosedRange<Int> { 1...Limits.nameByteCountMax }
    /// The barcode of a product, which may have none.
    @inlinable public static var barcode: ClosedRange<Int> { 0...Limits.barcodeByteCountMax }
    /// The further barcodes of a product together.
    @inlinable public static var moreBarcodes: ClosedRange<Int> {
        0...Limits.moreBarcodesByteCountMax
    }
    /// A brand.
    @inlinable public static var brand: ClosedRange<Int> { 0...Limits.brandByteCountMax }
    /// The code of a unit.
    @inlinable public static var unitCode: ClosedRange<Int> { 1...Limits.unitByteCountMax }
    /// The code of a location.
    @inlinable public static var locationCode: ClosedRange<Int> {
        1...Limits.locationCodeByteCountMax
    }
    /// The name of a time zone.
    @inlinable public static var zone: ClosedRange<Int> { 1...Limits.zoneByteCountMax }
    /// A reference.
    @inlinable public static var reference: ClosedRange<Int> { 0...Limits.referenceByteCountMax }
    /// A note.
    @inlinable public static var note: ClosedRange<Int> { 0...Limits.noteByteCountMax }
    /// An idempotency key, or the name of an import's run.
    @inlinable public static var key: ClosedRange<Int> { 1...Limits.keyByteCountMax }
    /// A hash of an import's file or layout.
    @inlinable public static var importHash: ClosedRange<Int> { 0...Limits.importHashByteCountMax }
    /// The name of the file of an import's run.
    @inlinable public static var importFile: ClosedRange<Int> { 0...Limits.importFileByteCountMax }
}
