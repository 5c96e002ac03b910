import InventoryTransfer
import Testing

/// The shapes of commands in `invctl help commands`, most of which come from the descriptions.
@Suite struct CommandShapeTests {
    private static func shape(_ command: String) -> String? {
        CommandReader.shapes.first { $0.name == command }?.fields
    }

    @Test func `what must be given comes first, and a question mark says what may be left out`() {
        #expect(Self.shape("setFloor") == "product, floor, location?, ifRevision?")
        #expect(
            Self.shape("adjust")
                == "product, delta, reason, location?, reference?, note?, occurredAt?, imported?, "
                + "ifRevision?"
        )
        #expect(
            Self.shape("expectIncoming")
                == "product, delta, location?, eta?, reference?, note?, ifRevision?"
        )
        #expect(
            Self.shape("updateLocation") == "location, code?, name?, zone?, kind?, ifRevision?"
        )
    }

    @Test func `a price has its basis beside it, a unit its decimals, a part its own fields`() {
        #expect(
            Self.shape("createProduct")
                == "sku, name, category, price, priceBasis?, barcode?, unit?, unitDecimals?, "
                + "status?, reorderPoint?, reorderTarget?, packSize?, leadTimeDays?, "
                + "opening? {quantity, location?, unitCost?, occurredAt?}"
        )
    }

    @Test func `lines have theirs in brackets, and a return says what a sale has not`() {
        #expect(
            Self.shape("sell")
                == "lines [product, quantity, location?, price?, ifRevision?], reference?, note?, "
                + "occurredAt?, imported?"
        )
        #expect(
            Self.shape("returnSale") == "as sell, and to? (available, unavailable), originalLsn?"
        )
        #expect(
            Self.shape("restock")
                == "lines [product, quantity, location?, unitCost?, ifRevision?], fromIncoming?, "
                + "reference?, note?, occurredAt?, imported?"
        )
    }

    @Test func `a line shows what its command has a use for, whatever its bytes have room for`() {
        #expect(
            Self.shape("reserve")
                == "lines [product, quantity, location?, ifRevision?], "
                + "expiresAfterSeconds or expiresAt, reference?, note?"
        )
        #expect(
            Self.shape("extendReservation")
                == "lines [reservation, ifRevision?], expiresAfterSeconds or expiresAt"
        )
        #expect(
            Self.shape("commitReservation")
                == "lines [reservation, quantity?, price?, ifRevision?], reference?, note?, "
                + "occurredAt?, imported?"
        )
        #expect(
            Self.shape("releaseReservation")
                == "lines [reservation, quantity?, ifRevision?], note?"
        )
        #expect(
            Self.shape("dispatchTransfer")
                == "from, to, lines [product, quantity, ifRevision?], reference?, note?"
        )
        #expect(
            Self.shape("receiveTransfer") == "lines [transfer, quantity?, ifRevision?], note?"
        )
        #expect(Self.shape("cancelTransfer") == "as receiveTransfer")
    }

    @Test func `every command has a shape, once`() {
        let names = CommandReader.shapes.map { $0.name }
        #expect(names.count == 25)
        #expect(Set(names).count == names.count)
    }
}
