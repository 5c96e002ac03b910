/// The version of the programs.
public enum InvdVersion {
    public static let current = "0.2.0"
}
