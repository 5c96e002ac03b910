/// The version of the programs.
public enum InvdVersion {
    /// The version as `major.minor.patch`, shown by `--version` and in the reply to a hello.
    public static let current = "0.2.0"
}
