import Foundation
import InventoryClient
import InventoryTransfer
import TerminalKit

/// The value of a setting and where it came from.
struct Setting: Sendable {
    enum Key: String, CaseIterable, Sendable {
        case server, output, color, zone, timeout, actor, pager
        case tokenFile = "token-file"
        case barcodeRules = "barcode-rules"

        /// The environment variable that sets it.
        var variable: String {
            "INVCTL_" + self.rawValue.uppercased().replacing("-", with: "_")
        }

        /// The built-in default.
        var standard: String {
            switch self {
            case .server: ServerAddress.standard.description
            case .output: ""
            case .color: "auto"
            case .zone: "UTC"
            case .timeout: "10"
            case .actor: UserName.current ?? "invctl"
            case .pager: Terminal.environment("PAGER") ?? "less"
            case .tokenFile: ""
            case .barcodeRules: BarcodeRules.standard
            }
        }
    }

    /// The origin of a built-in default.
    static let builtIn = "built in"

    var value: String
    var origin: String
}

/// The settings of one run, by precedence: flag, context named by a flag, environment, other context, top of
/// the file, built-in default.
struct Settings: Sendable {
    private(set) var values: [Setting.Key: Setting] = [:]
    /// The context in use; `nil` for none.
    let context: String?
    /// The path of the configuration file.
    let path: String

    /// Resolves every setting.
    ///
    /// - Parameters:
    ///   - flags: The values typed on the command line.
    ///   - context: The context named on the command line; `nil` for `INVCTL_CONTEXT` or the current one.
    /// - Throws: ``Failure`` for an unknown context or an invalid value.
    init(flags: [Setting.Key: String], context: String?) throws(Failure) {
        let file = try ConfigurationFile()
        self.path = file.path
        let named = context ?? Terminal.environment("INVCTL_CONTEXT")
        self.context = named ?? file.current
        if let name = self.context, !file.contexts.contains(name) {
            let near = Nearness.nearest(to: name, among: file.contexts)
            throw Failure(
                "context_not_found",
                "no context is called '\(name)' in \(file.path)",
                hint: near.isEmpty
                    ? "Create it: invctl context set \(name) --server HOST:PORT"
                    : "Did you mean \(near.joined(separator: " or "))?",
                exit: Exit.notFound
            )
        }
        for key in Setting.Key.allCases {
            self.values[key] = Self.setting(
                key,
                flag: flags[key],
                file: file,
                context: self.context,
                isContextFlag: context != nil
            )
        }
        try self.check()
    }

    private static func setting(
        _ key: Setting.Key,
        flag: String?,
        file: ConfigurationFile,
        context: String?,
        isContextFlag: Bool
    ) -> Setting {
        if let flag { return Setting(value: flag, origin: "--\(key.rawValue)") }
        let ofContext = context.flatMap { name in
            file.entry(key, of: name).map {
                Setting(value: $0.value, origin: "context \(name), line \($0.line)")
            }
        }
        // A context that was named is more specific than the environment.
        if isContextFlag, let ofContext { return ofContext }
        if let value = getenv(key.variable).map({ String(cString: $0) }),
            !value.isEmpty || key == .pager
        {
            return Setting(value: value, origin: key.variable)
        }
        if let ofContext { return ofContext }
        if let entry = file.entry(key, of: "") {
            return Setting(value: entry.value, origin: "\(file.path), line \(entry.line)")
        }
        return Setting(value: key.standard, origin: Setting.builtIn)
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
        if ZoneText.zone(self[.zone]) == nil {
            throw self.problem(.zone, ZoneText.problem(self[.zone], of: "the zone"))
        }
        do throws(ScannedCodeProblem) {
            _ = try BarcodeRules(self[.barcodeRules])
        } catch {
            throw self.problem(.barcodeRules, "--barcode-rules: \(error.text)")
        }
        if self.timeoutSeconds == nil {
            throw self.problem(
                .timeout,
                "--timeout is \(self[.timeout]); it must be above 0 and at most 86400"
            )
        }
    }

    /// Checks that a command which lists nothing can answer in the format that was asked for.
    ///
    /// The format of an environment variable or a context is that of lists, and such a command ignores it.
    ///
    /// - Throws: ``Failure`` for a format of rows.
    func checkAnswerFormat() throws(Failure) {
        let isTyped = self.values[.output]?.origin == "--\(Setting.Key.output.rawValue)"
        guard isTyped, !self.format.isForAnswers else { return }
        throw .usage(
            "-o \(self[.output]) is for lists; this command answers in lines, or as json or ndjson"
        )
    }

    private func problem(_ key: Setting.Key, _ message: String) -> Failure {
        let origin = self.values[key]?.origin ?? ""
        let isFlag = origin.hasPrefix("--")
        return .usage(message, hint: isFlag ? "" : "It comes from \(origin).")
    }

    subscript(key: Setting.Key) -> String { self.values[key]?.value ?? key.standard }

    // MARK: - Parsed values

    var address: ServerAddress { ServerAddress(self[.server]) ?? .standard }

    /// The timeout, written `2`, `2s`, `500ms` or `5m`; `nil` if it is invalid.
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
    /// The zone in which times are shown to people.
    var zone: TimeZone {
        ZoneText.zone(self[.zone]) ?? TimeText.utc
    }
    /// The zone that the user chose; `nil` for the built-in default.
    var chosenZone: String? {
        self.values[.zone]?.origin == Setting.builtIn ? nil : self[.zone]
    }

    /// The rules for codes that are neither a SKU nor a barcode; valid, as they were checked before.
    var barcodeRules: BarcodeRules {
        get throws(ScannedCodeProblem) { try BarcodeRules(self[.barcodeRules]) }
    }

    var format: OutputFormat {
        OutputFormat(rawValue: self[.output]) ?? (Terminal.isOutput ? .table : .plain)
    }

    /// The pager's command; `nil` for no pager.
    var pagerCommand: String? {
        ["", "cat", "off", "never"].contains(self[.pager]) ? nil : self[.pager]
    }

    /// Returns the bytes of the token file without surrounding whitespace; empty without a file.
    ///
    /// - Throws: ``Failure`` if the file cannot be read.
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
                hint: "It comes from \(self.values[.tokenFile]?.origin ?? "").",
                exit: Exit.failed
            )
        }
        return [UInt8](String(decoding: data, as: UTF8.self).trimmingSpace.utf8)
    }
}

/// The name of the user who runs the program.
private enum UserName {
    /// `USER` or `LOGNAME`, else the name in the user database; `nil` without either.
    static var current: String? {
        if let name = Terminal.environment("USER") ?? Terminal.environment("LOGNAME") {
            return name
        }
        guard let entry = getpwuid(geteuid()), let name = entry.pointee.pw_name else { return nil }
        return String(cString: name)
    }
}
