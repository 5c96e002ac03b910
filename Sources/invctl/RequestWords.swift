internal import InventoryModel

/// The words of a command line that determine its effect: the fingerprint of its request.
///
/// A retry with the same `--id` is the same request if it has these words in the same order, whatever
/// the names in them refer to by then: a category may have been renamed meanwhile, even by this request.
/// Options that only affect how the answer is shown are ignored.
struct RequestWords: Equatable {
    /// The command line being executed.
    @TaskLocal static var commandLine: [String] = []

    /// Options with a value that are ignored: those of ``GlobalOptions`` and ``RetryOptions``.
    static let ignoredOptions = GlobalOptions.valued.union(["--id", "--first-tried"])
    /// Flags that are ignored.
    static let ignoredFlags = GlobalOptions.flags

    /// The words; `--name=value` is split in two.
    private(set) var words: [String] = []

    init(_ line: [String]) {
        var rest = line[...]
        while let word = rest.popFirst() {
            if word == "--" {
                self.words.append(word)
                self.words += rest
                return
            }
            if Self.ignoredFlags.contains(word) { continue }
            if Self.ignoredOptions.contains(word) {
                _ = rest.popFirst()
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard word.hasPrefix("-") else {
                self.words.append(word)
                continue
            }
            let short = word.hasPrefix("--") ? "" : String(word.prefix(2))
            if Self.ignoredOptions.contains(short) || Self.ignoredOptions.contains(name) {
                continue
            }
            self.words += word.hasPrefix("--") ? parts.map(String.init) : [word]
        }
    }

    var fingerprint: RequestFingerprint {
        // No word contains a zero byte: arguments are C strings.
        let bytes = Array(self.words.joined(separator: "\0").utf8)
        return bytes.withUnsafeBytes { RequestFingerprint(hashing: $0) }
    }
}
