/// The version of invctl, which its errors name too.
package enum InvctlVersion {
    package static let current = "0.2.0"
}
