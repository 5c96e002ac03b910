/// Detects connections that are idle for too long.
///
/// It is checked four times within the limit and needs no clock when bytes are read: a connection is idle too
/// long after four checks in a row without bytes since the check before.
///
///     read ▓      look look look look ─▶ too long
///                  1    2    3    4
///
/// A plain value.
struct IdleWatch: Equatable {
    /// Checks within the time that a connection may be idle.
    static let looksMax = 4

    private var hasRead = true
    private var silentLooks = 0

    /// Records that bytes were read.
    mutating func read() { self.hasRead = true }

    /// Checks whether the connection is idle for too long.
    ///
    /// - Parameter isServed: Whether it subscribes or awaits an answer; then it does not count as idle.
    /// - Returns: Whether it is idle for too long.
    mutating func look(isServed: Bool) -> Bool {
        self.silentLooks = self.hasRead || isServed ? 0 : self.silentLooks + 1
        self.hasRead = false
        return self.silentLooks >= Self.looksMax
    }
}
