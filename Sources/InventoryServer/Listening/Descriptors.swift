internal import Glibc
internal import Logging

/// How the descriptors of this process are divided: the log, snapshots and listening sockets always
/// have theirs, connections get the rest.
enum Descriptors {
    /// Kept for the server's own: files of the log, of snapshots and parity, readers of old log files,
    /// listening sockets, loops.
    static let reserved = 48
    /// What a connection may take: its socket, and once it subscribes the fan-out's duplicate of it.
    static let perConnection = 2
    /// Connections there may be however few descriptors there are.
    static let connectionsMin = 8

    /// How many connections there may be with `descriptorsMax` descriptors in all.
    static func connectionsMax(wanted: Int, descriptorsMax: Int) -> Int {
        let rest = descriptorsMax - self.reserved
        return min(wanted, max(self.connectionsMin, rest / self.perConnection))
    }

    /// Raises the limit of this process as far as it may, and says how many connections fit.
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
            wanted: configuration.connectionsMax,
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
