internal import Bytes
import Foundation
internal import InventoryModel

/// Why a command written as JSON is invalid: the field and the reason.
struct CommandProblem: Error {
    /// The path from the command: `lines[2].quantity`; empty for the whole command.
    var field: String
    var text: String
}

/// The fields of one object of a command, read by name; a field that was never read is an error.
final class CommandFields {
    private struct Member {
        var name: String
        var value: JSONValue
    }

    private let members: [Member]
    private let names: CommandNames
    private let moneyDecimals: UInt8
    /// The object's path in its command: `lines[2].`, or empty.
    private let path: String
    private var readNames: Set<String> = []

    init(
        _ value: JSONValue,
        _ names: CommandNames,
        moneyDecimals: UInt8,
        path: String = ""
    ) throws(CommandProblem) {
        let place = path.isEmpty ? "" : String(path.dropLast())
        guard case .object(let members) = value else {
            throw CommandProblem(field: place, text: "is not an object")
        }
        var seen: Set<String> = []
        for member in members where !seen.insert(member.name).inserted {
            throw CommandProblem(field: path + member.name, text: "is given twice")
        }
        self.members = members.map { Member(name: $0.name, value: $0.value) }
        self.names = names
        self.moneyDecimals = moneyDecimals
        self.path = path
    }

    /// Checks that every field was read.
    ///
    /// - Throws: ``CommandProblem`` naming the first unknown field.
    func finish() throws(CommandProblem) {
        guard let extra = self.members.first(where: { !self.readNames.contains($0.name) }) else {
            return
        }
        let near = Nearness.nearest(to: extra.name, among: self.readNames.sorted())
        throw self.problem(extra.name, "there is no such field" + Self.hint(near))
    }

    private static func hint(_ near: [String]) -> String {
        near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
    }

    // MARK: - Plain values

    private func value(_ name: String) -> JSONValue? {
        self.readNames.insert(name)
        guard let value = self.members.first(where: { $0.name == name })?.value else { return nil }
        if case .null = value { return nil }
        return value
    }

    func problem(_ name: String, _ text: String) -> CommandProblem {
        CommandProblem(field: self.path + name, text: text)
    }

    func required<Value>(_ name: String, _ value: Value?) throws(CommandProblem) -> Value {
        guard let value else { throw self.problem(name, "is missing") }
        return value
    }

    func optionalText(_ name: String) throws(CommandProblem) -> String? {
        guard let value = self.value(name) else { return nil }
        guard case .text(let text) = value else { throw self.problem(name, "is not a string") }
        return text
    }

    func text(_ name: String) throws(CommandProblem) -> String {
        try self.required(name, try self.optionalText(name))
    }

    func optionalFlag(_ name: String) throws(CommandProblem) -> Bool? {
        guard let value = self.value(name) else { return nil }
        guard case .boolean(let flag) = value else {
            throw self.problem(name, "is neither true nor false")
        }
        return flag
    }

    /// Returns a number, or a string with one, without an exponent.
    private func digits(_ name: String) throws(CommandProblem) -> String? {
        guard let value = self.value(name) else { return nil }
        switch value {
        case .number, .text: return value.plain
        default: throw self.problem(name, "is not a number")
        }
    }

    func optionalInteger(
        _ name: String,
        in range: ClosedRange<Int64> = .min ... .max
    ) throws(CommandProblem) -> Int64? {
        guard let digits = try self.digits(name) else { return nil }
        guard let number = Int64(digits) else {
            throw self.problem(name, "\"\(digits)\" is not a whole number")
        }
        guard range.contains(number) else {
            throw self.problem(
                name,
                "is \(number); it must be \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    func integer(_ name: String, in range: ClosedRange<Int64>) throws(CommandProblem) -> Int64 {
        try self.required(name, try self.optionalInteger(name, in: range))
    }

    func optionalInstant(_ name: String) throws(CommandProblem) -> Instant? {
        guard let written = try self.optionalText(name) else { return nil }
        guard let instant = TimeText.parse(written, zone: TimeText.utc) else {
            throw self.problem(name, "\"\(written)\" is not a time such as 2026-03-01T12:30:00Z")
        }
        return instant
    }

    func optionalDay(_ name: String) throws(CommandProblem) -> CalendarDay? {
        guard let written = try self.optionalText(name) else { return nil }
        guard let day = CalendarDay(text: written) else {
            throw self.problem(name, "\"\(written)\" is not a day such as 2026-03-01")
        }
        return day
    }

    func optionalNamed<Value: CaseIterable>(
        _ name: String,
        _ type: Value.Type
    ) throws(CommandProblem) -> Value? {
        guard let written = try self.optionalText(name) else { return nil }
        if let value = Value.allCases.first(where: { "\($0)" == written }) { return value }
        let all = Value.allCases.map { "\($0)" }
        let near = Nearness.nearest(to: written, among: all)
        let known = near.isEmpty ? "; there are \(all.joined(separator: ", "))" : Self.hint(near)
        throw self.problem(name, "there is no \"\(written)\"\(known)")
    }

    func revision() throws(CommandProblem) -> LSN? {
        try self.optionalInteger("ifRevision", in: 0...Int64.max).map { LSN(UInt64($0)) }
    }

    func occurrence() throws(CommandProblem) -> Occurrence? {
        let at = try self.optionalInstant("occurredAt")
        let isImported = try self.optionalFlag("imported") ?? false
        return at.map { Occurrence(at: $0, isImported: isImported) }
    }

    func expiry() throws(CommandProblem) -> Expiry {
        let bounds = FieldBounds.expirySeconds
        let seconds = try self.optionalInteger("expiresAfterSeconds", in: bounds)
        let instant = try self.optionalInstant("expiresAt")
        switch (instant, seconds) {
        case (let instant?, nil): return .at(instant)
        case (nil, let seconds?): return .after(seconds: seconds)
        case (.some, .some): throw self.problem("expiresAt", "or expiresAfterSeconds, not both")
        case (nil, nil):
            throw self.problem("expiresAfterSeconds", "is missing, and so is expiresAt")
        }
    }

    // MARK: - Names

    private func key(_ name: String) throws(CommandProblem) -> CommandNames.Key? {
        guard let value = self.value(name) else { return nil }
        guard let key = CommandNames.Key(value) else {
            throw self.problem(name, "is neither a name nor a number")
        }
        return key
    }

    private func unknown(_ name: String, _ what: String, among known: [String]) -> CommandProblem {
        let written = self.members.first { $0.name == name }?.value.written ?? ""
        let near = Nearness.nearest(to: written, among: known)
        return self.problem(name, "there is no \(what) \"\(written)\"" + Self.hint(near))
    }

    func product() throws(CommandProblem) -> CommandNames.Product {
        let key = try self.required("product", try self.key("product"))
        guard let product = self.names.product(key) else {
            throw self.unknown("product", "product", among: [])
        }
        return product
    }

    func optionalCategory() throws(CommandProblem) -> CategoryID? {
        guard let key = try self.key("category") else { return nil }
        guard let id = self.names.category(key) else {
            throw self.unknown("category", "category", among: self.names.categoryNames)
        }
        return id
    }

    func optionalLocation(_ name: String) throws(CommandProblem) -> LocationID? {
        guard let key = try self.key(name) else { return nil }
        guard let id = self.names.location(key) else {
            throw self.unknown(name, "location", among: self.names.locationCodes)
        }
        return id
    }

    /// Returns the id of a reservation or transfer and the decimals of its product.
    func openItem(
        _ kind: CommandNames.Kind
    ) throws(CommandProblem) -> (number: UInt32, decimals: UInt8) {
        let name = "\(kind)"
        let number = try self.integer(name, in: 1...Int64(UInt32.max))
        guard let decimals = self.names.decimals(of: kind, UInt64(number)) else {
            throw self.unknown(name, name, among: [])
        }
        return (UInt32(number), decimals)
    }

    // MARK: - Money and quantities

    private func units(_ name: String, _ decimals: UInt8) throws(CommandProblem) -> Int64? {
        guard let digits = try self.digits(name) else { return nil }
        guard let units = DecimalText.parse(digits, decimals: decimals) else {
            let kind =
                decimals == 0 ? "a whole number" : "a number with at most \(decimals) decimals"
            throw self.problem(name, "\"\(digits)\" is not \(kind)")
        }
        return units
    }

    func optionalMoney(_ name: String) throws(CommandProblem) -> Money? {
        try self.units(name, self.moneyDecimals).map { Money($0) }
    }

    func optionalQuantity(_ name: String, _ decimals: UInt8) throws(CommandProblem) -> Quantity? {
        try self.units(name, decimals).map { Quantity($0) }
    }

    // MARK: - Nested objects

    /// Returns the result of `read` for each object of `lines`.
    func lines<Line>(
        _ read: (CommandFields) throws(CommandProblem) -> Line
    ) throws(CommandProblem) -> [Line] {
        guard let value = self.value("lines"), case .array(let values) = value else {
            throw self.problem("lines", "is missing or not a list")
        }
        var lines: [Line] = []
        for (index, value) in values.enumerated() {
            lines.append(try self.nested(value, path: "lines[\(index)].", read: read))
        }
        return lines
    }

    /// Returns the result of `read` for the object with a name; `nil` if there is none.
    func object<Value>(
        _ name: String,
        _ read: (CommandFields) throws(CommandProblem) -> Value
    ) throws(CommandProblem) -> Value? {
        guard let value = self.value(name) else { return nil }
        return try self.nested(value, path: name + ".", read: read)
    }

    private func nested<Value>(
        _ value: JSONValue,
        path: String,
        read: (CommandFields) throws(CommandProblem) -> Value
    ) throws(CommandProblem) -> Value {
        let fields = try CommandFields(
            value,
            self.names,
            moneyDecimals: self.moneyDecimals,
            path: self.path + path
        )
        let result = try read(fields)
        try fields.finish()
        return result
    }
}
