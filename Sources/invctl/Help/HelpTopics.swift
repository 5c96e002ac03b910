import ArgumentParser
internal import Bytes
import InventoryTransfer
import TerminalKit

/// The help topics: one page each, generated from the program's own declarations where possible.
enum HelpTopic: String, CaseIterable, Sendable {
    case output, conditions, configuration, errors, retries, watching, times, units, insights,
        export, commands

    var abstract: String {
        switch self {
        case .output: "formats, columns, color, the pager"
        case .conditions: "--where, --sort, --limit"
        case .configuration: "flags, environment, contexts and their precedence"
        case .errors: "error messages and exit codes"
        case .retries: "--id: idempotent retries"
        case .watching: "--watch, watch and top"
        case .times: "how times are typed and shown"
        case .units: "money and quantities"
        case .insights: "the columns of insights and queries, with formulas"
        case .export: "the contents of a full export, and what it omits"
        case .commands: "the commands that apply accepts, with their fields"
        }
    }

    /// The page, in lines of at most 80 characters.
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
        case .insights: InsightsPage.text
        case .export: ExportPage.text
        case .commands: CommandsPage.text
        }
    }

    /// Returns names and meanings in two columns.
    static func table(_ rows: [(String, String)], indent: Int = 2) -> String {
        let width = (rows.map { TextWidth.of($0.0) }.max() ?? 0) + 2
        let lead = String(repeating: " ", count: indent)
        return rows.map { lead + TextWidth.padded($0.0, to: width) + $0.1 }.joined(separator: "\n")
    }

    /// Each setting with its flag, if it has one, and its environment variable.
    private static var settings: [(String, String)] {
        Setting.Key.allCases.map { key in
            (key.rawValue, "--\(key.rawValue), " + key.variable)
        }
    }

    // MARK: - Pages

    private static var outputPage: String {
        """
        Data goes to standard output, everything else to standard error. A list is a
        table on a terminal and plain, tab-separated lines when piped; -o selects
        another format:

        \(self.table(OutputFormat.allCases.map { ($0.rawValue, $0.meaning) }))

        --fields a,b selects columns and their order. In JSON, money is a string with
        its decimals, so that no parser makes it a floating-point number; quantities and
        LSNs are numbers; missing values are null.

        Color only repeats what the text says. --color auto|always|never; NO_COLOR
        and TERM=dumb turn it off. Output that does not fit the screen goes through the
        pager: --pager, INVCTL_PAGER, PAGER, else less; "off" for none.
        """
    }

    private static var conditionsPage: String {
        """
        Every list takes --where, --sort and --limit.

          invctl product list --where 'available < 5 and category = Fruit' --limit 9
          invctl ledger list --where "kind = sale and not (actor ~ till)"

        Columns have the names of -o json. Comparisons:

        \(self.table([
            ("= !=", "equality, case-insensitive for text; = none for missing values"),
            ("< <= > >=", "numbers, money, times, text"),
            ("~ !~", "contains, does not contain"),
            ("and or not ( )", "as usual; several --where must all hold"),
        ]))

        --sort a,-b sorts by a, then by b descending. Without --sort rows are written as
        they arrive, and a million of them take no more memory than ten.
        """
    }

    private static var configurationPage: String {
        """
        A setting is taken from the first of these that has it:

          1 a flag
          2 the context that --context names
          3 an environment variable
          4 another context (INVCTL_CONTEXT, else the current one)
          5 the lines of the file before the first context
          6 the built-in default

        The options of every command may also precede it: invctl --server X ping.

        invctl context show lists each value and its source.

        \(self.table(Self.settings))

        The file is INVCTL_CONFIG, else $XDG_CONFIG_HOME/invctl/config, else
        ~/.config/invctl/config. invctl context set, use and delete write it.

          current = shop
          [shop]
          server = 10.0.0.5:7411
          zone = Europe/London
          barcode-rules = gs1 weight:21IIIIINNDDDC price:22IIIIINNNDDC

        barcode-rules read a code that is neither a SKU nor a barcode of a product:

          gs1              element strings of GS1: (01) the GTIN, (310n) the net weight
                           in kg, (17) the expiration date and (10) the lot, which are
                           shown and not kept
          weight:PATTERN   labels of a scale with a quantity in the product's unit
          price:PATTERN    labels of a scale with the amount of the line
          none             no rules

        A pattern has 13 places: the prefix 02 or 20 to 29, further digits if the label
        has any, I for the item code, N and D for the digits of the number before and
        behind its point, X for an ignored digit, and C for the check digit. The
        product is that with the item code, or the label's code with zeros for the
        number, as its SKU or barcode.
        """
    }

    private static var errorsPage: String {
        """
        An error has a name, a message with the numbers behind it, and below a hint:

          error: insufficient_stock  SOF-10 at main: asked 6, can sell 5 (on hand …)
            Take at most 5, or take a delivery in: invctl stock restock SOF-10=1

        With -o json it is one object on standard error: error, code (the stable
        number of a refusal), message, wayOut (the hint), exit. Exit codes:

        \(self.table(Exit.meanings.map { (String($0.code.rawValue), $0.meaning) }))
        """
    }

    private static var retriesPage: String {
        """
        Each command that changes something has an idempotency key, and the server
        executes a key only once. If no answer arrives, the command may have been
        executed: the error says so and prints an id. Retry the same command with that
        id; the server returns the first answer, or executes it now, but never twice.
        A replayed answer is marked by a line on standard error, and with -o json by
        "replayed": true.

          invctl sell LAP-01=2 --id till-7-1042

        An --id is any text of 1 to 64 bytes, for one command, one apply or one import.
        Reusing it for another is refused (key_reused). A retry must have the same words
        in the same order, whatever its names refer to by then; options that only affect
        the output (-o, --fields, --quiet) may differ. Refusals are remembered too: an
        id that was refused as sold out stays refused. A name that invctl did not find
        was not sent under the id.

        The server remembers a key for 24 hours (invd --key-retention): the horizon.
        Beyond it the same id would be executed a second time, unless you give the time
        of the first try:

          invctl sell LAP-01=2 --id till-7-1042 --first-tried 2026-03-01T12:30:05Z

        A request first tried before the horizon is then refused (outcome_forgotten);
        check whether it was executed with invctl ledger list. A time more than a day
        ahead of the server's clock is refused (out_of_range).

        A key takes some 90 bytes of the server's memory. 512 MiB (invd
        --key-memory-mib) hold 6 million keys, 69 a second all day; beyond that new
        keys are refused (overloaded, exit 7) and none is forgotten early. invctl
        stats --where 'name ~ key' shows the memory in use.

        The lines of an apply have a session of their own under their id, which is
        remembered for at least a day after its last line, and usually for a week. An
        import is a run, which is remembered for ever under its id: it is resumed where
        it stopped, and not imported again once it is finished. Without --id, a file
        beside the imported one (FILE.invd-run) has the id of an interrupted run, and
        sales have an id made from their content: see invctl help import.
        """
    }

    private static var watchingPage: String {
        """
        --watch makes a list live. On a terminal it is redrawn in place, below the
        state of the connection, the LSN it reflects and the lag; when piped it is an
        object for each row that was added, changed or removed. It uses a subscription,
        not polling.

        invctl watch products|stock|sales|alerts prints each change once and in order:
        one line each on a terminal, one object each when piped. --snapshot begins with
        the current state, --after LSN with the first change after that LSN. --conflate
        10 shows the latest level of each product, at most ten times a second, instead
        of every movement: for dashboards of a busy shop.

        invctl top shows the whole shop. All of them survive a restart of the server:
        they report the lost connection, reconnect, and resume.
        """
    }

    private static var timesPage: String {
        """
        Times are typed 2026-03-01, 2026-03-01T12:30 or 2026-03-01T12:30:05, in the time
        zone of --zone or the setting "zone" (default UTC); with a Z at the end, in UTC.
        Formats for people show them to the second in that zone, with its offset from
        UTC; formats for programs show them exactly, in UTC. Days, weeks and months in
        an answer are those of the zone and are named by it in every format: 2026-11-24,
        2026-11-23 (the week's Monday), 2026-11. A zone is an IANA name such as
        Europe/London; an abbreviation such as BST stands for several and is refused.

        A time window (--window) is one of

        \(self.table(WindowText.meanings))

        Past balances are computed from the ledger, in two ways:

          --as-of LSN|TIME    what was recorded by then: what one could know
          --effective TIME    what had happened by then, whenever it was recorded

        A sale of Monday that is imported on Friday is part of Monday's stock only with
        --effective. Each answer states on standard error which one it is. Time windows
        (--window, --from) use the time when things happened; with a point in the past,
        a window such as last-7-days or this-month is that of the point.
        """
    }

    private static var unitsPage: String {
        """
        Money is typed with the decimals of the database's currency: 19.99. A quantity
        has the decimals of the product's unit: 12.5 if a kg has three, 3 if pieces
        have none. More decimals are refused.

        The amount of a line, price × quantity, is rounded once, to the nearest minor
        unit, halves away from zero, as tills and scales do: 0.945 kg at 1.00 is 0.95.
        The cost of outgoing stock is its share of the stock's value, halves to even;
        the last unit takes the remainder, so nothing is lost. A partial return refunds
        its share of what remains of the sale, so all parts together total what was
        charged.

        The default reorder point of a product is 10 of its unit.

        A line is SKU, SKU=QUANTITY or SKU=QUANTITY@PRICE.

        Quantities of different units are never added. A sum in one unit is shown in
        that unit; if a row has several units, its quantities are empty (null in JSON),
        and its money is complete. Rows of different units are ranked by money.

          available = on hand − unavailable − reserved
          sellable  = available − floor, and at least 0
        """
    }
}

extension OutputFormat {
    fileprivate var meaning: String {
        switch self {
        case .table: "aligned columns that fit the terminal; numbers right-aligned"
        case .vertical: "one line per field: the default of product get on a terminal"
        case .plain: "one line per row, cells separated by tabs, with a header"
        case .json: "one array of objects; a single result as one object"
        case .ndjson: "one object per line"
        case .csv: "RFC 4180, with a header"
        case .tsv: "as csv with tabs; a tab or newline in a cell as \\t, \\n"
        case .md: "a Markdown table"
        }
    }
}
