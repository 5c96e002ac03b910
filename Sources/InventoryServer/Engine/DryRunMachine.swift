internal import InventoryModel
internal import InventoryWire

/// The life of one dry run: which requests it runs, and what becomes of its copy of the state.
///
///     requested ──▶ building ──built──▶ begun ──closed──▶ freeing ──freed──▶ ended
///         │          │    │                                  ▲
///         │   failed │    └─closed──▶ abandoned ──withdrawn──┤
///         │          ▼                    │ └──────built─────┘
///         └─────▶ refused ──closed──▶ ended ◀──failed
///       too many
///
/// The copy is made and freed on other threads. So a dry run whose connection is closed meanwhile counts until
/// nothing of its copy is left: ``DryRunCounts``, which every event that changes the count is passed. A plain
/// value; ``DryRun`` performs the actions that it returns.
struct DryRunMachine: Equatable {
    enum State: Equatable {
        case requested
        /// The copy is being made.
        case building
        /// Requests run on the copy; their changes would have taken `byteCount` bytes of the log.
        case begun(byteCount: Int)
        /// There are too many, or the copy could not be made. The connection is still open.
        case refused
        /// The connection was closed while the copy was being made.
        case abandoned
        /// The connection is closed, and the copy is being freed.
        case freeing
        /// The connection is closed, and there is no copy.
        case ended
    }

    enum Action: Equatable {
        /// Make the copy.
        case build
        /// Acknowledge the dry run, and run its requests on the copy.
        case begin
        case refuse(Refusal)
        /// Cancel the making of the copy, and report whether it had not begun.
        case cancelBuild
        /// Free the copy, or what it was to be made from, and report it.
        case free
        case nothing
    }

    private(set) var state = State.requested

    // MARK: - The copy

    /// Its client has requested it.
    mutating func requested(_ counts: inout DryRunCounts) -> Action {
        precondition(self.state == .requested, "a dry run was requested while \(self.state)")
        do throws(Refusal) {
            try counts.begin()
            self.state = .building
            return .build
        } catch {
            self.state = .refused
            return .refuse(error)
        }
    }

    /// The copy is complete.
    mutating func built() -> Action {
        switch self.state {
        case .building:
            self.state = .begun(byteCount: 0)
            return .begin
        case .abandoned:
            self.state = .freeing
            return .free
        case .requested, .begun, .refused, .freeing, .ended:
            preconditionFailure("the copy of a dry run was made while \(self.state)")
        }
    }

    /// The copy could not be made, and nothing is left of it.
    mutating func buildFailed(_ refusal: Refusal, _ counts: inout DryRunCounts) -> Action {
        switch self.state {
        case .building:
            counts.close()
            counts.free()
            self.state = .refused
            return .refuse(refusal)
        case .abandoned:
            counts.free()
            self.state = .ended
            return .nothing
        case .requested, .begun, .refused, .freeing, .ended:
            preconditionFailure("the copy of a dry run failed while \(self.state)")
        }
    }

    /// The making of the copy was cancelled before it had begun.
    mutating func buildWithdrawn() -> Action {
        precondition(self.state == .abandoned, "the copy was withdrawn while \(self.state)")
        self.state = .freeing
        return .free
    }

    /// The copy was freed: another dry run may begin.
    mutating func freed(_ counts: inout DryRunCounts) {
        precondition(self.state == .freeing, "the copy was freed while \(self.state)")
        counts.free()
        self.state = .ended
    }

    /// The connection was closed.
    mutating func closed(_ counts: inout DryRunCounts) -> Action {
        switch self.state {
        case .building:
            counts.close()
            self.state = .abandoned
            return .cancelBuild
        case .begun:
            counts.close()
            self.state = .freeing
            return .free
        case .refused:
            self.state = .ended
            return .nothing
        case .requested, .abandoned, .freeing, .ended:
            preconditionFailure("the connection of a dry run was closed while \(self.state)")
        }
    }

    // MARK: - Requests

    /// Whether requests run on the copy.
    var runsRequests: Bool {
        switch self.state {
        case .begun: true
        case .requested, .building, .refused, .abandoned, .freeing, .ended: false
        }
    }

    /// Requests were decided that would have made `byteCount` bytes of log entries.
    mutating func decided(_ byteCount: Int) {
        guard case .begun(let before) = self.state else {
            preconditionFailure("requests were decided while \(self.state)")
        }
        self.state = .begun(byteCount: before + byteCount)
    }

    /// Why its commands are refused now; `nil` if they are decided.
    var writeRefusal: Refusal? {
        guard case .begun(let byteCount) = self.state,
            byteCount > WireLimits.dryRunByteCountMax
        else { return nil }
        return Refusal(
            .tooManyLines,
            .range(
                "bytes of a dry run's changes",
                value: Int64(byteCount),
                lowest: 0,
                highest: Int64(WireLimits.dryRunByteCountMax)
            )
        )
    }

    /// The refusal of a request that does not run on the copy.
    func refusal(of opcode: Opcode) -> Refusal {
        let problem =
            switch self.state {
            case .requested, .building: "came before the dry run began"
            case .begun: "\(opcode) is not part of a dry run"
            case .refused, .abandoned, .freeing, .ended: "belongs to a dry run that was refused"
            }
        return Refusal(.invalidField, .field("request", problem: problem))
    }

    // MARK: - Invariants

    /// How a dry run counts in ``DryRunCounts``.
    enum Share: Equatable { case none, open, ending }

    /// Its share of the counts.
    var share: Share {
        switch self.state {
        case .building, .begun: .open
        case .abandoned, .freeing: .ending
        case .requested, .refused, .ended: .none
        }
    }

    /// Traps if it contradicts itself, or the parts of a copy that exist.
    ///
    /// - Parameters:
    ///   - isBuilding: Whether there is something that a copy is made from.
    ///   - hasCopy: Whether requests have a copy to run on.
    func checkInvariants(isBuilding: Bool, hasCopy: Bool) {
        let mayBuild = self.state == .building || self.state == .abandoned
        precondition(isBuilding == mayBuild, "a copy is made: \(isBuilding), while \(self.state)")
        precondition(hasCopy == self.runsRequests, "a copy: \(hasCopy), while \(self.state)")
        if case .begun(let byteCount) = self.state {
            precondition(byteCount >= 0, "\(byteCount) bytes of changes")
        }
    }
}
