internal import Glibc
internal import Logging

/// The division of the process's descriptors: the log, snapshots and listening sockets have a reserve,
/// connections get the rest.
enum Descriptors {
    /// The server's reserve: files of the log, of snapshots and parity, readers of old log files, listening
    /// sockets, loops.
    static let reserved = 48
    /// Descriptors of a connection: its socket, and the fan-out's duplicate of it once it subscribes.
    static let perConnection = 2
    /// The minimum number of connections, however few descriptors there are.
    static let connectionsMin = 8

    /// The number of connections that fit with `descriptorsMax` descriptors in total.
    static func connectionsMax(configured: Int, descriptorsMax: Int) -> Int {
        let rest = descriptorsMax - self.reserved
        return min(configured, max(self.connectionsMin, rest / self.perConnection))
    }

    /// Raises the process's limit as far as allowed, and returns how many connections fit.
    static func connectionsMax(_ configuration: ServerConfiguration, _ logger: Logger) -> Int {
        var limit = rlimit()
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(kind, &limit) == 0 else { return configuration.connectionsMax }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(kind, &raised) == 0 { limit = raised }
        }
        let descriptorsMax = Int(min(limit.rlim_cur, rlim_t(Int32.max)))
        let connectionsMax = self.connectionsMax(
            configured: configuration.connectionsMax,
            descriptorsMax: descriptorsMax
        )
        if connectionsMax < configuration.connectionsMax {
            logger.notice(
                """
                up to \(connectionsMax) connections instead of \(configuration.connectionsMax): this \
                process may have \(descriptorsMax) files open (ulimit -n)
                """
            )
        }
        return connectionsMax
    }
}
