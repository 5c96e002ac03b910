package import Foundation

/// Time zones by their IANA names.
package enum ZoneText {
    /// Returns the zone with an IANA name; `nil` for any other text.
    ///
    /// An abbreviation such as BST or IST, which stands for several zones, is none.
    package static func zone(_ name: String) -> TimeZone? {
        // UTC, the default, without loading the time zone database.
        if name == "UTC" { return TimeText.utc }
        guard name.contains("/") || self.plainNames.contains(name) else { return nil }
        return TimeZone(identifier: name)
    }

    /// Returns why a text is no zone.
    ///
    /// - Parameters:
    ///   - name: The text.
    ///   - subject: The option or setting that has it.
    /// - Returns: The message.
    package static func problem(_ name: String, of subject: String) -> String {
        "\(subject) is '\(name)', not an IANA time zone such as Europe/London"
    }

    /// The names of all zones of the world, for completion.
    package static var names: [String] { ["UTC"] + TimeZone.knownTimeZoneIdentifiers }

    /// The names of the tz database without a slash; all others have one.
    private static let plainNames: Set<String> = [
        "CET", "CST6CDT", "Cuba", "EET", "EST", "EST5EDT", "Egypt", "Eire", "GB", "GB-Eire", "GMT",
        "GMT+0", "GMT-0", "GMT0", "Greenwich", "HST", "Hongkong", "Iceland", "Iran", "Israel",
        "Jamaica", "Japan", "Kwajalein", "Libya", "MET", "MST", "MST7MDT", "NZ", "NZ-CHAT",
        "Navajo", "PRC", "PST8PDT", "Poland", "Portugal", "ROC", "ROK", "Singapore", "Turkey",
        "UCT", "UTC", "Universal", "W-SU", "WET", "Zulu",
    ]
}
