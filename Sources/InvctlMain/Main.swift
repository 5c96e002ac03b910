import invctl

/// The program `invctl`.
///
/// It is one call: all that it does is in the library of that name, which tests and fuzzers link too.
@main
enum Main {
    static func main() async { await InvctlProgram.run() }
}
