/// Makes the type that has it as a property pass by reference.
///
/// The compiler copies a large struct of plain fields to the stack before nearly every call that only
/// reads it: copying the state's 4.5 KB took a seventh of the time of a sale. A struct with an
/// existential is not bitwise copyable, so it is passed by address instead.
struct PassedInPlace: Sendable {
    /// Always `nil`.
    private let none: (any Sendable)? = nil
}
