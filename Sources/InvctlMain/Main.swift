import invctl

/// The program `invctl`.
///
/// The code is in the library of that name, which tests and fuzzers link too.
@main
enum Main {
    static func main() async { await InvctlProgram.run() }
}
