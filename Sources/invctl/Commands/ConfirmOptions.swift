import ArgumentParser
import InventoryTransfer
import TerminalKit

/// The option of commands that ask for confirmation on a terminal: before they delete something, or repeat an import.
///
/// Only a person is asked: where standard input and output are terminals. A script is not.
struct ConfirmOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Does not ask on a terminal.")
    var yes = false
}

extension Shell {
    /// Asks for confirmation on a terminal; not with `--yes` and not in a dry run.
    ///
    /// - Parameters:
    ///   - question: The question, such as `Delete LAP-01 (Laptop)?`.
    ///   - options: Whether the user said yes beforehand.
    ///   - consequence: What holds after a no, such as `LAP-01 was not deleted`.
    /// - Returns: Whether the question was asked.
    /// - Throws: ``Failure`` if the answer is not yes.
    @discardableResult
    func confirm(
        _ question: String,
        _ options: ConfirmOptions,
        otherwise consequence: String
    ) throws -> Bool {
        guard !options.yes, !self.isDryRun, Question.canBeAsked else {
            return false
        }
        guard Question.isConfirmed(question) else {
            throw Failure(
                "not_confirmed",
                "\(consequence): the answer was not y",
                hint: "To skip the question, add --yes.",
                exit: Exit.failed
            )
        }
        return true
    }
}
