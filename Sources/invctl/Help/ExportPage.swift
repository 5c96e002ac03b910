/// The help page on exports of the whole ledger.
enum ExportPage {
    static let text = """
        invctl export FILE.ndjson writes the catalog, the ledger and all balances for
        other programs, one object per line:

          {"invd":1,"currency":"EUR"}
          {"category":1,"name":"Fruit"}        then locations, then products
          {"step":1,"actor":"till","lines":[{"kind":"sale","product":1,…}]}
          {"reservation":3,"expiresAt":"…"}    open reservations and their expiry
          {"level":[1,1],"onHand":7,…}         every balance
          {"end":9,"digest":"…"}               missing if the file is truncated

        Objects are numbered in the order of the file; nothing depends on LSNs, ids or
        times of recording. The digest is that of the lines.

        In the ledger each movement has its kind, deltas, amount, price, cost, reason,
        reference, note, actor, and the sale, step, reservation or transfer that it
        belongs to. The time when something happened is preserved for sales, returns,
        deliveries, adjustments and incoming stock.

        Not exported: sessions and idempotency keys, unmet demand, alerts, earlier
        prices and names, times of recording, and products that were deleted without
        any movement. So an export cannot be imported: invctl backup has everything,
        and invd restore makes an equal database of it.

        invctl export --digest prints the state checksum: a hash of every table, with
        the outcomes that retries are answered from. Equal databases have equal ones.
        """
}
