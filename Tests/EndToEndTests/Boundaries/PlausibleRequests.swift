import Bytes
import InventoryModel
import InventoryWire

/// A valid request, whose numbers a walk replaces.
struct PlausibleRequest: Sendable {
    /// The name in failure messages.
    var name: String
    var opcode: Opcode
    var body: [UInt8]
    /// The range of the body whose numbers are walked; `nil` for all of it.
    var range: Range<Int>?
    /// Whether it may be refused unmodified, such as a query whose parts do not fit together.
    var mayBeRefused = false

    init(_ name: String, _ request: Request) {
        self.name = name
        self.opcode = request.opcode
        var writer = ByteWriter()
        request.encodeBody(into: &writer)
        self.body = writer.array()
    }

    init(_ hello: Hello) {
        self.name = "hello"
        self.opcode = .hello
        var writer = ByteWriter()
        hello.encode(into: &writer)
        self.body = writer.array()
    }

    var fields: [NumericField] {
        NumericFields(of: self.body, self.opcode).all.filter { field in
            self.range.map { $0.contains(field.range.lowerBound) } ?? true
        }
    }

    func limited(to range: Range<Int>) -> PlausibleRequest {
        var request = self
        request.range = range
        return request
    }
}

/// The requests of a walk, some for each case of each enumeration: a new command or query does not
/// compile, and a new opcode or insight fails a test, until it has a request here.
enum PlausibleRequests {
    static func of(_ opcode: Opcode, _ world: WalkedWorld) -> [PlausibleRequest] {
        switch opcode {
        case .hello:
            [PlausibleRequest(Hello(actor: "walk", software: "walk", token: [1, 2, 3]))]
        case .openSession:
            [
                PlausibleRequest(
                    "openSession",
                    .openSession(SessionID(high: 7, low: 9), mayCreate: true)
                )
            ]
        case .keyedCommand:
            [nil, world.now].enumerated().map { number, firstTried in
                PlausibleRequest(
                    "keyedCommand \(number)",
                    .keyedCommand(
                        IdempotencyKey(high: UInt64(number), low: world.sale.value),
                        firstTried: firstTried,
                        fingerprint: firstTried.map { _ in RequestFingerprint(7) },
                        self.commands(.sell, world)[0]
                    )
                )
            }
        case .keyedOutcome:
            [
                PlausibleRequest(
                    "keyedOutcome",
                    .keyedOutcome(
                        world.key,
                        firstTried: world.now,
                        fingerprint: RequestFingerprint(7)
                    )
                )
            ]
        case .command:
            CommandTag.allCases.flatMap { tag in
                self.commands(tag, world).enumerated().map { number, command in
                    PlausibleRequest("\(tag) \(number)", .command(sequence: 0, command))
                }
            }
        case .query:
            QueryTag.allCases.flatMap { tag in
                self.queries(tag, world).enumerated().map { number, query in
                    PlausibleRequest("\(tag) \(number)", .query(query))
                }
            }
        case .subscribe:
            self.subscriptions(world).enumerated().map { number, subscription in
                PlausibleRequest("subscribe \(number)", .subscribe(subscription))
            }
        case .unsubscribe: [PlausibleRequest("unsubscribe", .unsubscribe(requestID: 3))]
        case .cancel: [PlausibleRequest("cancel", .cancel(requestID: 3))]
        case .ping: [PlausibleRequest("ping", .ping)]
        case .beginDryRun: [PlausibleRequest("beginDryRun", .beginDryRun)]
        case .takeSnapshot: [PlausibleRequest("takeSnapshot", .takeSnapshot)]
        case .backup: [PlausibleRequest("backup", .backup(bytesPerSecondMax: 0))]
        case .getProduct: self.lookups(world)
        case .insight: self.insights(world)
        case .subscribeInsight: self.liveInsights(world)
        // Messages of a server have none; a test requires some for every other opcode.
        default: []
        }
    }

    private static func lookups(_ world: WalkedWorld) -> [PlausibleRequest] {
        let keys: [ProductKey] = [
            .id(world.product), .sku(world.unique), .barcode("B\(world.unique)"),
        ]
        return keys.map { key in
            var request = PlausibleRequest("getProduct \(key)", .getProduct(key))
            // No product has this one.
            if case .barcode = key { request.mayBeRefused = true }
            return request
        }
    }

    private static func subscriptions(_ world: WalkedWorld) -> [Subscription] {
        let filter = SubscriptionFilter(
            products: [world.product],
            skuPrefix: "W",
            category: world.category,
            location: .main
        )
        return [
            Subscription(topics: .all, start: .now),
            Subscription(topics: [.stock, .proof], filter: filter, start: .snapshot),
            Subscription(topics: .stock, filter: filter, start: .after(world.sale.previous)),
            Subscription(topics: .stock, start: .snapshot, updatesPerSecond: 10),
        ]
    }
}
