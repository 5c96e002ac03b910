import ArgumentParser
import Foundation
internal import InventoryModel
import InventoryTransfer

/// When a movement happened, of commands that record one later.
struct DateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "When it happened, if not now: 2026-03-01, 2026-03-01T12:30 or yesterday, in --zone; at most 7 days "
                + "ago. A day alone is its first instant.",
            valueName: "time"
        )
    )
    var date: String?
    @OptionGroup var times: ZoneOptions

    func validate() throws {
        guard let date, Self.parse(date, zone: TimeText.utc) == nil else { return }
        throw ValidationError(
            "--date is '\(date)', not a time such as 2026-03-01, 2026-03-01T12:30 or yesterday"
        )
    }

    /// Returns when it happened; `nil` for now.
    func occurred(_ shell: Shell) -> Occurrence? {
        self.date.flatMap { Self.parse($0, zone: shell.settings.zone) }.map { Occurrence(at: $0) }
    }

    private static func parse(_ text: String, zone: TimeZone) -> Instant? {
        switch text {
        case "today": TimeText.startOfDay(daysAgo: 0, at: TimeText.now(), zone: zone)
        case "yesterday": TimeText.startOfDay(daysAgo: 1, at: TimeText.now(), zone: zone)
        default: TimeText.parse(text, zone: zone)
        }
    }
}
