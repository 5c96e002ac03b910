/// A running program that compresses or decompresses the bytes written to it.
package protocol FilterProcess: AnyObject, Sendable {
    /// The file descriptor to read the output from; -1 if the program writes to a file.
    var output: Int32 { get }

    /// Writes to the program's standard input.
    ///
    /// - Returns: Whether the program still reads.
    func write(_ bytes: [UInt8]) -> Bool

    /// Closes the program's standard input.
    func closeInput()

    /// Waits for the program to exit.
    ///
    /// - Returns: The exit code, or 128 plus the signal that ended the program.
    @discardableResult
    func wait() -> Int32
}

/// Starts a program by its name and arguments; returns `nil` if it is not installed.
///
/// The output goes to an open file, or to ``FilterProcess/output`` if the file is `nil`.
package typealias FilterStart =
    @Sendable (_ arguments: [String], _ file: Int32?) -> (any FilterProcess)?
