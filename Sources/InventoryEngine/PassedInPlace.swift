/// Makes the type it is a property of one that is passed where it lies.
///
/// A large struct of plain fields is copied to the stack ahead of nearly every call that only reads
/// it: the state's four and a half kilobytes took a seventh of the time of a sale. What holds an
/// existential has no such copies, because nobody can say how to make them with a plain move.
struct PassedInPlace: Sendable {
    /// Always nothing.
    private let nothing: (any Sendable)? = nil
}
