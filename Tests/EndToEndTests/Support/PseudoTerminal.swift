import Foundation
import Glibc
import InventoryClient
import Testing

/// A program in its own terminal, whose screen can be read as lines, keys pressed, window resized, and
/// terminal settings inspected afterwards.
final class PseudoTerminal: @unchecked Sendable {
    /// The program; its parent is a shell that leads the session, as in interactive use.
    private(set) var id: pid_t = 0
    private let leader: pid_t
    private let master: Int32
    /// The pipe on which the shell reports the program's exit code.
    private let codes: Int32
    /// A pipe that is closed to let the shell exit.
    private let hold: Int32
    private var status: Int32?
    private(set) var screen: ScreenText
    /// All output of the program, unmodified.
    private(set) var raw: [UInt8] = []

    struct OpenError: Error { var code: Int32 }

    /// TIOCSPTLCK and TIOCGPTN.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    init(
        _ program: URL,
        _ arguments: [String],
        environment: [String: String],
        columns: Int = 80,
        rows: Int = 24,
        jobControl: Bool = false
    ) throws {
        // The importer hides the C library's calls; these are their Linux equivalents.
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var unlocked: Int32 = 0
        var number: UInt32 = 0
        guard master >= 0, ioctl(master, Self.setLock, &unlocked) == 0,
            ioctl(master, Self.getNumber, &number) == 0
        else { throw OpenError(code: errno) }
        let name = "/dev/pts/\(number)"
        _ = fcntl(master, F_SETFD, FD_CLOEXEC)
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
        self.master = master
        self.screen = ScreenText(columns: columns, rows: rows)
        var size = winsize(
            ws_row: UInt16(rows),
            ws_col: UInt16(columns),
            ws_xpixel: 0,
            ws_ypixel: 0
        )
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // A terminal opened by the leader of a new session becomes its controlling terminal.
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, name, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID, which the importer hides.
        posix_spawnattr_setflags(&attributes, 0x80)
        // When a session's leader exits, the kernel closes the terminal and drops unread output, so the
        // shell waits for the hold pipe. It ignores Ctrl-C, which it receives too. With job control the
        // program is a job that can be stopped, and continues on a line of input.
        let again = """
            while [ $code -eq 148 ]; do read line <&3 || break; fg >/dev/null; code=$?; done
            """
        let line = """
            \(jobControl ? "set -m; " : "")trap : INT; "$0" "$@" 3<&- 4>&-; code=$?
            \(jobControl ? again : "")
            echo $code >&4; exec 4>&-; read line <&3
            """
        let (toHold, hold) = try Self.pipe()
        let (codes, toSay) = try Self.pipe()
        defer { for end in [toHold, toSay] { close(end) } }
        posix_spawn_file_actions_adddup2(&actions, toHold, 3)
        posix_spawn_file_actions_adddup2(&actions, toSay, 4)
        let words = (["/bin/sh", "-c", line, program.path] + arguments).map { strdup($0) }
        let settings = environment.map { strdup("\($0.key)=\($0.value)") }
        defer { for text in words + settings { free(text) } }
        var id = pid_t()
        let code = posix_spawn(
            &id,
            "/bin/sh",
            &actions,
            &attributes,
            words + [nil],
            settings + [nil]
        )
        guard code == 0 else { throw OpenError(code: code) }
        self.leader = id
        self.hold = hold
        self.codes = codes
        let end = ContinuousClock.now + .seconds(Patience.seconds)
        while self.id == 0, !self.hasEnded, ContinuousClock.now < end {
            let children = "/proc/\(id)/task/\(id)/children"
            let text = (try? String(contentsOfFile: children, encoding: .utf8)) ?? ""
            if let child = text.split(separator: " ").first.flatMap({ pid_t($0) }) {
                self.id = child
            } else {
                usleep(1_000)
            }
        }
    }

    deinit {
        if self.status == nil, self.id > 0 {
            kill(self.id, SIGKILL)
            _ = self.wait()
        }
        close(self.hold)
        if self.status == nil { kill(self.leader, SIGKILL) }
        var raw: Int32 = 0
        while waitpid(self.leader, &raw, 0) < 0, errno == EINTR {}
        close(self.codes)
        close(self.master)
    }

    /// Returns a pipe whose ends no other child inherits.
    private static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw OpenError(code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Whether the program has exited and its exit code can be read.
    private var hasEnded: Bool {
        var entry = pollfd(fd: self.codes, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) > 0
    }

    /// Whether the program is stopped, as by Ctrl-Z.
    var isStopped: Bool {
        let text = (try? String(contentsOfFile: "/proc/\(self.id)/stat", encoding: .utf8)) ?? ""
        return text.split(separator: ")").last?.hasPrefix(" T") ?? false
    }

    /// Lets the shell continue a stopped program, which needs `jobControl`.
    func continueInForeground() {
        var byte: UInt8 = 0x0A
        _ = write(self.hold, &byte, 1)
    }

    /// Clears the screen.
    func clear() { self.screen.clear() }

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(self.master, bytes, bytes.count)
    }

    func resize(columns: Int, rows: Int) {
        self.screen.resize(columns: columns, rows: rows)
        var size = winsize(
            ws_row: UInt16(rows),
            ws_col: UInt16(columns),
            ws_xpixel: 0,
            ws_ypixel: 0
        )
        _ = ioctl(self.master, UInt(TIOCSWINSZ), &size)
    }

    /// Reads the program's output.
    ///
    /// - Returns: Whether there was any.
    @discardableResult
    private func pump(_ milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: self.master, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, milliseconds) > 0 else { return false }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = read(self.master, &chunk, chunk.count)
        guard count > 0 else {
            if count < 0, errno == EIO { usleep(2_000) }
            return false
        }
        self.raw += chunk[..<count]
        self.screen.take(chunk[..<count])
        return true
    }

    /// Waits until the screen shows a text.
    func waits(for text: String) -> Bool { self.waits { $0.contains(text) } }

    func waits(_ condition: (String) -> Bool) -> Bool {
        let end = ContinuousClock.now + .seconds(Patience.seconds)
        while true {
            if condition(self.screen.text) { return true }
            if ContinuousClock.now > end { return false }
            self.pump(20)
        }
    }

    /// Waits for the program's exit and reads its output.
    ///
    /// - Returns: Its exit code, or 128 plus the signal that ended it; -1 if it runs for too long.
    func wait() -> Int32 {
        if let status { return status }
        let end = ContinuousClock.now + .seconds(Patience.seconds)
        while !self.hasEnded {
            if ContinuousClock.now > end { return -1 }
            self.pump(5)
        }
        while self.pump(5) {}
        var code = [UInt8](repeating: 0, count: 16)
        let count = max(0, read(self.codes, &code, code.count))
        let text = String(decoding: code[..<count], as: UTF8.self)
        let status = Int32(text.split(separator: "\n").first ?? "") ?? -1
        self.status = status
        return status
    }

    /// Reads output for a while.
    func settle(milliseconds: Int) {
        for _ in 0..<max(1, milliseconds / 5) { self.pump(5) }
    }

    /// Whether the terminal is in the line mode with echo that a shell expects.
    var isSane: Bool {
        var settings = termios()
        guard tcgetattr(self.master, &settings) == 0 else { return false }
        let expected = tcflag_t(ICANON | ECHO | ISIG)
        return settings.c_lflag & expected == expected && !self.screen.isAlternate
            && self.screen.isCursorShown
    }
}

/// A terminal emulator for what our programs use: a grid of characters, a cursor, and the few escape
/// sequences that move it.
struct ScreenText {
    private var columns: Int
    private var rows: Int
    private var lines: [[Character]]
    private var main: [[Character]] = []
    private var row = 0
    private var column = 0
    private var pending: [UInt8] = []
    private(set) var isAlternate = false
    private(set) var isCursorShown = true

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        self.lines = Array(repeating: [], count: rows)
    }

    var text: String {
        self.lines.map { line in
            var text = String(line)
            while text.hasSuffix(" ") { text.removeLast() }
            return text
        }.joined(separator: "\n")
    }

    var lineStrings: [String] { self.text.split(separator: "\n").map { String($0) } }

    mutating func clear() { self.lines = Array(repeating: [], count: self.rows) }

    mutating func resize(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        while self.lines.count < rows { self.lines.append([]) }
        if self.lines.count > rows { self.lines.removeLast(self.lines.count - rows) }
        self.row = min(self.row, rows - 1)
    }

    mutating func take(_ bytes: ArraySlice<UInt8>) {
        self.pending += bytes
        while let used = self.consumeOne() { self.pending.removeFirst(used) }
    }

    /// Returns the number of bytes consumed; `nil` if the sequence is incomplete.
    private mutating func consumeOne() -> Int? {
        guard let first = self.pending.first else { return nil }
        switch first {
        case 0x1B:
            return self.takeSequence()
        case 0x0D:
            self.column = 0
        case 0x0A:
            self.row += 1
            if self.row == self.rows {
                self.lines.removeFirst()
                self.lines.append([])
                self.row -= 1
            }
        case 0x08:
            self.column = max(0, self.column - 1)
        case 0x07:
            break
        default:
            let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1
            // A character that was cut short ends where another one begins.
            let rest = self.pending.prefix(length).dropFirst()
            if let cut = rest.firstIndex(where: { $0 & 0xC0 != 0x80 }) { return cut }
            guard self.pending.count >= length else { return nil }
            self.put(String(decoding: self.pending[..<length], as: UTF8.self).first ?? "?")
            return length
        }
        return 1
    }

    private mutating func put(_ character: Character) {
        while self.lines[self.row].count <= self.column { self.lines[self.row].append(" ") }
        self.lines[self.row][self.column] = character
        self.column += 1
    }

    private mutating func takeSequence() -> Int? {
        guard self.pending.count >= 2 else { return nil }
        guard self.pending[1] == 0x5B else { return self.pending[1] == 0x1B ? 1 : 2 }
        guard
            let end = self.pending.indices.dropFirst(2).first(where: {
                self.pending[$0] == 0x1B || (0x40...0x7E).contains(self.pending[$0])
            })
        else { return nil }
        // A sequence that was cut short, by a program killed while it wrote, ends where the next begins.
        if self.pending[end] == 0x1B { return end }
        let parameters = String(decoding: self.pending[2..<end], as: UTF8.self)
        let number = Int(parameters.split(separator: ";").first ?? "")
        switch Character(Unicode.Scalar(self.pending[end])) {
        case "H":
            let parts = parameters.split(separator: ";").compactMap { Int($0) }
            self.row = min(self.rows, parts.first ?? 1) - 1
            self.column = (parts.count > 1 ? parts[1] : 1) - 1
        case "A": self.row = max(0, self.row - (number ?? 1))
        case "B": self.row = min(self.rows - 1, self.row + (number ?? 1))
        case "C": self.column += number ?? 1
        case "D": self.column = max(0, self.column - (number ?? 1))
        case "G": self.column = (number ?? 1) - 1
        case "K":
            if self.lines[self.row].count > self.column {
                self.lines[self.row].removeLast(self.lines[self.row].count - self.column)
            }
        case "J":
            if number == 2 {
                self.lines = Array(repeating: [], count: self.rows)
            } else {
                if self.lines[self.row].count > self.column {
                    self.lines[self.row].removeLast(self.lines[self.row].count - self.column)
                }
                for below in self.lines.indices where below > self.row { self.lines[below] = [] }
            }
        case "h": self.set(parameters, true)
        case "l": self.set(parameters, false)
        default: break
        }
        return end + 1
    }

    private mutating func set(_ mode: String, _ isOn: Bool) {
        switch mode {
        case "?25": self.isCursorShown = isOn
        case "?1049":
            if isOn, !self.isAlternate {
                self.main = self.lines
                self.lines = Array(repeating: [], count: self.rows)
            } else if !isOn, self.isAlternate {
                self.lines = self.main
                self.resize(columns: self.columns, rows: self.rows)
            }
            self.isAlternate = isOn
        default: break
        }
    }
}

extension Daemon {
    /// Runs `invctl` against this daemon in a terminal.
    func terminal(
        _ arguments: String...,
        columns: Int = 80,
        rows: Int = 24,
        environment: [String: String] = [:]
    ) throws -> PseudoTerminal {
        try self.terminal(arguments, columns: columns, rows: rows, environment: environment)
    }

    func terminal(
        _ arguments: [String],
        columns: Int = 80,
        rows: Int = 24,
        environment: [String: String] = [:],
        jobControl: Bool = false
    ) throws -> PseudoTerminal {
        var settings = ProcessInfo.processInfo.environment
        settings["INVCTL_SERVER"] = self.address.description
        settings["INVCTL_ACTOR"] = "tester"
        settings["INVCTL_CONFIG"] = "/nonexistent"
        settings["TERM"] = "xterm-256color"
        settings["NO_COLOR"] = nil
        settings.merge(environment) { $1 }
        return try PseudoTerminal(
            Self.program("invctl"),
            arguments,
            environment: settings,
            columns: columns,
            rows: rows,
            jobControl: jobControl
        )
    }
}
