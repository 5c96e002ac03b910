public import InventoryModel
internal import Synchronization

/// Cancels or pauses work; the work checks it at regular checkpoints.
///
///     requester    cancel() ──┐
///                             ▼
///     the work     … rows … checkpoint() … rows … checkpoint() … rows …
///                             ├─ throws: cancelled, or deadline exceeded
///                             └─ returns: later, if shorter work had to be done first
///
/// It depends on neither clock nor thread: the creator of the token defines what a checkpoint does, and the work
/// only reports that it has reached one. Checkpoints are at most about a thousand rows apart.
public final class WorkToken: Sendable {
    private let cancelled = Atomic<Bool>(false)
    private let onCheckpoint: @Sendable () throws(Refusal) -> Void
    private let isPauseWanted: @Sendable () -> Bool

    /// A token for work that its requester may end.
    ///
    /// - Parameters:
    ///   - onCheckpoint: Called at each checkpoint, on any thread that does a part of the work. It may block,
    ///     and throws to end the work.
    ///   - isPauseWanted: Whether work that can be resumed should return what it has.
    public init(
        onCheckpoint: @escaping @Sendable () throws(Refusal) -> Void,
        isPauseWanted: @escaping @Sendable () -> Bool
    ) {
        self.onCheckpoint = onCheckpoint
        self.isPauseWanted = isPauseWanted
    }

    /// A token for a part of other work, which can be cancelled separately.
    public convenience init(within whole: WorkToken) {
        self.init(
            onCheckpoint: { () throws(Refusal) in try whole.checkpoint() },
            isPauseWanted: { whole.isPauseDue }
        )
    }

    /// The refusal of cancelled work.
    public static let cancellation = Refusal(.invalidField, .message("cancelled"))

    /// Whether ``cancel()`` was called on this token; not whether the work that it is a part of is cancelled.
    public var isCancelled: Bool { self.cancelled.load(ordering: .relaxed) }

    /// Ends the work at its next checkpoint.
    public func cancel() { self.cancelled.store(true, ordering: .relaxed) }

    /// Whether work that can be resumed should return what it has.
    public var isPauseDue: Bool { self.isCancelled || self.isPauseWanted() }

    /// A place where the work may be ended.
    ///
    /// - Throws: ``cancellation``, or the refusal of the token's checkpoint handler.
    public func checkpoint() throws(Refusal) {
        if self.isCancelled { throw Self.cancellation }
        try self.onCheckpoint()
    }
}

extension ReadView {
    /// The same view, with a token that can end work on it.
    public func limited(by token: WorkToken) -> ReadView {
        var view = self
        view.token = token
        return view
    }

    /// A place where work on this view may be ended.
    @usableFromInline
    package func checkpoint() throws(Refusal) { try self.token?.checkpoint() }

    /// A checkpoint at one of every 1,024 steps, for loops over rows.
    @inlinable @inline(__always)
    package func checkpoint(at step: Int) throws(Refusal) {
        if step & 1_023 == 0 { try self.checkpoint() }
    }

    /// Sorts, with checkpoints.
    ///
    /// - Complexity: O(n log n)
    @inlinable
    package func sort<Elements: MutableCollection & RandomAccessCollection>(
        _ elements: inout Elements,
        by isBefore: (Elements.Element, Elements.Element) -> Bool
    ) throws(Refusal) {
        guard let token = self.token else {
            elements.sort(by: isBefore)
            return
        }
        var comparisons = 0
        do {
            try elements.sort { a, b in
                comparisons &+= 1
                if comparisons & 1_023 == 0 { try token.checkpoint() }
                return isBefore(a, b)
            }
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            preconditionFailure("a comparison threw \(error)")
        }
    }
}
