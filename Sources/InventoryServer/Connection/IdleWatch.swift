/// Tells whether a connection has been silent for as long as one may be.
///
/// It is looked at four times in that time, and needs no clock where bytes are read: it is silent too
/// long after four looks in a row at which nothing had come since the look before.
///
///     read ▓      look look look look ─▶ too long
///                  1    2    3    4
///
/// A plain value.
struct IdleWatch: Equatable {
    /// Looks in the time that a connection may be silent.
    static let looksMax = 4

    private var hasRead = true
    private var silentLooks = 0

    /// Bytes came.
    mutating func read() { self.hasRead = true }

    /// Looks whether the connection is silent too long.
    ///
    /// - Parameter isServed: Whether it listens or awaits an answer: then silence is no sign of anything.
    /// - Returns: Whether it is.
    mutating func look(isServed: Bool) -> Bool {
        self.silentLooks = self.hasRead || isServed ? 0 : self.silentLooks + 1
        self.hasRead = false
        return self.silentLooks >= Self.looksMax
    }
}
