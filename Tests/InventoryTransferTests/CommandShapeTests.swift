import InventoryTransfer
import Testing

/// The shapes of commands in `invctl help commands`, most of which are derived from the field descriptions.
@Suite struct CommandShapeTests {
    private static func shape(_ command: String) -> String? {
        CommandReader.shapes.first { $0.name == command }?.fields
    }

    @Test func `required fields come first, and a question mark follows optional ones`() {
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

    @Test func `a price is followed by its basis, a unit by its decimals, a part by its fields`() {
        #expect(
            Self.shape("createProduct")
                == "sku, name, category, price, priceBasis?, barcode?, unit?, unitDecimals?, "
                + "status?, reorderPoint?, reorderTarget?, packSize?, leadTimeDays?, brand?, moreBarcodes?, "
                + "opening? {quantity, location?, unitCost?, occurredAt?}"
        )
    }

    @Test func `lines show their fields in brackets, and a return only what a sale does not have`()
    {
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

    @Test func `a line shows only the fields that its command uses`() {
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
        #expect(
            Self.shape("recordPastSale")
                == "lines [product, quantity, amount, cost?], occurredAt, location?, reference?, day?, "
                + "firstLine?, openedAt?, writeOff?, note?"
        )
    }

    @Test func `every command has exactly one shape`() {
        let names = CommandReader.shapes.map { $0.name }
        #expect(names.count == 31)
        #expect(Set(names).count == names.count)
    }
}
