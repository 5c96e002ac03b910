import Foundation
internal import InventoryModel
import InventoryTransfer

/// Formats cells for people and for programs.
struct CellText: Sendable {
    let currencyDecimals: UInt8
    /// How instants are shown to people; `nil` for the exact form in UTC.
    var clock: ClockText?
    /// The labels of spans of time; `nil` if the answer has none.
    var buckets: BucketText?
    /// Whether it is for people: money is written 2,039.97, and a number with a readable number of
    /// decimals.
    var groupsMoney = false

    func text(_ table: ResultTable, row: Int, column: Int) -> String {
        switch table.cell(row, column) {
        case .none: return ""
        case .text(let text): return text
        case .number(let value):
            return self.groupsMoney ? NumberText.readable(value) : NumberText.exact(value)
        case .integer(let value):
            switch table.columns[column].field.kind {
            case .money:
                let text = DecimalText.format(value, decimals: self.currencyDecimals)
                return self.groupsMoney ? DecimalText.grouped(text) : text
            case .quantity:
                return DecimalText.format(value, decimals: Self.unitDecimals(table, row))
            case .instant:
                if let buckets, let unit = BucketText.unit(table.columns[column].field) {
                    return buckets.label(value, unit, separator: self.clock == nil ? "T" : " ")
                }
                return self.clock?.format(value) ?? TimeText.format(value)
            case .boolean: return value == 0 ? "false" : "true"
            case .integer, .text, .number: return String(value)
            }
        }
    }

    /// Returns the decimals of the quantities in a row.
    static func unitDecimals(_ table: ResultTable, _ row: Int) -> UInt8 {
        guard let column = table.column(named: "unitDecimals"),
            case .integer(let decimals) = table.cell(row, column)
        else { return 0 }
        return UInt8(clamping: decimals)
    }
}

/// Formats instants for people: to the second, in a time zone, with its offset.
struct ClockText: Sendable {
    var zone: TimeZone?

    /// Returns `2026-03-01 12:30:05Z`, or the local time with the zone's offset from UTC.
    func format(_ microseconds: Int64) -> String {
        let microseconds = Instant(microseconds: microseconds).clampedToCalendar.microseconds
        var seconds = microseconds / 1_000_000
        if microseconds % 1_000_000 < 0 { seconds -= 1 }
        let date = Date(timeIntervalSince1970: TimeInterval(seconds))
        let offset = Int64(self.zone?.secondsFromGMT(for: date) ?? 0)
        let local = TimeText.format((seconds + offset) * 1_000_000).dropLast()
        return local.replacing("T", with: " ") + Self.suffix(offset)
    }

    /// Returns an offset from UTC in seconds as `+01:00`; Z for none.
    static func suffix(_ offset: Int64) -> String {
        guard offset != 0 else { return "Z" }
        let minutes = abs(offset) / 60
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return (offset < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60)
    }
}
