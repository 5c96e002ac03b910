/// A running program that bytes go through: it packs or unpacks what is written to it.
package protocol FilterProcess: AnyObject, Sendable {
    /// The end to read what it says from; -1 where it writes into a file.
    var output: Int32 { get }

    /// - Returns: Whether it still reads.
    func write(_ bytes: [UInt8]) -> Bool

    func closeInput()

    /// Waits for its end.
    ///
    /// - Returns: Its exit code, or 128 plus the signal that ended it.
    @discardableResult
    func wait() -> Int32
}

/// Starts a program by its name and arguments, its output going into an open file, or to be read if
/// there is none; `nil` if it is not here.
package typealias FilterStart =
    @Sendable (_ arguments: [String], _ file: Int32?) -> (any FilterProcess)?
