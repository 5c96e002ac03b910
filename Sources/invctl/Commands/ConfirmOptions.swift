import ArgumentParser
import InventoryTransfer
import TerminalKit

/// The option of commands that ask before they do what cannot be taken back.
///
/// Only a person is asked: where standard input and output are terminals. A script is not.
struct ConfirmOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Does not ask on a terminal.")
    var yes = false
}

extension Shell {
    /// Asks whether to go on, on a terminal; not with `--yes` and not in a dry run.
    ///
    /// - Parameters:
    ///   - question: The question, such as `Delete LAP-01 (Laptop)?`.
    ///   - options: Whether the user said yes beforehand.
    ///   - consequence: What holds after a no, such as `LAP-01 was not deleted`.
    /// - Throws: ``Failure`` if the answer is not yes.
    func confirm(
        _ question: String,
        _ options: ConfirmOptions,
        otherwise consequence: String
    ) throws {
        guard !options.yes, !self.isDryRun, Question.canBeAsked else { return }
        guard Question.isConfirmed(question) else {
            throw Failure(
                "not_confirmed",
                "\(consequence): the answer was not y",
                hint: "To skip the question, add --yes.",
                exit: Exit.failed
            )
        }
    }
}
