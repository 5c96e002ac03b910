/// A test case for one command of the tree.
import Bytes

struct CommandRow {
    /// The output of `-o json`: one object, an array of objects, or lines of objects, each with that key.
    enum Shape {
        case object(String)
        case array(String)
        case lines(String)
        /// It prints no data.
        case none
    }

    /// The command line; `%` is the number of the run, so that a write can be repeated, and a name in
    /// braces is an object of the shop.
    var line: String
    /// Text that the output contains, on a terminal and piped.
    var shows: String
    var json: Shape
    /// An invalid command line, its exit code, and text that the error contains.
    var wrong: String
    var code: Int32
    var says: String
    /// The input on the terminal, or through the pipe.
    var input = ""
    /// The invalid input through the pipe.
    var wrongInput = ""
    /// Whether it takes seconds; it then runs only once, as JSON.
    var isSlow = false

    init(
        _ line: String,
        shows: String,
        json: Shape,
        wrong: String,
        code: Int32,
        says: String
    ) {
        self.line = line
        self.shows = shows
        self.json = json
        self.wrong = wrong
        self.code = code
        self.says = says
    }

    func with(input: String, wrong: String) -> CommandRow {
        var row = self
        row.input = input
        row.wrongInput = wrong
        return row
    }

    var slow: CommandRow {
        var row = self
        row.isSlow = true
        return row
    }

    /// Every command of the tree, in order.
    ///
    /// A command without a row here fails the suite.
    static let all: [CommandRow] = [
        CommandRow(
            "product add --sku NEW-% --name New --category Tools --price 1.00",
            shows: "created product",
            json: .object("sku"),
            wrong: "product add --sku NEW-9 --name New --category Tools --price cheap",
            code: 2,
            says: "--price is 'cheap', not an amount of USD"
        ),
        CommandRow(
            "product get P-0",
            shows: "P-0",
            json: .object("sku"),
            wrong: "product get P-9",
            code: 3,
            says: "no product has the SKU or barcode 'P-9'"
        ),
        CommandRow(
            "product list",
            shows: "P-1",
            json: .array("sku"),
            wrong: "product list --status gone",
            code: 2,
            says: "--status is 'gone'"
        ),
        CommandRow(
            "product set P-1 --name Renamed-%",
            shows: "changed P-1",
            json: .object("name"),
            wrong: "product set P-1 --price 1 --if-revision 1",
            code: 4,
            says: "P-1 is at revision"
        ),
        CommandRow(
            "product delete NEW-% --yes",
            shows: "deleted NEW-",
            json: .object("lsn"),
            wrong: "product delete NEW-1",
            code: 3,
            says: "no product has the SKU or barcode 'NEW-1'"
        ),
        CommandRow(
            "product history P-0",
            shows: "restock",
            json: .array("kind"),
            wrong: "product history P-0 --where 'kind >'",
            code: 2,
            says: "a value is missing after kind >"
        ),
        CommandRow(
            "category add Cat-%",
            shows: "created category",
            json: .object("id"),
            wrong: "category add tools",
            code: 4,
            says: "'tools' is taken"
        ),
        CommandRow(
            "category list",
            shows: "Tools",
            json: .array("name"),
            wrong: "category list --where 'colour = red'",
            code: 2,
            says: "there is no column 'colour'"
        ),
        CommandRow(
            "category rename Cat-% Kind-%",
            shows: "renamed category",
            json: .object("lsn"),
            wrong: "category rename Nowhere Else",
            code: 3,
            says: "no category is called 'Nowhere'"
        ),
        CommandRow(
            "category archive Kind-% --yes",
            shows: "archived category",
            json: .object("lsn"),
            wrong: "category archive Tools --yes",
            code: 4,
            says: "Move or archive what refers to it first"
        ),
        CommandRow(
            "location add depot-% --kind warehouse",
            shows: "created location",
            json: .object("id"),
            wrong: "location add ship --kind vessel",
            code: 2,
            says: "vessel"
        ),
        CommandRow(
            "location list",
            shows: "main",
            json: .array("code"),
            wrong: "location list --sort cod",
            code: 2,
            says: "Did you mean code"
        ),
        CommandRow(
            "location set depot-% --name North",
            shows: "changed location",
            json: .object("lsn"),
            wrong: "location set depto-1 --name North",
            code: 3,
            says: "Did you mean depot-1"
        ),
        CommandRow(
            "location archive depot-% --yes",
            shows: "archived location",
            json: .object("lsn"),
            wrong: "location archive main --yes",
            code: 4,
            says: "main is the default location and stays"
        ),
        CommandRow(
            "stock show P-0",
            shows: "main",
            json: .array("available"),
            wrong: "stock show P-0 --at mian",
            code: 3,
            says: "Did you mean main"
        ),
        CommandRow(
            "stock restock P-0=5@2.00",
            shows: "restocked 1 line",
            json: .object("levels"),
            wrong: "stock restock P-0=ten",
            code: 2,
            says: "the quantity of P-0 is 'ten', not a whole number"
        ),
        CommandRow(
            "stock adjust P-0=-1 --reason damaged",
            shows: "adjusted 1 line",
            json: .object("levels"),
            wrong: "stock adjust P-0=-1",
            code: 2,
            says: "--reason"
        ),
        CommandRow(
            "stock count P-2=3%",
            shows: "counted 1 line",
            json: .object("levels"),
            wrong: "stock count P-2=3 --if-revision 1",
            code: 4,
            says: "P-2 is at revision"
        ),
        CommandRow(
            "stock hold P-0=2",
            shows: "put on hold 1 line",
            json: .object("levels"),
            wrong: "stock hold P-0",
            code: 2,
            says: "P-0 needs a quantity"
        ),
        CommandRow(
            "stock unhold P-0=1",
            shows: "released 1 line",
            json: .object("levels"),
            wrong: "stock unhold P-0=999",
            code: 1,
            says: "P-0: delta is -999 pcs; it must be"
        ),
        CommandRow(
            "stock write-off P-0=1",
            shows: "wrote off 1 line",
            json: .object("levels"),
            wrong: "stock write-off P-0=999",
            code: 1,
            says: "P-0: asked to write off 999, but none is on hold"
        ),
        CommandRow(
            "stock expect P-0=1 --eta 2026-12-01",
            shows: "expected 1 line",
            json: .object("levels"),
            wrong: "stock expect P-0=1 --eta soon",
            code: 2,
            says: "--eta is 'soon', not a date"
        ),
        CommandRow(
            "stock floor P-0=-1%",
            shows: "set the floor of 1 line",
            json: .object("levels"),
            wrong: "stock floor P-0=low",
            code: 2,
            says: "not a whole number"
        ),
        CommandRow(
            "stock reorder-point P-0=4%",
            shows: "set the reorder point of 1 line",
            json: .object("levels"),
            wrong: "stock reorder-point P-0",
            code: 2,
            says: "P-0 needs a quantity"
        ),
        CommandRow(
            "stock low",
            shows: "LOW-0",
            json: .array("reorderPoint"),
            wrong: "stock low --category Nothing",
            code: 3,
            says: "no category is called 'Nothing'"
        ),
        CommandRow(
            "stock transfer dispatch P-2=4 --to back",
            shows: "dispatched 1 line",
            json: .object("transfers"),
            wrong: "stock transfer dispatch P-2=1 --to nowhere",
            code: 3,
            says: "no location is called 'nowhere'"
        ),
        CommandRow(
            "stock transfer receive 1=1",
            shows: "received 1 line",
            json: .object("levels"),
            wrong: "stock transfer receive 999",
            code: 3,
            says: "no transfer has the number 999"
        ),
        CommandRow(
            "stock transfer cancel 2=1",
            shows: "cancelled 1 line",
            json: .object("levels"),
            wrong: "stock transfer cancel 1=9999",
            code: 5,
            says: "transfer 1 (P-2): asked 9999, but only"
        ),
        CommandRow(
            "stock transfer list",
            shows: "back",
            json: .array("remaining"),
            wrong: "stock transfer list 999",
            code: 3,
            says: "there is no transfer 999"
        ),
        CommandRow(
            "reserve new P-2=5",
            shows: "reserved 1 line",
            json: .object("reservations"),
            wrong: "reserve new P-2=9999",
            code: 5,
            says: "P-2 at main: asked 9999, can reserve"
        ),
        CommandRow(
            "reserve extend 1 --for 1h",
            shows: "extended reservation 1 until",
            json: .object("expiresAt"),
            wrong: "reserve extend 999 --for 1h",
            code: 3,
            says: "no reservation has the number 999"
        ),
        CommandRow(
            "reserve commit 1=1",
            shows: "sold 1 line",
            json: .object("amount"),
            wrong: "reserve commit 1=15",
            code: 5,
            says: "reservation 1 (P-2): asked 15, but only"
        ),
        CommandRow(
            "reserve release 2=1",
            shows: "released 1 line",
            json: .object("levels"),
            wrong: "reserve release 2 --if-revision 1",
            code: 4,
            says: "revision"
        ),
        CommandRow(
            "reserve list",
            shows: "P-2",
            json: .array("remaining"),
            wrong: "reserve list 999",
            code: 3,
            says: "there is no reservation 999"
        ),
        CommandRow(
            "sell P-1=1",
            shows: "sold 1 line",
            json: .object("amount"),
            wrong: "sell P-1=9999",
            code: 5,
            says: "P-1 at main: asked 9999, can sell"
        ),
        CommandRow(
            "return P-1=1",
            shows: "returned 1 line",
            json: .object("amount"),
            wrong: "return P-1=1 --sale 999999",
            code: 3,
            says: "there is no movement at LSN 999999"
        ),
        CommandRow(
            "undo --yes --actor undoer",
            shows: "undid LSN",
            json: .object("undoneLsn"),
            wrong: "undo --actor nobody-here",
            code: 3,
            says: "nobody-here has made no step that is not undone already"
        ),
        CommandRow(
            "ledger list",
            shows: "sale",
            json: .array("kind"),
            wrong: "ledger list --from yesterday",
            code: 2,
            says: "--from is 'yesterday'"
        ),
        CommandRow(
            "ledger show {sale0}",
            shows: "sale",
            json: .array("lsn"),
            wrong: "ledger show 1",
            code: 3,
            says: "there is no movement at LSN 1"
        ),
        CommandRow(
            "ledger reverse {sale%}",
            shows: "reversed LSN",
            json: .object("levels"),
            wrong: "ledger reverse {sale0}",
            code: 4,
            says: "was already reversed"
        ),
        CommandRow(
            "ledger sales",
            shows: "P-3",
            json: .array("amount"),
            wrong: "ledger sales --product P-33",
            code: 3,
            says: "no product has the SKU or barcode 'P-33'"
        ),
        CommandRow(
            "ledger imports",
            shows: "products",
            json: .array("run"),
            wrong: "ledger imports --limit many",
            code: 2,
            says: "many"
        ),
        CommandRow(
            "ledger refusals",
            shows: "P-3",
            json: .array("asked"),
            wrong: "ledger refusals --limit many",
            code: 2,
            says: "many"
        ),
        CommandRow(
            "insight categories",
            shows: "Tools",
            json: .array("category"),
            wrong: "insight categories --as-of later",
            code: 2,
            says: "'later' is neither an LSN nor a time"
        ),
        CommandRow(
            "insight sales --by product",
            shows: "P-3",
            json: .array("gross"),
            wrong: "insight sales --product P-33",
            code: 3,
            says: "no product has the SKU or barcode 'P-33'"
        ),
        CommandRow(
            "insight margin --by category",
            shows: "Tools",
            json: .array("margin"),
            wrong: "insight margin --by categry",
            code: 2,
            says: "did you mean category?"
        ),
        CommandRow(
            "insight top --product P-3",
            shows: "P-3",
            json: .array("rankChange"),
            wrong: "insight top --measure unit",
            code: 2,
            says: "did you mean units?"
        ),
        CommandRow(
            "insight velocity",
            shows: "P-3",
            json: .array("inStockVelocity"),
            wrong: "insight velocity --days 0",
            code: 2,
            says: "days"
        ),
        CommandRow(
            "insight cover",
            shows: "P-3",
            json: .array("daysOfCover"),
            wrong: "insight cover --window last-0-days",
            code: 2,
            says: "window"
        ),
        CommandRow(
            "insight reorder",
            shows: "P-3",
            json: .array("suggestedOrder"),
            wrong: "insight reorder --service-level 12",
            code: 2,
            says: "serviceLevel"
        ),
        CommandRow(
            "insight abc",
            shows: "P-",
            json: .array("class"),
            wrong: "insight abc --zone Mars/Base",
            code: 2,
            says: "the zone is 'Mars/Base', not an IANA time zone"
        ),
        CommandRow(
            "insight dead --days 0",
            shows: "P-3",
            json: .array("idleDays"),
            wrong: "insight dead --window last-3-days",
            code: 2,
            says: "cannot be used with insight dead"
        ),
        CommandRow(
            "insight turnover",
            shows: "P-3",
            json: .array("gmroi"),
            wrong: "insight turnover --window 2026-02-01..2026-01-01",
            code: 2,
            says: "ends before it begins"
        ),
        CommandRow(
            "insight ageing",
            shows: "P-3",
            json: .array("days0to30"),
            wrong: "insight ageing --category Nothing",
            code: 3,
            says: "no category is called 'Nothing'"
        ),
        CommandRow(
            "insight heatmap",
            shows: "10",
            json: .array("hourOfDay"),
            wrong: "insight heatmap --at nowhere",
            code: 3,
            says: "no location is called 'nowhere'"
        ),
        CommandRow(
            "insight refused",
            shows: "P-3",
            json: .array("fillRate"),
            wrong: "insight refused --limit many",
            code: 2,
            says: "many"
        ),
        CommandRow(
            "insight availability",
            shows: "P-3",
            json: .array("stockOuts"),
            wrong: "insight availability --window lately",
            code: 2,
            says: "--window 'lately' is not one of"
        ),
        CommandRow(
            "insight valuation",
            shows: "Tools",
            json: .array("retailValue"),
            wrong: "insight valuation --by hour",
            code: 2,
            says: "hour cannot be used with insight valuation"
        ),
        CommandRow(
            "insight low",
            shows: "LOW-0",
            json: .array("reorderPoint"),
            wrong: "insight low --limit -1",
            code: 2,
            says: "limit"
        ),
        CommandRow(
            "query --by product --measure net,units --order=-net",
            shows: "P-3",
            json: .array("net"),
            wrong: "query --by product --measure asked",
            code: 2,
            says: "asked cannot be used with source sales"
        ),
        CommandRow(
            "watch products --snapshot --count 1",
            shows: "locationChanged",
            json: .lines("event"),
            wrong: "watch products --count few",
            code: 2,
            says: "few"
        ),
        CommandRow(
            "watch stock --snapshot --count 1",
            shows: "levelChanged",
            json: .lines("onHand"),
            wrong: "watch stock --at nowhere",
            code: 3,
            says: "no location is called 'nowhere'"
        ),
        CommandRow(
            "watch sales --after {before} --count 1",
            shows: "saleRecorded",
            json: .lines("amount"),
            wrong: "watch sales --after now",
            code: 2,
            says: "now"
        ),
        CommandRow(
            "watch insight categories --count 1",
            shows: "Tools",
            json: .lines("change"),
            wrong: "watch insight nothing",
            code: 2,
            says: "there is no insight 'nothing'"
        ),
        CommandRow(
            "watch alerts --snapshot --count 1",
            shows: "lowStockRaised",
            json: .lines("threshold"),
            wrong: "watch alerts --category Nothing",
            code: 3,
            says: "no category is called 'Nothing'"
        ),
        CommandRow(
            "import {csv} --id csv",
            shows: "1 row",
            json: .none,
            wrong: "import /nonexistent.csv",
            code: 1,
            says: "/nonexistent.csv"
        ),
        CommandRow(
            "export -",
            shows: "P-1",
            json: .none,
            wrong: "export - --what prodcts",
            code: 2,
            says: "prodcts"
        ),
        CommandRow(
            "apply {commands}",
            shows: "2 commands: 2 done, 0 failed",
            json: .object("done"),
            wrong: "apply /nonexistent.ndjson",
            code: 1,
            says: "/nonexistent.ndjson"
        ),
        CommandRow(
            "top --once",
            shows: "Top sellers today",
            json: .object("revenueToday"),
            wrong: "top",
            code: 2,
            says: "top draws on a terminal"
        ),
        CommandRow(
            "shell",
            shows: "pong",
            json: .object("lsn"),
            wrong: "shell",
            code: 2,
            says: "unknown command 'frobnicate' for invctl"
        ).with(input: "ping\n", wrong: "frobnicate\n"),
        CommandRow(
            "ping",
            shows: "pong",
            json: .object("lsn"),
            wrong: "ping --timeout 0",
            code: 2,
            says: "--timeout is 0"
        ),
        CommandRow(
            "stats",
            shows: "durableLsn",
            json: .array("value"),
            wrong: "stats --sort nam",
            code: 2,
            says: "Did you mean name"
        ),
        CommandRow(
            "verify",
            shows: "state checksum",
            json: .array("status"),
            wrong: "verify --fields status,chck",
            code: 2,
            says: "Did you mean check"
        ),
        CommandRow(
            "snapshot",
            shows: "snapshot at LSN",
            json: .object("byteCount"),
            wrong: "snapshot --server nowhere:0",
            code: 2,
            says: "the server is 'nowhere:0'"
        ),
        CommandRow(
            "backup {backup}%",
            shows: "state checksum",
            json: .object("lsn"),
            wrong: "backup - --rate 0",
            code: 2,
            says: "--rate is 0"
        ),
        CommandRow(
            "log inspect --from 1",
            shows: "productCreated",
            json: .array("event"),
            wrong: "log inspect --from 5 --to 2",
            code: 2,
            says: "--from 5 comes after --to 2"
        ),
        CommandRow(
            "bench sell --seconds 1 --connections 1 --products 5 --rate 50",
            shows: "sell",
            json: .object("perSecond"),
            wrong: "bench sell --batch 0",
            code: 2,
            says: "--batch must be 1 to 1000"
        ).slow,
        CommandRow(
            "bench get --seconds 1 --connections 1 --products 5 --rate 50",
            shows: "get",
            json: .object("perSecond"),
            wrong: "bench get --depth 0",
            code: 2,
            says: "--depth must be 1 to 1024"
        ).slow,
        CommandRow(
            "bench mixed --seconds 1 --connections 1 --products 5 --rate 50",
            shows: "mixed",
            json: .object("perSecond"),
            wrong: "bench mixed --reads 101",
            code: 2,
            says: "--reads must be 0 to 100"
        ).slow,
        CommandRow(
            "bench subscribe --seconds 1 --connections 1 --products 5 --rate 50 --subscribers 2",
            shows: "subscribe",
            json: .object("perSecond"),
            wrong: "bench subscribe --subscribers 0",
            code: 2,
            says: "--subscribers must be 1 to 18000"
        ).slow,
        CommandRow(
            "bench till --subscribers 5 --copies 2 --silent 1 --sales 3000 --alone 1000 "
                + "--products 5",
            shows: "copies  2 of 2 right, 0 failures",
            json: .object("sharePercent"),
            wrong: "bench till --copies 2000",
            code: 2,
            says: "--copies must be 0 to 1000"
        ).slow,
        CommandRow(
            "bench insights --seconds 1 --connections 1 --products 5 --rate 50 --standing 2 "
                + "--subscribers 2 --rounds 1",
            shows: "sharePercent",
            json: .object("sharePercent"),
            wrong: "bench insights --standing 0",
            code: 2,
            says: "standing"
        ).slow,
        CommandRow(
            "bench queries --seconds 1 --connections 1 --depth 1 --products 5 --askers 2 --rounds 1",
            shows: "sales with 2 connections of queries",
            json: .object("p99Ratio"),
            wrong: "bench queries --askers 0",
            code: 2,
            says: "--askers must be 1 to"
        ).slow,
        CommandRow(
            "bench ping --seconds 1 --connections 1 --products 5 --rate 50",
            shows: "ping",
            json: .object("perSecond"),
            wrong: "bench ping --connections 0",
            code: 2,
            says: "--connections must be 1 to 1000"
        ).slow,
        CommandRow(
            "context set shop-% --server 127.0.0.1:7411",
            shows: "is set in",
            json: .none,
            wrong: "context set shop --server nowhere:0",
            code: 2,
            says: "not HOST:PORT"
        ),
        CommandRow(
            "context show",
            shows: "INVCTL_SERVER",
            json: .array("origin"),
            wrong: "context show --context other",
            code: 3,
            says: "no context is called 'other'"
        ),
        CommandRow(
            "context list",
            shows: "shop-0",
            json: .array("server"),
            wrong: "context list --fields nmae",
            code: 2,
            says: "Did you mean name"
        ),
        CommandRow(
            "context use shop-%",
            shows: "is now the current one",
            json: .none,
            wrong: "context use shpo-0",
            code: 3,
            says: "Did you mean shop-0"
        ),
        CommandRow(
            "context delete shop-%",
            shows: "is deleted",
            json: .none,
            wrong: "context delete shop-0",
            code: 3,
            says: "no context is called 'shop-0'"
        ),
        CommandRow(
            "completion bash",
            shows: "complete",
            json: .none,
            wrong: "completion fihs",
            code: 2,
            says: "Did you mean fish"
        ),
        CommandRow(
            "help errors",
            shows: "refused for stock",
            json: .none,
            wrong: "help prodct",
            code: 2,
            says: "Did you mean product"
        ),
        CommandRow(
            "version",
            shows: "invctl 0",
            json: .object("server"),
            wrong: "version --vrebose",
            code: 2,
            says: "--vrebose"
        ),
    ]
}
