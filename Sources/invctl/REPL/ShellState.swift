import ArgumentParser
import Glibc
import InventoryClient
import InventoryTransfer
import TerminalKit

/// The state that a shell, interactive or scripted, keeps between commands.
///
/// The settings are kept in the environment, where commands look for them anyway.
struct ShellState: Sendable {
    /// What a line requests.
    enum Request: Equatable, Sendable {
        case none
        case run([String])
        /// Run a command whose output a program reads.
        case pipe([String], program: String)
        /// Run a program.
        case program(String)
        /// Repeat the last command.
        case watch([String], pauseMilliseconds: Int32)
        case leave
        case say(String)
        case listHistory(String)
    }

    /// The command that `\watch` repeats.
    private(set) var last: [String] = []

    /// The longest pause of `\watch`, in seconds.
    private static let pauseSecondsMax: Double = 86_400

    /// Returns what a line requests.
    mutating func request(_ line: String) throws(Failure) -> Request {
        let trimmed = line.trimmingSpace
        if trimmed.hasPrefix("\\") {
            let (word, argument) = try ShellWord.parse(trimmed)
            return try self.request(word, argument)
        }
        let command = CommandWords(line)
        var words = command.strings
        if words.first == "invctl" { words.removeFirst() }
        switch words.first {
        case nil: return .none
        case "exit"?, "quit"?: return .leave
        case "shell"?: throw Failure.usage("this is already the shell")
        default: return try self.run(words, command.program?.trimmingSpace)
        }
    }

    private mutating func run(_ words: [String], _ program: String?) throws(Failure) -> Request {
        guard let program else {
            self.last = words
            return .run(words)
        }
        if program.isEmpty { throw Failure.usage("a program is missing after |") }
        return .pipe(words, program: program)
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
        case .vertical: return .say(try Self.setVertical(argument))
        case .program:
            if argument.isEmpty { throw Failure.usage("\\! needs a program: \\! ls") }
            return .program(argument)
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
            return "the format is the default"
        }
        _ = try Settings(flags: [.output: argument], context: nil)
        setenv("INVCTL_OUTPUT", argument, 1)
        return "the format is \(argument)"
    }

    private static func setVertical(_ argument: String) throws(Failure) -> String {
        let vertical = OutputFormat.vertical.rawValue
        let isOn = Terminal.environment("INVCTL_OUTPUT") == vertical
        guard ["", "on", "off"].contains(argument) else {
            throw Failure.usage("\\x is on or off, not '\(argument)'")
        }
        let turnsOn = argument.isEmpty ? !isOn : argument == "on"
        // Another format stays as it is when rows are not vertical anyway.
        guard turnsOn || isOn else { return "rows are not vertical" }
        return try Self.setOutput(turnsOn ? vertical : "")
    }

    private static func connect(_ argument: String) throws(Failure) -> String {
        if argument.contains(":") {
            _ = try Settings(flags: [.server: argument], context: nil)
            setenv("INVCTL_SERVER", argument, 1)
        } else if !argument.isEmpty {
            _ = try Settings(flags: [:], context: argument)
            setenv("INVCTL_CONTEXT", argument, 1)
            // The variable would take precedence over the context.
            unsetenv("INVCTL_SERVER")
        }
        let settings = try Settings(flags: [:], context: nil)
        let origin = settings.values[.server]?.origin ?? ""
        return "the server is \(settings[.server]) (\(origin))"
    }

    // MARK: - Repetition

    private func watch(_ argument: String) throws(Failure) -> Request {
        guard let seconds = argument.isEmpty ? 2 : Double(argument), seconds > 0,
            seconds <= Self.pauseSecondsMax
        else {
            throw Failure.usage("\\watch takes a number of seconds above 0, not '\(argument)'")
        }
        guard !self.last.isEmpty else { throw Failure.usage("there is no command to repeat yet") }
        if Self.changesSomething(self.last) {
            throw Failure.usage(
                "'\(self.last.joined(separator: " "))' changes something and cannot be repeated"
            )
        }
        return .watch(self.last, pauseMilliseconds: Int32(min(seconds * 1_000, 86_400_000)))
    }

    /// Returns whether a command writes: it takes a `--note` for the ledger, or is one of a few others.
    private static func changesSomething(_ words: [String]) -> Bool {
        if ["import", "apply", "bench", "snapshot", "context"].contains(words.first) {
            return true
        }
        return CommandTree.whole()?.command(of: words).argument(typed: "--note") != nil
    }
}
