internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// What a command that sets fields of an entity requests: its fields before and after.
///
/// The fields before are read when the command is built. If another client changes the entity in between, the
/// server decides about its fields as they are then; `--if-revision` excludes that.
struct FieldChange<Entity: Described> {
    let before: Entity
    let after: Entity

    init(_ before: Entity, _ update: FieldUpdate<Entity>) {
        self.before = before
        self.after = update.applied(to: before)
    }

    /// The fields that differ.
    var fields: FieldSet<Entity.FieldID> { self.before.differences(from: self.after) }
}

/// The answers to commands that set fields.
///
///     changed LAP-01   revision 57              {…,"price":"949.99"}
///     LAP-01 is unchanged   revision 57         {…,"unchanged":true}
///     changed LAP-01   price 999.99 → 949.99    {…,"price":"949.99","dryRun":true}
extension Shell {
    /// The text of a field that changes, for people.
    static func arrow(_ before: String, _ after: String) -> String { "\(before) → \(after)" }

    /// Whether a command left its entity as it was.
    ///
    /// If it changed the entity, that has the revision of the answer, or a later one. Of a dry run, and of
    /// a command that directly follows the last change, only the fields are compared.
    ///
    /// - Parameters:
    ///   - done: The answer.
    ///   - change: The fields before and after.
    ///   - revision: The revision of the entity now.
    /// - Returns: Whether no field differs.
    func isUnchanged<Entity>(
        _ done: Outcome.Done,
        _ change: FieldChange<Entity>,
        revision: LSN
    ) -> Bool {
        if self.isDryRun { return change.fields.isEmpty }
        return revision < done.lsn || (change.fields.isEmpty && !self.isReplayed)
    }

    /// Prints that something was changed, or that it is unchanged; for programs with its fields.
    ///
    /// - Parameters:
    ///   - done: The answer.
    ///   - change: The fields before and after.
    ///   - subject: The words for the entity: if it was changed, and if not.
    ///   - names: The names of what the fields refer to.
    ///   - decimals: The decimals of its unit.
    ///   - revision: Queries the revision of the entity.
    /// - Throws: The error of `revision`.
    func say<Entity>(
        _ done: Outcome.Done,
        _ change: FieldChange<Entity>,
        about subject: (changed: String, unchanged: String),
        names: Names,
        decimals: UInt8 = 0,
        revision: () async throws -> LSN?
    ) async throws {
        let revision = try await revision() ?? done.lsn
        let isUnchanged = self.isUnchanged(done, change, revision: revision)
        if self.format.isJSON {
            self.print(done, change, names: names, isUnchanged: isUnchanged)
        } else if self.options.isQuiet {
            return
        } else if isUnchanged {
            Terminal.say("\(subject.unchanged) is unchanged   revision \(revision)")
        } else if self.isDryRun {
            let fields = self.values(of: change, names: names, decimals: decimals)
            Terminal.say("\(subject.changed)   \(fields.joined(separator: ", "))")
        } else {
            Terminal.say("\(subject.changed)   revision \(done.lsn)")
        }
    }

    /// Returns the fields that differ, each as `name before → after`.
    private func values<Entity>(
        of change: FieldChange<Entity>,
        names: Names,
        decimals: UInt8
    ) -> [String] {
        func values(_ entity: Entity) -> [FieldValue] {
            FieldValues.of(
                entity,
                only: change.fields,
                names: names,
                money: self.server.currencyDecimals,
                decimals: decimals
            )
        }
        return zip(values(change.before), values(change.after)).map {
            "\($0.name) \(Self.arrow($0.text, $1.text))"
        }
    }

    private func print<Entity>(
        _ done: Outcome.Done,
        _ change: FieldChange<Entity>,
        names: Names,
        isUnchanged: Bool
    ) {
        var object = JSONObject()
        object.add("id", raw: String(done.id))
        object.add("lsn", raw: String(done.lsn.value))
        let money = self.server.currencyDecimals
        for value in FieldValues.of(change.after, names: names, money: money) {
            for column in value.columns { object.add(column.field.name, raw: column.json) }
        }
        if isUnchanged { object.add("unchanged", raw: "true") }
        self.print(object)
    }
}
