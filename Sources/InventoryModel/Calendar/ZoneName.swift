internal import Foundation

/// Returns whether `name` is a known IANA time zone, such as "Europe/London".
///
/// An abbreviation such as BST or IST, which stands for several zones, is none. The zones are those compiled into
/// the Unicode library, so the answer depends on the program, not on the machine.
public func isKnownTimeZone(_ name: String) -> Bool {
    // UTC, the default, without loading the time zone database.
    if name == "UTC" { return true }
    guard name.contains("/") || plainZoneNames.contains(name) else { return false }
    return TimeZone(identifier: name) != nil
}

/// The names of the tz database without a slash; all others have one.
private let plainZoneNames: Set<String> = [
    "CET", "CST6CDT", "Cuba", "EET", "EST", "EST5EDT", "Egypt", "Eire", "GB", "GB-Eire", "GMT",
    "GMT+0", "GMT-0", "GMT0", "Greenwich", "HST", "Hongkong", "Iceland", "Iran", "Israel",
    "Jamaica", "Japan", "Kwajalein", "Libya", "MET", "MST", "MST7MDT", "NZ", "NZ-CHAT",
    "Navajo", "PRC", "PST8PDT", "Poland", "Portugal", "ROC", "ROK", "Singapore", "Turkey",
    "UCT", "UTC", "Universal", "W-SU", "WET", "Zulu",
]
