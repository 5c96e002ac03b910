/// The exit status of a process.
///
/// Thrown as an error, it ends a command without a further message.
package struct ExitStatus: Error, Hashable, Sendable {
    /// The code as the shell sees it, 0 to 255.
    package let rawValue: Int32

    /// Creates a status from a code, 0 to 255.
    package init(_ rawValue: Int32) { self.rawValue = rawValue }

    /// Code 0.
    package static let success = ExitStatus(0)
}
