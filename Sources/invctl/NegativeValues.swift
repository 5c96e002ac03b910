/// Negative numbers as values of options: the parser takes them for options.
///
///     --price -4.50   ─▶   --price=-4.50
///
/// So the command is executed, or refused for the value, instead of a complaint that the value is missing.
enum NegativeValues {
    /// Returns the arguments with each negative number joined to the long option before it.
    static func joined(_ arguments: [String]) -> [String] {
        var joined: [String] = []
        for (index, word) in arguments.enumerated() {
            if word == "--" { return joined + arguments[index...] }
            if let option = joined.last, option.hasPrefix("--"), !option.contains("="),
                Self.isNegative(word)
            {
                joined[joined.count - 1] = "\(option)=\(word)"
            } else {
                joined.append(word)
            }
        }
        return joined
    }

    private static func isNegative(_ word: String) -> Bool {
        word.wholeMatch(of: /-[0-9.,]*[0-9][0-9.,]*/) != nil
    }
}
