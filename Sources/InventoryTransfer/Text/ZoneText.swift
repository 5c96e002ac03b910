package import Foundation
internal import InventoryModel

/// Time zones by their IANA names.
package enum ZoneText {
    /// Returns the zone with an IANA name; `nil` for any other text.
    ///
    /// An abbreviation such as BST or IST, which stands for several zones, is none.
    package static func zone(_ name: String) -> TimeZone? {
        // UTC, the default, without loading the time zone database.
        if name == "UTC" { return TimeText.utc }
        return isKnownTimeZone(name) ? TimeZone(identifier: name) : nil
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
}
