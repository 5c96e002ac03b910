internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// Idempotency: commands with an idempotency key.
///
///     key known ──▶ the same outcome as before, byte for byte, as replayedOutcome
///     key new   ──▶ decided like any command; its step remembers the outcome under the key
extension Engine {
    /// Runs a command with a key and appends the reply frame.
    ///
    /// - Returns: The LSN that must be durable before the answer is sent.
    mutating func runKeyed(
        _ frame: Frame,
        context: borrowing Context,
        share: inout KeyShare,
        into writer: inout ByteWriter
    ) throws(WireError) -> LSN {
        let request = try KeyedRequest(frame.body)
        let digest = request.identity.digest(of: frame.body)
        let key = request.key
        switch self.state.check(
            key,
            digest: digest,
            firstTried: request.firstTried,
            horizon: self.keys.horizon(at: context.now)
        ) {
        case .new:
            break
        case .repeated(let outcome):
            return try self.replay(
                outcome,
                to: frame,
                request: request,
                context: context,
                into: &writer
            )
        case .refused(let refusal):
            let denial = try Self.check(frame, request, from: context.principal)
            return self.refuse(frame, refusal: denial ?? refusal, into: &writer)
        }
        let before = self.state.keyUse
        share.forget(before: before.firstNumber)
        if let refusal = self.keys.refusal(before, share.byteCount) {
            let denial = try Self.check(frame, request, from: context.principal)
            _ = self.refuse(frame, refusal: denial ?? refusal, into: &writer)
            // The refusal does not depend on the state.
            return 0
        }
        if let refusal = request.refusalOfFirstTried(at: context.now) {
            return try self.refuse(
                frame,
                request: request,
                refusal: refusal,
                context: context,
                into: &writer
            )
        }
        let reply = FrameWriter(.outcome, requestID: frame.requestID, into: &writer)
        let lsn = try self.run(
            frame.body,
            at: request.offset,
            of: .keyedCommand,
            context: context,
            completing: Completion(.key(key), digest: digest),
            into: &writer
        )
        reply.finish(into: &writer)
        let added = self.state.keyUse.byteCount - before.byteCount
        if added > 0 {
            share.add(before.nextNumber, byteCount: added, of: self.keys.shareByteCountMax)
        }
        return lsn
    }

    /// Answers a retry with the outcome of the request that it repeats.
    private mutating func replay(
        _ outcome: [UInt8],
        to frame: Frame,
        request: KeyedRequest,
        context: borrowing Context,
        into writer: inout ByteWriter
    ) throws(WireError) -> LSN {
        if let denial = try Self.denialOfRetry(
            frame.body,
            at: request.offset,
            of: .keyedCommand,
            from: context.principal
        ) {
            _ = self.refuse(frame, refusal: denial, into: &writer)
            return 0
        }
        Self.write(outcome, to: frame, into: &writer)
        return self.lsn
    }

    private static func write(
        _ outcome: [UInt8],
        to frame: Frame,
        into writer: inout ByteWriter
    ) {
        let reply = FrameWriter(.replayedOutcome, requestID: frame.requestID, into: &writer)
        writer.write(bytes: outcome)
        reply.finish(into: &writer)
    }

    /// Answers a read of the outcome that is remembered under a key.
    func readOutcome(
        _ frame: Frame,
        _ context: borrowing Context,
        into writer: inout ByteWriter
    ) throws(WireError) {
        var reader = ByteReader(frame.body)
        let request = try Request(.keyedOutcome, from: &reader)
        guard case .keyedOutcome(let key, let firstTried, let fingerprint) = request else {
            preconditionFailure("\(request.opcode) does not read a key's outcome")
        }
        let answer = self.state.check(
            key.fingerprint,
            digest: fingerprint?.value,
            firstTried: firstTried,
            horizon: self.keys.horizon(at: context.now)
        )
        switch answer {
        case .repeated(let outcome):
            Self.write(outcome, to: frame, into: &writer)
        case .new:
            ServerMessage.refused(Refusal(.keyUnknown))
                .encodeFrame(requestID: frame.requestID, into: &writer)
        case .refused(let refusal):
            ServerMessage.refused(refusal)
                .encodeFrame(requestID: frame.requestID, into: &writer)
        }
    }

    /// Returns the refusal of a request that its principal may not send; `nil` if it may be decided.
    private static func check(
        _ frame: Frame,
        _ request: KeyedRequest,
        from principal: Principal
    ) throws(WireError) -> Refusal? {
        try Self.checkRequest(
            frame.body,
            at: request.offset,
            of: .keyedCommand,
            from: principal
        )
    }

    /// Refuses a request before its command is decided, so that its key stays free; a malformed body, the
    /// principal's rights and the server's state take precedence.
    private mutating func refuse(
        _ frame: Frame,
        request: KeyedRequest,
        refusal: Refusal,
        context: borrowing Context,
        into writer: inout ByteWriter
    ) throws(WireError) -> LSN {
        let denial = try Self.check(frame, request, from: context.principal)
        if let refusal = denial ?? context.refusal ?? self.backlogRefusal {
            _ = self.refuse(frame, refusal: refusal, into: &writer)
            return 0
        }
        ServerMessage.refused(refusal).encodeFrame(requestID: frame.requestID, into: &writer)
        return self.lsn
    }

    private mutating func refuse(
        _ frame: Frame,
        refusal: Refusal,
        into writer: inout ByteWriter
    ) -> LSN {
        let reply = FrameWriter(.outcome, requestID: frame.requestID, into: &writer)
        let lsn = self.refuse(refusal, &writer)
        reply.finish(into: &writer)
        return lsn
    }
}

/// The identity of a request, compared on a retry, and the offset of the command in its body.
struct RequestIdentity {
    /// The fingerprint sent by the client; `nil` if the bytes of the command are hashed.
    private var fingerprint: RequestFingerprint?
    private(set) var offset: Int

    init(_ reader: inout ByteReader) throws(ByteReaderError) {
        self.fingerprint = try RequestFingerprint.read(from: &reader)
        self.offset = reader.offset
    }

    /// - Precondition: The body continues at `offset`.
    init(
        _ body: UnsafeRawBufferPointer,
        at offset: Int,
        of opcode: Opcode
    ) throws(WireError) {
        do throws(ByteReaderError) {
            var reader = ByteReader(body)
            _ = try reader.readBytes(offset)
            try self.init(&reader)
        } catch {
            throw .malformedBody(opcode, error)
        }
    }

    func digest(of body: UnsafeRawBufferPointer) -> UInt64 {
        self.fingerprint?.value
            ?? Hash64.hash(UnsafeRawBufferPointer(rebasing: body[self.offset...]))
    }
}

/// The part of a keyed command's body before the command.
private struct KeyedRequest {
    var key: KeyFingerprint
    var firstTried: Instant?
    var identity: RequestIdentity
    /// The offset of the command.
    var offset: Int { self.identity.offset }

    init(_ body: UnsafeRawBufferPointer) throws(WireError) {
        do throws(ByteReaderError) {
            var reader = ByteReader(body)
            self.key = try IdempotencyKey(from: &reader).fingerprint
            self.firstTried = try reader.readOptionalInstant()
            self.identity = try RequestIdentity(&reader)
        } catch {
            throw .malformedBody(.keyedCommand, error)
        }
    }

    /// Returns the refusal if `firstTried` is too far in the future; `nil` if it is valid.
    ///
    /// An instant before the calendar is before every horizon and is refused as forgotten.
    func refusalOfFirstTried(at now: Instant) -> Refusal? {
        let latest = min(
            now.advanced(bySeconds: Limits.occurredAtFutureSeconds),
            Instant.calendar.upperBound
        )
        guard let firstTried, firstTried > latest else { return nil }
        return Refusal(
            .outOfRange,
            .range(
                "firstTried",
                value: firstTried.microseconds,
                lowest: Limits.instantMin,
                highest: latest.microseconds
            )
        )
    }
}
