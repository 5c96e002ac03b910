/// The page of help on whole exports.
enum ExportPage {
    static let text = """
        invctl export FILE.ndjson writes everything, an object a line:

          {"invd":1,"currency":"EUR"}
          {"category":1,"name":"Fruit"}        then locations, then products
          {"step":1,"actor":"till","lines":[{"kind":"sale","product":1,…}]}
          {"reservation":3,"expiresAt":"…"}    what is promised, and until when
          {"level":[1,1],"onHand":7,…}         every balance, to check against
          {"end":9,"digest":"…"}               a file without it was cut off

        All is numbered in its order; nothing depends on LSNs, ids or times of
        recording. Equal databases export the same bytes, and --digest tells a number
        of those bytes.

        invctl import FILE makes an equal database of an empty one of that currency:
        each step is done again, by its actor, and at the end the database must come
        to the digest of the file. Killed and run again it goes on where it stopped.

        In the ledger each movement has its kind, deltas, amount, price, cost, reason,
        reference, note, actor, and the sale, step, reservation or transfer that it
        belongs to. When something happened is kept for sales, returns, deliveries,
        adjustments and what is expected. For counts, holds, reversals, promises and
        transfers it is when they were recorded, which after an import is the time of
        the import: no command takes another.

        A promise that ran out comes back as one that was released, with the note
        "expired". One that is open ends when it did; if that is over by the time of
        the import, it runs out then. Times that come back are marked as imported.

        Not in it: sessions and idempotency keys, refused demand, alerts, earlier
        prices and names, and products that were deleted without ever having moved.
        """
}
