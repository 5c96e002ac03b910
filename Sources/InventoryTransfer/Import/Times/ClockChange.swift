import Foundation
internal import InventoryModel

/// What a change of clocks makes of a local time.
///
///     spring    01:59 ─▶ 03:00      02:30 is skipped: the offset before the change makes it 03:30
///     autumn    02:59 ─▶ 02:00      02:30 comes twice: it is the first of the two
enum ClockChange: Sendable {
    case skipped
    case repeated

    /// Finds out whether a local time, in seconds since 1970 by the zone's clock, is one of them.
    ///
    /// The result is `nil` for a time that comes once.
    init?(of local: Int64, in zone: TimeZone) {
        func offset(at utc: Int64) -> Int64 {
            Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(utc))))
        }
        let around = [offset(at: local - 86_400), offset(at: local + 86_400)]
        let valid = Set(around.filter { offset(at: local - $0) == $0 })
        switch valid.count {
        case 0: self = .skipped
        case 1: return nil
        default: self = .repeated
        }
    }
}

/// The rows of a file at local times that a change of clocks skips or repeats.
struct ClockChangeRows: Sendable {
    /// Some rows: how many, and the first ones.
    struct Rows: Sendable {
        private(set) var count = 0
        private(set) var first: [Int] = []

        /// The most rows that are named.
        private static let firstMax = 3

        fileprivate mutating func add(_ row: Int) {
            self.count += 1
            if self.first.count < Self.firstMax { self.first.append(row) }
        }

        fileprivate mutating func add(_ later: Rows, rowsBefore: Int) {
            self.count += later.count
            let rest = Self.firstMax - self.first.count
            self.first += later.first.prefix(rest).map { $0 + rowsBefore }
        }

        /// `3 rows (2, 5, 9) have`, or the same of one row.
        fileprivate var subject: String {
            let more = self.count > self.first.count ? ", …" : ""
            let numbers = self.first.map { String($0) }.joined(separator: ", ") + more
            return self.count == 1
                ? "1 row (\(numbers)) has"
                : "\(DecimalText.grouped(String(self.count))) rows (\(numbers)) have"
        }
    }

    private(set) var skipped = Rows()
    private(set) var repeated = Rows()

    mutating func add(_ change: ClockChange, row: Int) {
        switch change {
        case .skipped: self.skipped.add(row)
        case .repeated: self.repeated.add(row)
        }
    }

    /// Adds the rows of a later part of the file, with `rowsBefore` rows before it.
    mutating func add(_ part: ClockChangeRows, rowsBefore: Int) {
        self.skipped.add(part.skipped, rowsBefore: rowsBefore)
        self.repeated.add(part.repeated, rowsBefore: rowsBefore)
    }

    /// What is said about the rows, with the zone of their times; empty without any.
    func notes(in zone: TimeZone) -> [String] {
        var notes: [String] = []
        if self.skipped.count > 0 {
            notes.append(
                "\(self.skipped.subject) a time that the clocks of \(zone.identifier) skipped when they went "
                    + "forward: read by the offset before, as 02:30 for 03:30"
            )
        }
        if self.repeated.count > 0 {
            notes.append(
                "\(self.repeated.subject) a time that the clocks of \(zone.identifier) showed twice when they "
                    + "went back: read as the first of the two; times with an offset, as "
                    + "2026-10-25T02:30:00+01:00, are exact"
            )
        }
        return notes
    }
}
