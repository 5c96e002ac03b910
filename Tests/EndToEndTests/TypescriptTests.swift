import Foundation
import TerminalKit
import Testing

/// The most used commands on terminals of three sizes: no line may be wider than the terminal, which would break
/// it within a word.
///
/// With `INVD_TYPESCRIPTS`, a directory, the screens are also written to files, to be read (`make typescripts`).
@Suite struct TypescriptTests {
    struct Size: Sendable, CustomTestStringConvertible {
        var columns: Int
        var rows: Int
        var testDescription: String { "\(self.columns)x\(self.rows)" }
    }

    private static let sizes = [
        Size(columns: 120, rows: 40), Size(columns: 80, rows: 24), Size(columns: 40, rows: 20),
    ]

    /// The commands of a day, in their order; `IMPORT` stands for a file.
    private static let commands = [
        "ping", "version", "product list", "product list --where 'available < 20'",
        "product list --sort -price --limit 5", "product get LAP-01", "product get LAP-1",
        """
        product add --sku LMP-01 --name 'Desk lamp with a long name, brass' --category Electronics \
        --price 39.90 --opening 12@18.50
        """,
        "product add --sku LMP-02", "product set LAP-01 --price 949.99",
        "product set LAP-01 --price 949.99", "product set LAP-01 --price 899 --dry-run",
        "product history LAP-01", "category list", "location list", "stock show",
        "stock show LAP-01", "stock show LAP-01 MOU-09", "sell LAP-01=2 MOU-09=1 --ref POS-7781",
        "sell LAP-01=60", "sell LAP-01=two", "sell", "return LAP-01=1 --ref POS-7781",
        "return LAP-01=1 --sale 1", "stock restock LAP-01=5@700.00 MON-27=2@160 --ref PO-118",
        "stock count MOU-09=57", "stock adjust KEY-04=-1 --reason damaged", "stock low",
        "stock reorder-point KEY-04=40", "reserve new MOU-09=2 --for 30m", "reserve list",
        "ledger list", "ledger list --limit 3", "ledger sales", "ledger refusals", "ledger imports",
        "insight top", "insight sales", "insight sales --by day", "insight low", "insight reorder",
        "insight abc", "insight heatmap", "insight valuation", "insight cover",
        "query --by category --measure net,units", "import IMPORT --dry-run", "import IMPORT",
        "undo --dry-run", "stats --limit 8", "verify", "context show", "help", "help errors",
        "help watching", "help insights", "help commands", "help configuration", "--help",
        "sell --help", "product add --help", "product list --help", "insight top --help",
        "stock --help", "shell -c ping -c 'product get MOU-09'", "lisst", "product lst",
    ]

    private static let file = """
        sku,name,category,price,stock,cost
        LAP-01,Laptop 14 inch,Electronics,929.99,12,720.00
        NEW-01,"A new product, whose name is rather long",Electronics,12.50,4,6.10
        BAD-01,A product without a price,Electronics,free,1,1

        """

    @Test(arguments: Self.sizes)
    func `no line of the most used commands is wider than the terminal`(size: Size) throws {
        let daemon = try Daemon()
        let catalog = URL(filePath: #filePath).appending(path: "../../../Catalog/sample.csv")
        #expect(try daemon.invctl("import", catalog.standardized.path).code == 0)
        let file = FileManager.default.temporaryDirectory
            .appending(path: "products-\(UUID().uuidString).csv")
        try Data(Self.file.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let typescript = try Typescript(size)
        for command in Self.commands {
            let words = CommandWords(command).strings.map { $0 == "IMPORT" ? file.path : $0 }
            // High enough for the whole output.
            let terminal = try daemon.terminal(
                words,
                columns: size.columns,
                rows: 1_000,
                environment: ["INVCTL_PAGER": "off", "NO_COLOR": "1"]
            )
            let code = terminal.wait()
            #expect(code >= 0 && code <= 130, "\(command): \(code)")
            try typescript.add(command, terminal, code: code)
        }
    }

    @Test(arguments: Self.sizes)
    func `no line of a dashboard, a watch or the shell is wider than the terminal`(
        size: Size
    ) throws {
        let daemon = try Daemon()
        let catalog = URL(filePath: #filePath).appending(path: "../../../Catalog/sample.csv")
        #expect(try daemon.invctl("import", catalog.standardized.path).code == 0)
        let typescript = try Typescript(size)
        func open(_ words: String...) throws -> PseudoTerminal {
            try daemon.terminal(
                words,
                columns: size.columns,
                rows: size.rows,
                environment: ["INVCTL_PAGER": "off", "NO_COLOR": "1"]
            )
        }
        let watch = try open("watch", "stock")
        #expect(watch.waits(for: "watching"))
        let list = try open("product", "list", "--watch")
        let top = try open("top")
        #expect(list.waits(for: "LAP-01") && top.waits(for: "▸ Top sellers"))
        #expect(try daemon.invctl("sell", "LAP-01=2", "MOU-09=1", "--ref", "POS-1").code == 0)
        #expect(watch.waits(for: "MOU-09"))
        #expect(top.waits { $0.contains("LAP-01") && $0.contains("MOU-09") })
        #expect(
            list.waits { text in
                let lines = text.split(separator: "\n")
                let row = lines.first { $0.hasPrefix("LAP-01") }
                return text.contains("live") && row?.split(separator: " ").contains("10") == true
            }
        )
        try typescript.add("watch stock", watch)
        try typescript.add("product list --watch", list)
        try typescript.add("top", top)
        top.type("?")
        #expect(top.waits(for: "▸ help"))
        try typescript.add("top, help", top)
        let shell = try open("shell")
        #expect(
            shell.waits {
                $0.contains("quits.") && $0.split(separator: "\n").last?.hasSuffix(">") == true
            }
        )
        shell.type("stock show LAP-01 MOU-09\r")
        #expect(shell.waits(for: "SKU"))
        shell.type("\\?\r")
        #expect(shell.waits(for: "history"))
        try typescript.add("shell", shell)
        for terminal in [watch, list, top] { terminal.type("\u{03}") }
        shell.type("\u{04}")
        for terminal in [watch, list, top, shell] { _ = terminal.wait() }
    }
}

/// Checks screens, and writes them to a directory if one is requested.
private struct Typescript {
    private let size: TypescriptTests.Size
    private let folder: URL?

    init(_ size: TypescriptTests.Size) throws {
        self.size = size
        let variable = ProcessInfo.processInfo.environment["INVD_TYPESCRIPTS"]
        self.folder = variable.map { URL(filePath: $0).appending(path: size.testDescription) }
        guard let folder else { return }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// Checks the screen of a terminal; a line of one word, such as a path, may be wider.
    func add(_ command: String, _ terminal: PseudoTerminal, code: Int32? = nil) throws {
        let lines = terminal.screen.text.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines where TextWidth.of(String(line)) > self.size.columns {
            let isWord = !line.drop { $0 == " " }.contains(" ")
            #expect(isWord, "invctl \(command), \(self.size.testDescription): \(line)")
        }
        guard let folder else { return }
        var text = lines.joined(separator: "\n")
        while text.hasSuffix("\n") { text.removeLast() }
        let name = command.prefix(40).map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "_" }
        let exit = code.map { "\nexit \($0)" } ?? ""
        try Data("$ invctl \(command)\n\(text)\(exit)\n".utf8)
            .write(to: folder.appending(path: String(name) + ".txt"))
    }
}
