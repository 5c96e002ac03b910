internal import Bytes
internal import InventoryModel
internal import InventoryWire

/// The body of a command's request: decoded for the slow path, and authorized.
extension Engine {
    /// A decoded request: a command, or a refusal for its size without decoding it.
    enum RequestedCommand {
        case command(Command)
        case refused(CommandTag, Refusal)
    }

    /// Decodes the command at `offset` in a request's body.
    ///
    /// - Throws: An error unless the bytes are a command or one that is refused for its size.
    static func request(
        _ body: UnsafeRawBufferPointer,
        at offset: Int,
        of opcode: Opcode
    ) throws(WireError) -> RequestedCommand {
        do throws(WireError) {
            return .command(try Self.command(body, at: offset, of: opcode))
        } catch {
            let bytes = UnsafeRawBufferPointer(rebasing: body[offset...])
            guard let refusal = Command.refusalOfTooMany(bytes),
                let tag = bytes.first.flatMap({ CommandTag(rawValue: $0) })
            else { throw error }
            return .refused(tag, refusal)
        }
    }

    /// Returns the refusal of a request that its principal may not send; `nil` if it may be decided.
    static func denial(_ request: RequestedCommand, _ principal: Principal) -> Refusal? {
        switch request {
        case .command(let command): principal.refusal(of: command)
        case .refused(let tag, _): principal.refusal(of: tag)
        }
    }

    /// Returns the refusal of a request that its principal may not send; `nil` if it may be decided.
    ///
    /// - Throws: An error unless the bytes are a command or one that is refused for its size.
    static func checkRequest(
        _ body: UnsafeRawBufferPointer,
        at offset: Int,
        of opcode: Opcode,
        from principal: Principal
    ) throws(WireError) -> Refusal? {
        self.denial(try self.request(body, at: offset, of: opcode), principal)
    }

    /// Returns the refusal of a retry that its principal may no longer send; `nil` if it may.
    ///
    /// Decodes it only for a principal that may not send every command.
    static func denialOfRetry(
        _ body: UnsafeRawBufferPointer,
        at offset: Int,
        of opcode: Opcode,
        from principal: Principal
    ) throws(WireError) -> Refusal? {
        guard !principal.commands.areAll else { return nil }
        return try self.checkRequest(body, at: offset, of: opcode, from: principal)
    }

    private static func command(
        _ body: UnsafeRawBufferPointer,
        at offset: Int,
        of opcode: Opcode
    ) throws(WireError) -> Command {
        do throws(ByteReaderError) {
            var reader = ByteReader(body)
            _ = try reader.readBytes(offset)
            let command = try Command(from: &reader)
            try reader.finish()
            return command
        } catch {
            throw .malformedBody(opcode, error)
        }
    }
}
