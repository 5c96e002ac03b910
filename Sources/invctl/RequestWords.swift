internal import InventoryModel

/// The words of a command line that say what is to be done, as the fingerprint of its request.
///
/// A request that is given again with the same `--id` is the same by these words, in the same order,
/// whatever the names in them stand for by then: those of a category that was renamed meanwhile, by this
/// very request, for nothing. What says only where, how and for whom the answer is shown is left out.
struct RequestWords: Equatable {
    /// The command line that runs.
    @TaskLocal static var commandLine: [String] = []

    /// Options that say nothing of what is to be done: those of ``GlobalOptions`` and ``RetryOptions``.
    static let ignoredOptions: Set<String> = [
        "--context", "--server", "--output", "-o", "--fields", "--color", "--pager", "--timeout",
        "--actor", "--token-file", "--id", "--first-tried",
    ]
    /// Flags of the same.
    static let ignoredFlags: Set<String> = ["--timing", "--quiet", "-q"]

    /// `--name=value` as two words.
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
        // No word has a zero byte in it: the system ends words with one.
        let bytes = Array(self.words.joined(separator: "\0").utf8)
        return bytes.withUnsafeBytes { RequestFingerprint(hashing: $0) }
    }
}
