internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// The server as what runs requests: each goes to the object that owns its state.
extension EngineDriver: RequestService {
    // MARK: - The engine's

    func run(
        _ frames: inout FrameReader,
        session: UInt32?,
        machine: inout ConnectionStateMachine,
        isInUse: ((UInt64) -> Bool)?,
        into pending: inout PendingReplies,
        share: inout KeyShare
    ) throws(WireError) -> Frame? {
        guard Engine.runsNext(of: frames) else { return try frames.next() }
        var context = self.writeContext(of: machine.principal)
        context.session = session
        return try self.host.engine.run(
            &frames,
            session: session,
            context: context,
            machine: &machine,
            isInUse: isInUse,
            into: &pending,
            share: &share,
            countingIn: self.metrics
        )
    }

    func writeContext(of principal: Principal) -> Engine.Context {
        Engine.Context(
            principal: principal,
            now: self.context.now(),
            refusal: self.writeRefusal()
        )
    }

    func openSession(
        _ id: SessionID,
        mayCreate: Bool,
        for principal: Principal,
        in session: inout ConnectionSession,
        to requestID: UInt64,
        of writer: ConnectionWriter
    ) {
        do throws(Refusal) {
            let (status, replaced) = try self.host.engine.openSession(
                id,
                mayCreate: mayCreate,
                in: &session,
                self.writeContext(of: principal),
                unless: { self.connections.isOpen($0) }
            )
            self.connections.changedSession(from: replaced, to: status.number)
            writer.reply(.sessionOpened(status), to: requestID)
        } catch {
            // A retryable refusal does not depend on the state, so it waits for no LSN.
            writer.reply(.refused(error), to: requestID, at: error.code.isRetryable ? 0 : nil)
        }
    }

    // MARK: - Dispatch

    func answer(
        _ request: Request,
        to id: UInt64,
        of queries: ConnectionQueries,
        holding held: Int
    ) {
        let writer = queries.writer
        switch request {
        case .openSession, .command, .keyedCommand, .keyedOutcome, .getProduct, .takeSnapshot,
            .beginDryRun:
            preconditionFailure("\(request.opcode) has a function of its own")
        case .query(.stats):
            self.metrics.queries += 1
            self.answerStats(to: id, of: writer)
        case .query(let query):
            self.metrics.queries += 1
            self.queries.answer(query, to: id, of: queries, holding: held)
        case .subscribe(let subscription):
            self.events.subscribe(subscription, id, of: writer, holding: held)
        case .insight(let insight):
            self.metrics.queries += 1
            self.queries.answer(insight, to: id, of: queries, holding: held)
        case .subscribeInsight(let insight):
            self.insights.subscribe(insight, id, of: writer, holding: held)
        case .unsubscribe(let subscription):
            let reason = Refusal(.clientClosed, .message("unsubscribed"))
            self.insights.unsubscribe(subscription, of: writer.id, reason)
            self.events.unsubscribe(subscription, of: writer, reason)
            writer.reply(self.pong, to: id)
        case .cancel(let query):
            queries.cancel(query)
            self.backups.cancel(query, of: writer.id)
            writer.reply(self.pong, to: id)
        case .ping:
            writer.reply(self.pong, to: id, at: 0)
        case .backup(let bytesPerSecondMax):
            self.backups.begin(bytesPerSecondMax: bytesPerSecondMax, to: id, of: writer)
        }
    }

    func takeSnapshot(_ completion: @escaping (Result<SnapshotTaken, Refusal>) -> Void) {
        self.snapshots.take { result in
            completion(
                result.mapError { error in
                    let code: RefusalCode =
                        if case .full = error { .storageFull } else { .internal }
                    return Refusal(code, .message("\(error)"))
                }
            )
        }
    }

    // MARK: - Dry runs and the end

    func beginDryRun(
        of writer: ConnectionWriter,
        sessionBefore: UInt32?,
        to requestID: UInt64
    ) -> (any RequestService)? {
        DryRun(
            of: self,
            among: self.dryRuns,
            writer: writer,
            sessionBefore: sessionBefore,
            to: requestID
        )
    }

    func connectionClosed(session: UInt32?) { self.closeSession(session) }
}

extension EngineDriver: DryRunUpstream {
    func wholeView() -> ReadView { self.host.wholeView() }

    var keys: KeyRetention { self.host.engine.keys }

    func closeSession(_ session: UInt32?) {
        self.connections.changedSession(from: session, to: nil)
    }
}
