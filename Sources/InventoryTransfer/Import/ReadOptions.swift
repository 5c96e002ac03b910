package import Foundation

/// How the text of a file becomes rows; what is `nil` is detected.
package struct ReadOptions: Sendable {
    /// `FIELD=COLUMN`, as typed.
    package var map: [String] = []
    /// Whether columns that are not named like a field are guessed.
    package var guesses = true
    /// The character encoding.
    package var encoding: TextEncoding?
    /// The character between fields.
    package var delimiter: FieldDelimiter?
    /// The character before decimals; `nil` if each column decides.
    package var decimal: DecimalMark?
    /// The format of dates and times; `nil` for ISO 8601.
    package var pattern: DatePattern?
    /// The zone of times without an offset from UTC.
    package var zone: TimeZone = TimeText.utc
    /// The system that wrote the file.
    package var preset: Preset?
    /// How many units a price or a cost is for, in rows that do not say.
    package var per: Int64 = 1
    /// Whether the rows are those of a workbook.
    package var isWorkbook = false
    /// Why rows cannot be read, by their number; known before the file is.
    package var problems: [Int: String] = [:]

    /// Creates options that detect everything.
    package init() {}

    var times: FileTimes.Format { FileTimes.Format(zone: self.zone, pattern: self.pattern) }
}
