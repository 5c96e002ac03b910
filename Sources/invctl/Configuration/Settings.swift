import Foundation
import InventoryClient
import InventoryTransfer
import TerminalKit

/// One thing that can be set, and where its value came from.
struct Setting: Sendable {
    enum Key: String, CaseIterable, Sendable {
        case server, output, color, zone, timeout, actor, pager
        case tokenFile = "token-file"

        /// The environment variable that sets it.
        var variable: String {
            "INVCTL_" + self.rawValue.uppercased().replacing("-", with: "_")
        }

        /// What it is when nothing says otherwise.
        var standard: String {
            switch self {
            case .server: ServerAddress.standard.description
            case .output: ""
            case .color: "auto"
            case .zone: "UTC"
            case .timeout: "10"
            case .actor: Terminal.environment("USER") ?? "invctl"
            case .pager: Terminal.environment("PAGER") ?? "less"
            case .tokenFile: ""
            }
        }
    }

    var value: String
    var origin: String
}

/// Every setting of one run, by precedence: flag, environment, context, the file's own settings,
/// what is built in.
struct Settings: Sendable {
    private(set) var values: [Setting.Key: Setting] = [:]
    /// The context in use; nothing for none.
    let context: String?
    let path: String

    /// Works every setting out, `flags` being those that were typed.
    init(flags: [Setting.Key: String], context: String?) throws(Failure) {
        let file = try ConfigurationFile()
        self.path = file.path
        let named = context ?? Terminal.environment("INVCTL_CONTEXT")
        self.context = named ?? file.current
        if let wanted = self.context, !file.contexts.contains(wanted) {
            let near = Nearness.nearest(to: wanted, among: file.contexts)
            throw Failure(
                "context_not_found",
                "no context is called '\(wanted)' in \(file.path)",
                wayOut: near.isEmpty
                    ? "Make it: invctl context set \(wanted) --server HOST:PORT"
                    : "Did you mean \(near.joined(separator: " or "))?",
                exit: Exit.notFound
            )
        }
        for key in Setting.Key.allCases {
            self.values[key] = Self.setting(
                key,
                flag: flags[key],
                file: file,
                context: self.context
            )
        }
        try self.check()
    }

    private static func setting(
        _ key: Setting.Key,
        flag: String?,
        file: ConfigurationFile,
        context: String?
    ) -> Setting {
        if let flag { return Setting(value: flag, origin: "--\(key.rawValue)") }
        if let value = getenv(key.variable).map({ String(cString: $0) }),
            !value.isEmpty || key == .pager
        {
            return Setting(value: value, origin: key.variable)
        }
        if let context, let entry = file.entry(key, of: context) {
            return Setting(value: entry.value, origin: "context \(context), line \(entry.line)")
        }
        if let entry = file.entry(key, of: "") {
            return Setting(value: entry.value, origin: "\(file.path), line \(entry.line)")
        }
        return Setting(value: key.standard, origin: "built in")
    }

    private func check() throws(Failure) {
        if ServerAddress(self[.server]) == nil {
            throw self.problem(
                .server,
                "the server is '\(self[.server])', not HOST:PORT or unix:PATH"
            )
        }
        if !self[.output].isEmpty, OutputFormat(rawValue: self[.output]) == nil {
            let known = OutputFormat.allCases.map { $0.rawValue }.joined(separator: ", ")
            throw self.problem(.output, "--output is '\(self[.output])'; it can be \(known)")
        }
        if ColorChoice(rawValue: self[.color]) == nil {
            throw self.problem(
                .color,
                "--color is '\(self[.color])'; it can be auto, always, never"
            )
        }
        if self[.zone] != "UTC", TimeZone(identifier: self[.zone]) == nil {
            throw self.problem(.zone, "the zone is '\(self[.zone])', which is no IANA time zone")
        }
        if self.timeoutSeconds == nil {
            throw self.problem(
                .timeout,
                "--timeout is \(self[.timeout]); it must be above 0 and at most 86400"
            )
        }
    }

    private func problem(_ key: Setting.Key, _ message: String) -> Failure {
        let origin = self.values[key]?.origin ?? ""
        let isFlag = origin.hasPrefix("--")
        return .usage(message, wayOut: isFlag ? "" : "It comes from \(origin).")
    }

    subscript(key: Setting.Key) -> String { self.values[key]?.value ?? key.standard }

    // MARK: - As they are used

    var address: ServerAddress { ServerAddress(self[.server]) ?? .standard }

    /// `2`, `2s`, `500ms` or `5m`.
    private var timeoutSeconds: Double? {
        let text = self[.timeout]
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("", 1)]
        for (unit, seconds) in units where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.count)
            guard digits.allSatisfy({ $0.isASCII && $0.isNumber || $0 == "." }),
                let value = Double(digits)
            else { return nil }
            let total = value * seconds
            return total > 0 && total <= 86_400 ? total : nil
        }
        return nil
    }

    var timeoutMilliseconds: Int64 { max(1, Int64((self.timeoutSeconds ?? 10) * 1_000)) }
    var color: ColorChoice { ColorChoice(rawValue: self[.color]) ?? .auto }
    /// The zone people are shown times in.
    var zone: TimeZone {
        // The usual one without asking for the data of all the others.
        self[.zone] == "UTC" ? TimeText.utc : TimeZone(identifier: self[.zone]) ?? TimeText.utc
    }

    var format: OutputFormat {
        OutputFormat(rawValue: self[.output]) ?? (Terminal.isOutput ? .table : .plain)
    }

    /// The command that long output goes through; nothing if it goes through none.
    var pagerCommand: String? {
        ["", "cat", "off", "never"].contains(self[.pager]) ? nil : self[.pager]
    }

    /// The bytes of the token file, without a line end.
    func token() throws(Failure) -> [UInt8] {
        var path = self[.tokenFile]
        if path.isEmpty { return [] }
        if path.hasPrefix("~/"), let home = Terminal.environment("HOME") {
            path = home + path.dropFirst()
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(
                "cannot_read",
                "the token file \(path)",
                wayOut: "It comes from \(self.values[.tokenFile]?.origin ?? "").",
                exit: Exit.failed
            )
        }
        return [UInt8](String(decoding: data, as: UTF8.self).trimmingSpace.utf8)
    }
}
