public import ArgumentParser
public import Bytes

/// An LSN or a revision on the command line is its number.
extension LSN: ExpressibleByArgument {
    /// Creates the LSN that a decimal number names; `nil` for anything else.
    public init?(argument: String) {
        guard let number = UInt64(argument) else { return nil }
        self.init(number)
    }
}
