import ArgumentParser
import Glibc
import InventoryClient
import InventoryTransfer
import TerminalKit

/// What a shell remembers between two commands, whether somebody sits there or it reads a script.
///
/// The settings live in the environment, where commands look for theirs anyway.
struct ShellState: Sendable {
    /// What a line asks for.
    enum Request: Equatable, Sendable {
        case nothing
        case run([String])
        /// The last command again and again.
        case watch([String], pauseMilliseconds: Int32)
        case leave
        case say(String)
        case listHistory(String)
    }

    /// The command that `\watch` repeats.
    private(set) var last: [String] = []

    /// The longest pause of `\watch`, in seconds.
    private static let pauseSecondsMax: Double = 86_400

    /// Says what a line asks for.
    mutating func request(_ line: String) throws(Failure) -> Request {
        let trimmed = line.trimmingSpace
        if trimmed.hasPrefix("\\") {
            let (word, argument) = try ShellWord.parse(trimmed)
            return try self.request(word, argument)
        }
        var words = CommandWords(line).texts
        if words.first == "invctl" { words.removeFirst() }
        switch words.first {
        case nil: return .nothing
        case "exit"?, "quit"?: return .leave
        case "shell"?: throw Failure.usage("this is the shell already")
        default:
            self.last = words
            return .run(words)
        }
    }

    private mutating func request(
        _ word: ShellWord,
        _ argument: String
    ) throws(Failure) -> Request {
        switch word {
        case .help: return .say(ShellWord.table)
        case .quit: return .leave
        case .history: return .listHistory(argument)
        case .timing: return .say(try Self.setTiming(argument))
        case .output: return .say(try Self.setOutput(argument))
        case .connect: return .say(try Self.connect(argument))
        case .watch: return try self.watch(argument)
        }
    }

    // MARK: - Settings

    private static func setTiming(_ argument: String) throws(Failure) -> String {
        let isOn = Terminal.environment("INVCTL_TIMING") != nil
        switch argument {
        case "on": setenv("INVCTL_TIMING", "1", 1)
        case "off": unsetenv("INVCTL_TIMING")
        case "" where isOn: unsetenv("INVCTL_TIMING")
        case "": setenv("INVCTL_TIMING", "1", 1)
        default: throw Failure.usage("\\timing is on or off, not '\(argument)'")
        }
        return "timing is \(Terminal.environment("INVCTL_TIMING") == nil ? "off" : "on")"
    }

    private static func setOutput(_ argument: String) throws(Failure) -> String {
        if argument.isEmpty {
            unsetenv("INVCTL_OUTPUT")
            return "the format is the usual one"
        }
        _ = try Settings(flags: [.output: argument], context: nil)
        setenv("INVCTL_OUTPUT", argument, 1)
        return "the format is \(argument)"
    }

    private static func connect(_ argument: String) throws(Failure) -> String {
        if argument.contains(":") {
            _ = try Settings(flags: [.server: argument], context: nil)
            setenv("INVCTL_SERVER", argument, 1)
        } else if !argument.isEmpty {
            _ = try Settings(flags: [:], context: argument)
            setenv("INVCTL_CONTEXT", argument, 1)
            // The variable would go before the context.
            unsetenv("INVCTL_SERVER")
        }
        let settings = try Settings(flags: [:], context: nil)
        let origin = settings.values[.server]?.origin ?? ""
        return "the server is \(settings[.server]) (\(origin))"
    }

    // MARK: - Again

    private func watch(_ argument: String) throws(Failure) -> Request {
        guard let seconds = argument.isEmpty ? 2 : Double(argument), seconds > 0,
            seconds <= Self.pauseSecondsMax
        else { throw Failure.usage("\\watch takes seconds above 0, not '\(argument)'") }
        guard !self.last.isEmpty else { throw Failure.usage("there is no command to repeat yet") }
        if Self.changesSomething(self.last) {
            throw Failure.usage(
                "'\(self.last.joined(separator: " "))' changes something: it is not repeated by itself"
            )
        }
        return .watch(self.last, pauseMilliseconds: Int32(min(seconds * 1_000, 86_400_000)))
    }

    /// Whether a command writes: those that do take a note for the ledger, some are of their own kind.
    private static func changesSomething(_ words: [String]) -> Bool {
        if ["import", "apply", "bench", "snapshot", "context"].contains(words.first) {
            return true
        }
        return CommandTree.whole()?.command(of: words).argument(typed: "--note") != nil
    }
}
