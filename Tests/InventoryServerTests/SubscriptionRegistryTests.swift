import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

@testable import InventoryServer

/// The open subscriptions and their memory.
@Suite struct SubscriptionRegistryTests {
    private static let first = ConnectionID(number: 1)
    private static let second = ConnectionID(number: 2)
    private static let events = SubscriptionRegistry.Kind.events(needsKeys: false)

    private static func code(_ body: () throws(Refusal) -> Void) -> RefusalCode? {
        do throws(Refusal) { try body() } catch { return error.code }
        return nil
    }

    @Test func `a subscription is open from its request to its end`() throws {
        var registry = SubscriptionRegistry()
        #expect(registry.refusal(7, of: Self.first) == nil)
        try registry.begin(7, of: Self.first, Self.events, holding: 100)
        try registry.begin(8, of: Self.first, .insight, holding: 50)
        try registry.begin(7, of: Self.second, .insight, holding: 10)
        registry.checkInvariants()
        #expect(registry.count == 3 && registry.followerCount == 1 && registry.byteCount == 160)
        #expect(registry.contains(7, of: Self.first) && !registry.contains(8, of: Self.second))
        #expect(registry.requests(of: Self.first, toInsights: true) == [8])
        #expect(registry.requests(of: Self.first, toInsights: false) == [7])

        let ended = (0..<2).map { _ in registry.end(7, of: Self.first) }
        #expect(ended == [Self.events, nil], "it is over once")
        #expect(registry.followerCount == 0 && registry.hasAny(of: Self.first))
        let last = registry.end(8, of: Self.first)
        #expect(last == .insight)
        #expect(!registry.hasAny(of: Self.first) && registry.byteCount == 10)
        registry.checkInvariants()
    }

    @Test func `a request ID in use is refused, on the same connection only`() throws {
        var registry = SubscriptionRegistry()
        try registry.begin(7, of: Self.first, .insight, holding: 0)
        #expect(registry.refusal(7, of: Self.first)?.code == .invalidField)
        #expect(registry.refusal(7, of: Self.second) == nil)
    }

    @Test func `subscriptions are limited per connection and in total`() throws {
        var registry = SubscriptionRegistry()
        for number in 0..<UInt64(WireLimits.subscriptionsMax) {
            #expect(registry.refusal(number, of: Self.first) == nil)
            try registry.begin(number, of: Self.first, Self.events, holding: 1)
        }
        let next = UInt64(WireLimits.subscriptionsMax)
        #expect(registry.refusal(next, of: Self.first)?.code == .overloaded)
        #expect(registry.refusal(next, of: Self.second) == nil)
        var number = UInt64(2)
        while registry.count < WireLimits.subscriptionsOfAllMax {
            let connection = ConnectionID(number: number)
            for request in 0..<UInt64(WireLimits.subscriptionsMax)
            where registry.count < WireLimits.subscriptionsOfAllMax {
                try registry.begin(request, of: connection, .insight, holding: 0)
            }
            number += 1
        }
        let refusal = registry.refusal(0, of: ConnectionID(number: number))
        #expect(refusal?.code == .overloaded)
        registry.checkInvariants()
    }

    @Test func `a subscription without space for its bytes never began`() throws {
        var registry = SubscriptionRegistry()
        let most = WireLimits.subscriptionByteCountPerConnectionMax
        let code = Self.code { () throws(Refusal) in
            try registry.begin(1, of: Self.first, Self.events, holding: most + 1)
        }
        #expect(code == .overloaded)
        #expect(registry.count == 0 && !registry.hasAny(of: Self.first))
        registry.checkInvariants()
        try registry.begin(1, of: Self.first, Self.events, holding: most)
        #expect(registry.byteCount == most)
    }

    @Test func `selection keys are retained until there are no followers`() throws {
        var registry = SubscriptionRegistry()
        try registry.begin(1, of: Self.first, .events(needsKeys: true), holding: 0)
        try registry.begin(2, of: Self.first, Self.events, holding: 0)
        #expect(registry.needsKeys)
        registry.end(1, of: Self.first)
        // The fan-out may not have processed that.
        #expect(registry.needsKeys)
        registry.end(2, of: Self.first)
        #expect(!registry.needsKeys)
        try registry.begin(3, of: Self.first, Self.events, holding: 0)
        #expect(!registry.needsKeys)
    }

    @Test(arguments: UInt64(1)...8)
    func `whatever happens, what is counted is what is open`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var registry = SubscriptionRegistry()
        var open: Set<[UInt64]> = []
        for _ in 0..<2_000 {
            let (connection, request) = (random.below(5), random.below(9))
            let id = ConnectionID(number: connection)
            if random.below(3) > 0, registry.refusal(request, of: id) == nil {
                let kind: SubscriptionRegistry.Kind =
                    random.below(2) == 0 ? .insight : .events(needsKeys: random.below(4) == 0)
                try registry.begin(request, of: id, kind, holding: Int(random.below(1_000)))
                open.insert([connection, request])
            } else {
                let was = registry.end(request, of: id) != nil
                #expect(was == (open.remove([connection, request]) != nil))
            }
            registry.checkInvariants()
            #expect(registry.count == open.count)
        }
    }
}
