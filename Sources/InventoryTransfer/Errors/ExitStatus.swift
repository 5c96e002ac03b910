/// What a program that ends says to whoever started it.
///
/// Thrown, it ends a command with nothing more to tell.
package struct ExitStatus: Error, Hashable, Sendable {
    package let rawValue: Int32

    package init(_ rawValue: Int32) { self.rawValue = rawValue }

    package static let success = ExitStatus(0)
}
