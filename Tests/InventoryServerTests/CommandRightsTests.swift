import Bytes
import InventoryEngine
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

@testable import InventoryServer

/// An engine with two products, and the connection of a principal.
private final class Till {
    var engine: Engine
    var session: UInt32?
    private var machine = ConnectionStateMachine()
    private var share = KeyShare()
    private var nextID: UInt64 = 1

    init() throws {
        self.engine = Engine(state: InventoryState())
        let currency = try #require(Currency(code: "EUR"))
        self.engine.bootstrap(currency: currency, now: Self.now)
        self.become(Principal(actor: "owner"))
        _ = try self.send(.createCategory(name: "All"))
        for number in 0..<2 { _ = try self.send(Self.creation("S\(number)")) }
    }

    static let now = Instant(microseconds: 1_767_225_600_000_000)

    static func creation(_ sku: String) -> Command {
        .createProduct(
            ProductDraft(
                sku: sku,
                name: "N",
                category: CategoryID(1),
                price: Price(100),
                opening: OpeningStock(quantity: 10, unitCost: Money(5))
            )
        )
    }

    static let sale = Command.sell(Sale(lines: [SaleLine(product: ProductID(1), quantity: 1)]))
    static let deletion = Command.deleteProduct(ProductID(2), ifRevision: nil)

    /// Says hello on a new connection.
    func become(_ principal: Principal) {
        self.machine = ConnectionStateMachine()
        let action = self.machine.helloReceived(Hello(actor: "a", software: "s"), of: principal)
        #expect(action == .accept)
    }

    func openSession() throws {
        let context = Engine.Context(principal: self.machine.principal, now: Self.now)
        let id = SessionID(high: 1, low: 2)
        self.session = try self.engine.openSession(id, mayCreate: true, context) { _ in false }
            .number
    }

    func send(_ command: Command, sequence: UInt64 = 0) throws -> ServerMessage {
        try self.send(.command(sequence: sequence, command))
    }

    func send(_ request: Request, refusal: Refusal? = nil) throws -> ServerMessage {
        var bytes = ByteWriter()
        request.encodeFrame(requestID: self.nextID, into: &bytes)
        return try self.send(bytes.array(), refusal: refusal)
    }

    /// Runs the bytes of a request, while writes are refused for `refusal`.
    func send(_ bytes: [UInt8], refusal: Refusal? = nil) throws -> ServerMessage {
        self.nextID += 1
        let context = Engine.Context(
            principal: self.machine.principal,
            now: Self.now,
            refusal: refusal
        )
        var pending = PendingReplies()
        var counts = Engine.RunCounts()
        try bytes.withUnsafeBytes { bytes in
            var frames = FrameReader(bytes, limit: WireLimits.requestByteCountMax)
            let rest = try self.engine.run(
                &frames,
                session: self.session,
                context: context,
                machine: &self.machine,
                isInUse: nil,
                into: &pending,
                share: &self.share,
                counting: &counts
            )
            #expect(rest == nil)
        }
        self.engine.checkInvariants()
        #expect(self.machine.replied(1) == .nothing)
        var reply: [UInt8] = []
        #expect(pending.release(durable: self.engine.lsn) { reply += Array($0) } == 1)
        return try reply.withUnsafeBytes { bytes in
            var frames = FrameReader(bytes, limit: WireLimits.replyByteCountMax)
            return try ServerMessage(try #require(try frames.next()))
        }
    }
}

/// Which commands a principal may send.
@Suite struct CommandRightsTests {
    private let till: Till

    init() throws { self.till = try Till() }

    private static func code(_ message: ServerMessage) -> RefusalCode? {
        switch message {
        case .outcome(.refused(let refusal)), .refused(let refusal): refusal.code
        default: nil
        }
    }

    private func become(without tags: CommandTag...) {
        var commands = CommandRights.all
        for tag in tags { commands = commands.denying(tag) }
        self.till.become(Principal(actor: "clerk", commands: commands))
    }

    /// Expects that a request is refused with `forbidden` and nothing is decided.
    private func expectForbidden(
        _ request: Request,
        refusal: Refusal? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let (lsn, byteCount) = (self.till.engine.lsn, self.till.engine.gatheredByteCount)
        let keys = self.till.engine.state.keyUse.count
        let reply = try self.till.send(request, refusal: refusal)
        #expect(Self.code(reply) == .forbidden, "\(reply)", sourceLocation: sourceLocation)
        #expect(self.till.engine.lsn == lsn, sourceLocation: sourceLocation)
        #expect(self.till.engine.gatheredByteCount == byteCount, sourceLocation: sourceLocation)
        #expect(self.till.engine.state.keyUse.count == keys, sourceLocation: sourceLocation)
    }

    private func expectForbidden(
        _ command: Command,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try self.expectForbidden(
            .command(sequence: 0, command),
            sourceLocation: sourceLocation
        )
    }

    @Test func `a denied command is refused alone, and others run`() throws {
        self.become(without: .deleteProduct)
        try self.expectForbidden(Till.deletion)
        let reply = try self.till.send(Till.sale)
        #expect(Self.code(reply) == nil, "\(reply)")
    }

    @Test(arguments: BatchMode.allCases)
    func `a denied command is refused within a batch, with all of it`(mode: BatchMode) throws {
        self.become(without: .deleteProduct)
        try self.expectForbidden(.batch([Till.sale, Till.deletion], mode))
        try self.expectForbidden(.batch([Till.deletion], mode))
        let reply = try self.till.send(.batch([Till.sale, Till.sale], mode))
        #expect(Self.code(reply) == nil, "\(reply)")
    }

    @Test(arguments: BatchMode.allCases)
    func `a denied command takes no fast path`(mode: BatchMode) throws {
        self.become(without: .sell)
        try self.expectForbidden(Till.sale)
        try self.expectForbidden(.batch([Till.sale, Till.sale], mode))
        var reply = try self.till.send(.batch([Till.creation("A"), Till.creation("B")], mode))
        #expect(Self.code(reply) == nil, "\(reply)")
        self.become(without: .createProduct)
        try self.expectForbidden(Till.creation("C"))
        try self.expectForbidden(.batch([Till.creation("C"), Till.creation("D")], mode))
        reply = try self.till.send(.batch([Till.sale, Till.sale], mode))
        #expect(Self.code(reply) == nil, "\(reply)")
    }

    @Test func `both layouts of a command have one right`() throws {
        var draft = ProductDraft(sku: "E", name: "N", category: CategoryID(1), price: Price(1))
        draft.fields.brand = "Acme"
        self.become(without: .createProduct)
        try self.expectForbidden(.createProduct(draft))
        self.become(without: .createExtendedProduct)
        try self.expectForbidden(.createProduct(draft))
        try self.expectForbidden(Till.creation("F"))
    }

    @Test func `batches themselves can be denied`() throws {
        self.become(without: .batch)
        try self.expectForbidden(.batch([Till.sale], .independent))
        let reply = try self.till.send(Till.sale)
        #expect(Self.code(reply) == nil, "\(reply)")
    }

    @Test func `the number of a session and a key stay free`() throws {
        try self.till.openSession()
        self.become(without: .deleteProduct)
        try self.expectForbidden(.command(sequence: 1, Till.deletion))
        let key = try #require(IdempotencyKey("k"))
        try self.expectForbidden(.keyedCommand(key, firstTried: nil, Till.deletion))
        let batch = Command.batch([Till.sale, Till.deletion], .independent)
        try self.expectForbidden(.keyedCommand(key, firstTried: nil, batch))
        var reply = try self.till.send(Till.sale, sequence: 1)
        #expect(Self.code(reply) == nil, "\(reply)")
        reply = try self.till.send(.keyedCommand(key, firstTried: nil, Till.sale))
        #expect(Self.code(reply) == nil, "\(reply)")
    }

    @Test func `of several errors the one with the lowest number is returned`() throws {
        self.become(without: .deleteProduct)
        // No session is open; then the number is beyond the next.
        try self.expectForbidden(.command(sequence: 9, Till.deletion))
        try self.till.openSession()
        try self.expectForbidden(.command(sequence: 9, Till.deletion))
        let full = Refusal(.storageFull)
        try self.expectForbidden(.command(sequence: 0, Till.deletion), refusal: full)
        var bytes = ByteWriter()
        let frame = FrameWriter(.command, requestID: 77, into: &bytes)
        bytes.write(UInt64(0))
        bytes.writeCase(CommandTag.deleteProduct)
        frame.finish(into: &bytes)
        #expect(Self.code(try self.till.send(bytes.array())) == .malformedFrame)
    }

    @Test func `a remembered outcome is not repeated to one who may not send the command`() throws {
        try self.till.openSession()
        let key = try #require(IdempotencyKey("k"))
        _ = try self.till.send(Till.sale, sequence: 1)
        _ = try self.till.send(.keyedCommand(key, firstTried: nil, Till.sale))
        self.become(without: .sell)
        try self.expectForbidden(.command(sequence: 1, Till.sale))
        try self.expectForbidden(.keyedCommand(key, firstTried: nil, Till.sale))
        self.become()
        #expect(Self.code(try self.till.send(Till.sale, sequence: 1)) == nil)
    }

    @Test(arguments: CommandTag.allCases)
    func `each command is allowed by default, and can be denied`(tag: CommandTag) {
        var random = SplitMix64(seed: UInt64(tag.rawValue))
        let command = random.command(tag)
        let owner = Principal(actor: "owner")
        #expect(owner.refusal(of: command) == nil)
        let denied = CommandRights.all.denying(tag)
        #expect(!denied.areAll && !denied.contains(tag))
        let clerk = Principal(actor: "clerk", commands: denied)
        #expect(clerk.refusal(of: command)?.code == .forbidden)
        #expect(Principal(actor: "screen", rights: .read).refusal(of: command) != nil)
    }

    @Test(arguments: FastPath.allCases)
    func `a fast path needs the right of its command and that of a batch`(path: FastPath) {
        var random = SplitMix64(seed: 3)
        let one = random.command(path.command)
        let command = path.isBatch ? Command.batch([one, one], .independent) : one
        command.encoded.bytes.withUnsafeBytes { bytes in
            #expect(CommandRights.all.permission(toRun: bytes)?.path == path)
            #expect(CommandRights.none.permission(toRun: bytes) == nil)
            for tag in CommandTag.allCases {
                let isNeeded =
                    tag == path.command || path.isBatch && tag == .batch
                    || path == .products && tag == .createExtendedProduct
                let isPermitted = CommandRights.all.denying(tag).permission(toRun: bytes) != nil
                #expect(isPermitted != isNeeded, "without \(tag)")
            }
        }
    }

    @Test func `other commands have no fast path`() {
        var random = SplitMix64(seed: 4)
        let tags = Set(FastPath.allCases.map(\.command))
        for tag in CommandTag.described where !tags.contains(tag) {
            let one = random.command(tag)
            for command in [one, .batch([one], .independent), .batch([], .errorsOnly)] {
                let path = command.encoded.bytes.withUnsafeBytes { FastPath($0) }
                #expect(path == nil, "\(tag)")
            }
        }
        let sale = random.command(.sell)
        for mode in [BatchMode.atomic, .dryRun, .atomicErrorsOnly] {
            let bytes = Command.batch([sale], mode).encoded.bytes
            #expect(bytes.withUnsafeBytes { FastPath($0) } == nil, "\(mode)")
        }
    }
}
