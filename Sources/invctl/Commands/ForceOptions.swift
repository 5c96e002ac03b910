import ArgumentParser

/// The option of commands that write a file: a file that exists is replaced only on request.
struct ForceOptions: ParsableArguments {
    @Flag(help: "Replaces the file if it exists.")
    var force = false
}
