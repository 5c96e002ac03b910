import Foundation
import InventoryModel
import InventoryTestSupport
import TerminalKit
import Testing

@testable import invctl

/// The dashboard's keys, in any order.
@Suite struct TopKeysTests {
    private static func model() throws -> TopModel {
        let place = TopModel.Place(
            name: "shop",
            currencyCode: "USD",
            currencyDecimals: 2,
            zone: "UTC"
        )
        let zone = try #require(TimeZone(identifier: "UTC"))
        var model = TopModel(place, zone: DayClock(zone), now: 1_772_366_400_000_000)
        model.endLoading()
        return model
    }

    private static let keys: [Key] =
        [
            .enter, .escape, .tab, .backTab, .backspace, .up, .down, .left, .right, .home, .end,
            .pageUp, .pageDown, .paste("a\nb"), .control("u"), .control("d"),
        ] + "q?/:slhjkgG123 quitlow".map { Key.character($0) }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `no sequence of keys opens two inputs or moves out of a page`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var model = try Self.model() { didSet { model.checkInvariants() } }
        for step in 0..<500 {
            let key = Self.keys[Int.random(in: Self.keys.indices, using: &random)]
            let title = model.keys.page?.title ?? ""
            _ = model.take(key)
            // The output of a command arrives at any time, also after its page was closed.
            if step % 7 == 0 { model.take(page: ["one", "two"], title: title) }
        }
    }
}
