import Testing

@testable import TerminalKit

/// A command line of the shell in words, with what ends and follows it.
@Suite struct CommandWordsTests {
    @Test func `a bar outside quotes begins the program that reads the output`() {
        let command = CommandWords("product list --where 'a | b' \\| | less -S | cat")
        #expect(command.strings == ["product", "list", "--where", "a | b", "|"])
        #expect(command.program == " less -S | cat")
        #expect(CommandWords("product list").program == nil)
        #expect(CommandWords("stats|wc").strings == ["stats"])
        #expect(CommandWords(CommandWords.quoted("a|b")).strings == ["a|b"])
    }

    @Test func `each line is a command, unless a quote or a backslash continues it`() {
        let cases: [(String, [String])] = [
            ("ping", ["ping"]), ("sell A=1\nsell B=1\n", ["sell A=1", "sell B=1", ""]),
            ("sell A=1 \\\n --ref x\nping", ["sell A=1 \\\n --ref x", "ping"]),
            ("a 'b\nc'\nd", ["a 'b\nc'", "d"]), ("a # b 'c\nd", ["a # b 'c", "d"]),
            ("a | b 'c\nd", ["a | b 'c", "d"]),
        ]
        for (text, commands) in cases {
            #expect(CommandWords.commands(text) == commands, "\(text)")
        }
    }

    @Test func `what is open at the end is known`() {
        #expect(CommandWords("sell \"P=1").open == .quote("\""))
        #expect(CommandWords("sell P=1 \\").open == .backslash)
        #expect(CommandWords("sell P=1 # it's").open == .none)
        #expect(CommandWords("stats | grep 'x").open == .none)
    }
}
