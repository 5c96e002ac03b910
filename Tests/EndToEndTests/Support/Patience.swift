/// How long tests wait for what another process does: so long that only what never comes fails,
/// however busy the machine is.
enum Patience {
    static let seconds: Double = 120
    /// Between two looks.
    static let pause = Duration.milliseconds(10)
}

/// Looks again and again until something holds.
///
/// - Returns: Whether it came to that.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(Patience.seconds)
    while try await !condition() {
        if ContinuousClock.now > end { return false }
        try await Task.sleep(for: Patience.pause)
    }
    return true
}
