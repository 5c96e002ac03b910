public import InventoryModel
internal import Synchronization

/// Whether work that somebody asked for is still wanted; the work asks for itself, now and then.
///
///     who asked    cancel() ──┐
///                             ▼
///     the work     … rows … checkpoint() … rows … checkpoint() … rows …
///                             ├─ throws: cancelled, or out of time
///                             └─ returns: later, if something shorter had to be done first
///
/// It knows no clock and no thread: who has work done says what a checkpoint means, and the work says
/// only that it has reached one. Checkpoints are a thousand rows apart, or fewer.
public final class WorkToken: Sendable {
    private let cancelled = Atomic<Bool>(false)
    private let onCheckpoint: @Sendable () throws(Refusal) -> Void
    private let isPauseWanted: @Sendable () -> Bool

    /// Work that somebody else ends.
    ///
    /// `onCheckpoint`: Called at each checkpoint, on any thread that does a part of the work. It may take
    /// its time, and throws to end the work.
    /// `isPauseWanted`: Whether work that can be resumed should return what it has.
    public init(
        onCheckpoint: @escaping @Sendable () throws(Refusal) -> Void,
        isPauseWanted: @escaping @Sendable () -> Bool
    ) {
        self.onCheckpoint = onCheckpoint
        self.isPauseWanted = isPauseWanted
    }

    /// A part of other work, which can be cancelled by itself.
    public convenience init(within whole: WorkToken) {
        self.init(
            onCheckpoint: { () throws(Refusal) in try whole.checkpoint() },
            isPauseWanted: { whole.isPauseDue }
        )
    }

    /// What cancelled work is refused with.
    public static let cancellation = Refusal(.invalidField, .message("cancelled"))

    public var isCancelled: Bool { self.cancelled.load(ordering: .relaxed) }

    /// Ends the work at its next checkpoint.
    public func cancel() { self.cancelled.store(true, ordering: .relaxed) }

    /// Whether work that can be resumed should return what it has.
    public var isPauseDue: Bool { self.isCancelled || self.isPauseWanted() }

    /// - Throws: ``cancellation``, or what else ends the work.
    public func checkpoint() throws(Refusal) {
        if self.isCancelled { throw Self.cancellation }
        try self.onCheckpoint()
    }
}

extension ReadView {
    /// The same view for work that can be ended.
    public func limited(by token: WorkToken) -> ReadView {
        var view = self
        view.token = token
        return view
    }

    /// A place where the work on this view may be ended.
    @usableFromInline
    package func checkpoint() throws(Refusal) { try self.token?.checkpoint() }

    /// A checkpoint at one of every 1,024 steps, as loops over rows have it.
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
