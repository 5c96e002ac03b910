import ArgumentParser
internal import Bytes
import InventoryTransfer
import TerminalKit

/// What there is to say beside the commands: a page for each topic, made from the declarations that the
/// program itself goes by wherever there are such.
enum HelpTopic: String, CaseIterable, Sendable {
    case output, conditions, configuration, errors, retries, watching, times, units, export,
        commands

    var abstract: String {
        switch self {
        case .output: "formats, columns, colour, the pager"
        case .conditions: "--where, --sort, --limit"
        case .configuration: "flags, environment, contexts: which goes first"
        case .errors: "what a message says, and the exit codes"
        case .retries: "--id: a command that may have been executed"
        case .watching: "--watch, watch and top"
        case .times: "how times are typed and shown"
        case .units: "money and quantities"
        case .export: "what an export of everything holds, and how it comes back"
        case .commands: "every command that apply takes, with its fields"
        }
    }

    /// The page, in paragraphs and lines that need no more wrapping.
    var text: String {
        switch self {
        case .output: Self.outputPage
        case .conditions: Self.conditionsPage
        case .configuration: Self.configurationPage
        case .errors: Self.errorsPage
        case .retries: Self.retriesPage
        case .watching: Self.watchingPage
        case .times: Self.timesPage
        case .units: Self.unitsPage
        case .export: ExportPage.text
        case .commands: CommandsPage.text
        }
    }

    /// Names and meanings in two columns.
    static func table(_ rows: [(String, String)], indent: Int = 2) -> String {
        let width = (rows.map { TextWidth.of($0.0) }.max() ?? 0) + 2
        let lead = String(repeating: " ", count: indent)
        return rows.map { lead + TextWidth.padded($0.0, to: width) + $0.1 }.joined(separator: "\n")
    }

    /// Each setting with its flag, if it has one, and its variable.
    private static var settings: [(String, String)] {
        Setting.Key.allCases.map { key in
            (key.rawValue, (key == .zone ? "" : "--\(key.rawValue), ") + key.variable)
        }
    }

    // MARK: - Pages

    private static var outputPage: String {
        """
        Data goes to standard output, everything else to standard error. A list is a
        table on a terminal and plain, tab-separated lines when piped; -o asks for
        another format:

        \(self.table(OutputFormat.allCases.map { ($0.rawValue, $0.meaning) }))

        --fields a,b chooses columns and their order. In JSON money is a string with
        its decimals, so that nothing makes it a floating-point number; quantities and
        LSNs are numbers; what is not there is null.

        Colour only repeats what the text says. --color auto|always|never; NO_COLOR
        and TERM=dumb turn it off. What does not fit the screen goes through the
        pager: --pager, INVCTL_PAGER, PAGER, else less; "off" for none.
        """
    }

    private static var conditionsPage: String {
        """
        Every list takes --where, --sort and --limit, whatever it lists.

          invctl product list --where 'available < 5 and category = Fruit' --limit 9
          invctl ledger list --where "kind = sale and not (actor ~ till)"

        Columns are named as -o json names them. Comparisons:

        \(self.table([
            ("= !=", "equal; text whatever its case; = none for what is not there"),
            ("< <= > >=", "numbers, money, times, text"),
            ("~ !~", "contains, does not contain"),
            ("and or not ( )", "as usual; several --where must all hold"),
        ]))

        --sort a,-b sorts by a, then by b the other way round. Without --sort rows are
        written as they come, and a million of them take no more memory than ten.
        """
    }

    private static var configurationPage: String {
        """
        A setting is the first of these that there is:

          1 a flag
          2 an environment variable
          3 the context (--context, INVCTL_CONTEXT, else the current one)
          4 the lines of the file before the first context
          5 what is built in

        invctl context show lists each value with where it came from.

        \(self.table(Self.settings))

        The file is INVCTL_CONFIG, else $XDG_CONFIG_HOME/invctl/config, else
        ~/.config/invctl/config. invctl context set, use and delete write it.

          current = shop
          [shop]
          server = 10.0.0.5:7411
          zone = Europe/London
        """
    }

    private static var errorsPage: String {
        """
        An error says what, the numbers that decided it, and below that the way out:

          error: insufficient_stock  SOF-10 at main: asked 6, can sell 5 (on hand …)
            Take at most 5, or take a delivery in: invctl stock restock SOF-10=1

        With -o json it is one object on standard error: error, code (the stable
        number of a refusal), message, wayOut, exit. The exit code says what kind it
        is:

        \(self.table(Exit.meanings.map { (String($0.code.rawValue), $0.meaning) }))
        """
    }

    private static var retriesPage: String {
        """
        Each command that changes something has an idempotency key, and a server
        executes a key once. When the answer does not come, the command may have been
        executed: the message says so, and names an id. Give the same command again
        with that id; it is answered as it was the first time, or executed now, but
        never twice. A repeat says so: a line on standard error, and with -o json
        "replayed": true.

          invctl sell LAP-01=2 --id till-7-1042

        An --id is any text of 1 to 64 bytes, for one command, one apply or one import.
        The same id for another is refused (key_reused). The same command is the one in
        the same words, in the same order, whatever its names stand for by then; what is
        said of the answer alone (-o, --fields, --quiet) may differ. What the server
        refused is remembered like anything else: sold out under an id stays sold out
        under it. A name that invctl did not find was never asked for.

        The server remembers a key for 24 hours (invd --key-retention): that is the
        horizon. Beyond it the same id would be executed a second time, unless you say
        when it was tried first:

          invctl sell LAP-01=2 --id till-7-1042 --first-tried 2026-03-01T12:30:05Z

        What was first tried before the horizon is then refused (outcome_forgotten);
        look whether it was done: invctl ledger list. A time more than a day ahead of
        the server's clock is no first try (out_of_range).

        A key takes some 90 bytes of the server's memory. 512 MiB (invd
        --key-memory-mib) remember 6 million, 69 a second all day; beyond that new
        keys are refused (overloaded, exit 7) and none is forgotten early. invctl
        stats --where 'name ~ key' shows how near that is.

        The lines of an apply and the rows of an import have a session of their own
        under their id, which is remembered for a day at least after its last line,
        and for a week as a rule.
        """
    }

    private static var watchingPage: String {
        """
        --watch on a list shows it as it changes. On a terminal it is redrawn in
        place, with the state of the connection, the LSN it reflects and the lag
        above; piped it is an object for each row that was added, changed or removed.
        It is a subscription, no polling.

        invctl watch products|stock|sales|alerts tells each change once and in order:
        a line each on a terminal, an object each when piped. --snapshot begins with
        the state as it is, --after LSN with the first change after a place in the
        past. --conflate 10 shows the latest level of each product, ten times a second
        at most, instead of every movement on the way: for screens of a busy shop.

        invctl top shows the whole shop. All of them survive a restart of the server:
        they say that the connection is gone, try again, and go on where they were.
        """
    }

    private static var timesPage: String {
        """
        Times are typed 2026-03-01, 2026-03-01T12:30 or 2026-03-01T12:30:05, in UTC,
        with a Z or without. People are shown them to the second in the zone of the
        setting "zone" (default UTC), with the distance from UTC; programs exactly, in
        UTC.

        Balances of the past are worked back from the ledger, and there are two:

          --as-of LSN|TIME    what was recorded by then: what one could know
          --effective TIME    what had happened by then, whenever it was recorded

        A sale of Monday that is imported on Friday is part of Monday's stock by the
        second only. Each answer says on standard error which it is. Windows of time
        (--window, --from) go by when things happened.
        """
    }

    private static var unitsPage: String {
        """
        Money is typed with the decimals of the database's currency: 19.99. A quantity
        has the decimals of the product's unit: 12.5 where a kg has three, 3 where
        pieces have none. What has more decimals is refused.

        The amount of a line, price × quantity, is rounded once, to the nearest minor
        unit, halves away from zero, as tills and scales do: 0.945 kg at 1.00 is 0.95.
        The cost of what leaves the stock is its share of the stock's value, halves to
        even; the last unit takes the rest, so nothing is lost. A part of a return gives
        back its share of what remains of the sale, so all parts together come to what
        was charged.

        The reorder point of a product is 10 of its unit where none is given.

        A line is SKU, SKU=QUANTITY or SKU=QUANTITY@PRICE.

        Quantities of different units are never added up. A sum of one unit is shown
        in it; where a row would have several, its quantities are empty (null in JSON),
        and its money is as it should be. Rows of different units are ranked by money.

          available = on hand − unavailable − reserved
          sellable  = available − floor, and at least 0
        """
    }
}

extension OutputFormat {
    fileprivate var meaning: String {
        switch self {
        case .table: "aligned columns that fit the terminal; numbers to the right"
        case .plain: "a line a row, cells separated by tabs, the names first"
        case .json: "one array of objects; of a single thing one object"
        case .ndjson: "an object a line"
        case .csv: "RFC 4180, the names first"
        case .tsv: "as csv with tabs; a tab or line end in a cell as \\t, \\n"
        case .md: "a table for Markdown"
        }
    }
}
