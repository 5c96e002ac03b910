import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Requests with idempotency keys: one outcome per key, for as long as it is remembered.
@Suite struct KeyTests {
    /// A state with keys only, and a plain list as the model.
    private struct Keys {
        struct Known {
            var digest: UInt64
            var time: Instant
            var outcome: [UInt8]
        }

        var state = InventoryState()
        var known: [KeyFingerprint: Known] = [:]
        var order: [KeyFingerprint] = []
        var random = SplitMix64(seed: 17)
        var microseconds: Int64 = 1_000_000

        mutating func apply(_ changes: [Change]) {
            self.microseconds += 1_000
            let entry = Entry(
                lsn: self.state.lsn.next,
                time: Instant(microseconds: self.microseconds),
                actor: "",
                changes: changes
            )
            self.state.evolve(entry)
        }

        mutating func remember(_ key: KeyFingerprint, byteCount: Int) {
            let outcome = (0..<byteCount).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let digest = self.random.next()
            self.apply([.keyRemembered(key, digest: digest, outcome: outcome)])
            let time = Instant(microseconds: self.microseconds)
            self.known[key] = Known(digest: digest, time: time, outcome: outcome)
            self.order.append(key)
        }

        mutating func rememberAny(byteCount: Int) {
            let key = KeyFingerprint(high: self.random.next(), low: self.random.next())
            self.remember(key, byteCount: byteCount)
        }

        mutating func forget(_ count: Int) {
            self.apply([.keysForgotten(count: count)])
            for key in self.order.prefix(count) { self.known[key] = nil }
            self.order.removeFirst(count)
        }

        func check(_ key: KeyFingerprint, _ digest: UInt64, firstTried: Instant? = nil) -> KeyCheck
        {
            self.state.check(
                key,
                digest: digest,
                firstTried: firstTried,
                horizon: Instant(microseconds: 0)
            )
        }

        /// Checks that everything in the list is found unchanged.
        func agree(_ sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(self.state.keyUse.count == self.known.count, sourceLocation: sourceLocation)
            let oldest = self.order.first.flatMap { self.known[$0]?.time }
            #expect(self.state.keyUse.oldest == oldest, sourceLocation: sourceLocation)
            for (key, known) in self.known {
                let found = self.check(key, known.digest)
                #expect(found == .repeated(known.outcome), sourceLocation: sourceLocation)
            }
        }
    }

    @Test func `a key is decided once, and retries return the same bytes`() {
        var keys = Keys()
        let key = KeyFingerprint(high: 1, low: 2)
        #expect(keys.check(key, 5) == .new)
        keys.remember(key, byteCount: 33)
        keys.agree()
        let other = keys.check(key, (keys.known[key]?.digest ?? 0) + 1)
        #expect(other == .refused(Refusal(.keyReused)))
        #expect(keys.check(KeyFingerprint(high: 1, low: 3), 5) == .new)
    }

    @Test func `a string is a key if it has 1 to 64 bytes and no control characters`() {
        #expect(IdempotencyKey("") == nil)
        #expect(IdempotencyKey("a\nb") == nil)
        #expect(IdempotencyKey(String(repeating: "x", count: 65)) == nil)
        #expect(IdempotencyKey(String(repeating: "é", count: 32)) != nil)
        let random = IdempotencyKey(high: 0xAB, low: 1)
        #expect(random.text == "00000000000000ab0000000000000001")
        // Part of the log's format: it must never change.
        let fingerprint = IdempotencyKey("till-7-1042")?.fingerprint
        #expect(
            fingerprint == KeyFingerprint(high: 0x202B_AF74_A07C_A03F, low: 0xB2DE_FD56_BA81_8DAB)
        )
        #expect(IdempotencyKey("till-7-1043")?.fingerprint != fingerprint)
    }

    @Test func `remembering and forgetting at random agrees with a plain list`() {
        var keys = Keys()
        for round in 0..<60 {
            for _ in 0..<keys.random.below(400) {
                // Occasionally one that takes a large part of a chunk, or more than one.
                let isLarge = keys.random.below(50) == 0
                let byteCount = isLarge ? keys.random.below(90_000) : keys.random.below(60)
                keys.rememberAny(byteCount: Int(byteCount))
            }
            let share = round % 10 == 9 ? keys.order.count : Int(keys.random.below(300))
            let count = min(share, keys.order.count, Limits.tickKeysMax)
            if count > 0 { keys.forget(count) }
            keys.agree()
        }
    }

    @Test func `a request first tried before the horizon, or before a forgotten key, is refused`() {
        var keys = Keys()
        for _ in 0..<3 { keys.rememberAny(byteCount: 9) }
        let second = keys.known[keys.order[1]]?.time ?? .zero
        keys.forget(2)
        let forgotten = Refusal(.outcomeForgotten)
        let fresh = KeyFingerprint(high: 9, low: 9)
        let after = Instant(microseconds: second.microseconds + 1)
        // It may have been executed before a forgotten key, and so be forgotten itself.
        #expect(keys.check(fresh, 1, firstTried: second) == .refused(forgotten))
        #expect(keys.check(fresh, 1, firstTried: after) == .new)
        #expect(keys.check(fresh, 1) == .new)
        let late = keys.state.check(fresh, digest: 1, firstTried: after, horizon: after)
        #expect(late == .refused(forgotten))
        // A remembered one is answered, whenever it was first tried.
        let known = keys.order[0]
        let digest = keys.known[known]?.digest ?? 0
        let answer = keys.check(known, digest, firstTried: .zero)
        #expect(answer == .repeated(keys.known[known]?.outcome ?? []))
    }

    @Test func `a step forgets the oldest due keys, up to its limit`() throws {
        var keys = Keys()
        #expect(keys.state.forgettingKeys(through: Instant(microseconds: .max)).isEmpty)
        for _ in 0..<Limits.tickKeysMax + 5 { keys.rememberAny(byteCount: 3) }
        let third = try #require(keys.known[keys.order[2]]?.time)
        let three = keys.state.forgettingKeys(through: third)
        #expect(three == [.keysForgotten(count: 3)])
        let all = keys.state.forgettingKeys(through: Instant(microseconds: .max - 1))
        #expect(all == [.keysForgotten(count: Limits.tickKeysMax)])
    }

    @Test func `a snapshot restores the keys, and writes only changed chunks`() throws {
        var keys = Keys()
        for _ in 0..<12_000 { keys.rememberAny(byteCount: 40) }
        keys.forget(4_000)
        for _ in 0..<2_000 { keys.rememberAny(byteCount: 40) }
        let image = keys.state.takeImage()
        var source = MemoryImage(image)
        var loaded = try InventoryState.load(from: &source)
        #expect(loaded.keyUse.count == keys.state.keyUse.count)
        #expect(loaded.keyUse.byteCount == keys.state.keyUse.byteCount)
        #expect(loaded.keyUse.oldest == keys.state.keyUse.oldest)
        #expect(loaded.keys.log.forgottenThrough == keys.state.keys.log.forgottenThrough)
        #expect(loaded.checksum() == keys.state.checksum())
        swap(&loaded, &keys.state)
        keys.agree()
        // Both continue alike.
        for _ in 0..<3_000 { keys.rememberAny(byteCount: 40) }
        keys.forget(4_096)
        keys.agree()
        // Of the chunks in the image only the last one has changed.
        for _ in 0..<10 {
            loaded.evolve(
                Entry(
                    lsn: loaded.lsn + 1,
                    time: Instant(microseconds: loaded.time.microseconds + 1),
                    actor: "",
                    changes: [
                        .keyRemembered(
                            KeyFingerprint(high: loaded.lsn.value, low: 1),
                            digest: 1,
                            outcome: [1]
                        )
                    ]
                )
            )
        }
        let log = loaded.keys.log
        let changed = (0..<log.imageSegmentCount).filter {
            log.imageSegmentEpoch($0) > image.epoch
        }
        #expect(log.imageSegmentCount >= 3)
        #expect(changed.count == 1)
    }

    @Test func `a key with the outcome of a sale takes less than a hundred bytes`() {
        var keys = Keys()
        for _ in 0..<10_000 { keys.rememberAny(byteCount: 34) }
        #expect(keys.state.keyUse.byteCount / 10_000 < 100)
        #expect(InventoryState.keyByteCount(ofOutcome: 34) == 88)
    }
}
