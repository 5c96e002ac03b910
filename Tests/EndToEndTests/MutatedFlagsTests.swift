import ArgumentParser
import InventoryModel
import InventoryTestSupport
import Testing

@testable import invctl

/// Command lines, mutated by a seed and parsed in this process: each is accepted or refused, and none
/// crashes it.
@Suite struct MutatedFlagsTests {
    @Test func `no mutated command line crashes the parser`() {
        var random = SplitMix64(seed: 40)
        var understood = 0
        var refused = 0
        for round in 0..<6_000 {
            let words = MutatedWords.mutated(
                MutatedWords.lines[round % MutatedWords.lines.count],
                &random
            )
            _ = CommandLineText.wantsJSON(words)
            let isUnknown = CommandLineText.unknownCommand(words, in: Invctl.self) != nil
            if !isUnknown, (try? Invctl.parseAsRoot(words)) != nil {
                understood += 1
            } else {
                refused += 1
            }
        }
        #expect(understood > 100 && refused > 1_000, "\(understood), \(refused)")
    }
}
