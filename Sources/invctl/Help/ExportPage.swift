/// The help page on exports of the whole database.
enum ExportPage {
    static let text = """
        invctl export FILE.ndjson writes everything, one object per line:

          {"invd":1,"currency":"EUR"}
          {"category":1,"name":"Fruit"}        then locations, then products
          {"step":1,"actor":"till","lines":[{"kind":"sale","product":1,…}]}
          {"reservation":3,"expiresAt":"…"}    open reservations and their expiry
          {"level":[1,1],"onHand":7,…}         every balance, for verification
          {"end":9,"digest":"…"}               missing if the file is truncated

        Objects are numbered in the order of the file; nothing depends on LSNs, ids or
        times of recording. Equal databases export the same bytes; --digest prints a
        digest of those bytes.

        invctl import FILE recreates the database in an empty one of that currency:
        each step is executed again as its actor, and at the end the digest of the
        database must equal that of the file. If killed, run it again: it resumes.

        In the ledger each movement has its kind, deltas, amount, price, cost, reason,
        reference, note, actor, and the sale, step, reservation or transfer that it
        belongs to. The time when something happened is preserved for sales, returns,
        deliveries, adjustments and incoming stock. For counts, holds, reversals,
        reservations and transfers it is the time of recording, which after an import
        is the time of the import: their commands take no other time.

        A reservation that expired is imported as released, with the note "expired".
        An open one keeps its expiry; if that has passed at the time of the import, it
        expires then. Imported times are marked as imported.

        Not exported: sessions and idempotency keys, unmet demand, alerts, earlier
        prices and names, and products that were deleted without any movement.
        """
}
