/// Receives the results, messages and progress of a transfer.
///
///     print      the result, for standard output
///     note       warnings and hints, for standard error
///     progress   one line that the next one replaces, for a terminal
package protocol TransferMessages: Sendable {
    /// The format of the result.
    var report: TransferReport { get }
    /// Whether to suppress messages other than the result and the errors.
    var isQuiet: Bool { get }
    /// Whether progress is displayed.
    var showsProgress: Bool { get }

    /// Prints a line of the result to standard output.
    func print(_ line: String)
    /// Prints a result as JSON and marks it if it is a replay.
    func print(_ object: JSONObject)
    /// Prints the counts of an import.
    func print(_ summary: ImportSummary)
    /// Lists the rejected rows of an import.
    func list(rejected rows: RejectedRows)
    /// Prints a line to standard error.
    func note(_ line: String)

    /// Replaces the progress line.
    func progress(_ line: String)
    /// Removes the progress line.
    func endProgress()

    /// Sets the message that is printed if the program is interrupted from here on.
    ///
    /// It says what was done so far and how to continue; `nil` if nothing can have changed.
    func setInterruptionMessage(_ message: String?)
    /// Registers an action that runs if the program is interrupted.
    func onInterruption(_ cleanUp: @escaping @Sendable () -> Void)
}

/// The format of a transfer's result.
package enum TransferReport: Sendable {
    /// Sentences for people.
    case text
    /// One object.
    case json
    /// One object for each executed line if the transfer reports line by line, otherwise as ``json``.
    case ndjson

    /// Whether the result is JSON in either form.
    package var isJSON: Bool { self != .text }
}
