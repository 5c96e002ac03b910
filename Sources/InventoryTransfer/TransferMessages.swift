/// Where a transfer says what it does and what it came to.
///
///     print      the result, for standard output
///     note       what is wrong or worth knowing, for standard error
///     progress   one line that the next one replaces, for who waits and watches
package protocol TransferMessages: Sendable {
    /// How the result is told.
    var report: TransferReport { get }
    /// Whether nothing is to be said beyond what was asked for.
    var isQuiet: Bool { get }
    /// Whether anybody sees progress.
    var showsProgress: Bool { get }

    func print(_ line: String)
    /// Prints a result as JSON, and whether it is a repeat.
    func print(_ object: JSONObject)
    func note(_ line: String)

    func progress(_ line: String)
    func endProgress()

    /// Says what to tell should the program be interrupted from here on: what was done so far, and how
    /// to continue; `nil` if nothing can have changed.
    func say(ifInterrupted word: String?)
    /// Has something done should the program be interrupted.
    func whenInterrupted(_ cleanUp: @escaping @Sendable () -> Void)
}

/// How a transfer tells its result.
package enum TransferReport: Sendable {
    /// Sentences for people.
    case text
    /// One object.
    case json
    /// An object for each line that was done, where a transfer answers line by line; else as ``json``.
    case ndjson

    package var isJSON: Bool { self != .text }
}
