/// The version of invctl, which error hints also name.
package enum InvctlVersion {
    /// A semantic version.
    package static let current = "0.2.0"
}
