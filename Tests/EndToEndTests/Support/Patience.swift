/// How long tests wait for another process: long enough that only a missing event fails, however busy the
/// machine is.
enum Patience {
    static let seconds: Double = 120
    /// The interval between two checks.
    static let pause = Duration.milliseconds(10)
}

/// Polls a condition until it holds or the time is up.
///
/// - Returns: Whether it held in time.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(Patience.seconds)
    while try await !condition() {
        if ContinuousClock.now > end { return false }
        try await Task.sleep(for: Patience.pause)
    }
    return true
}
