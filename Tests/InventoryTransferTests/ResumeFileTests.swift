import Foundation
import InventoryTestSupport
import Testing

@testable import InventoryTransfer

/// The file beside an imported file with the name of its run.
@Suite struct ResumeFileTests {
    private let folder = TemporaryDirectory()
    private var path: String { ResumeFile.path(of: "\(self.folder.path)/stock.csv") }

    @Test func `what was written is read, and removed`() throws {
        let file = ResumeFile(run: "a b", content: "c", layout: "l", database: "d")
        #expect(self.path.hasSuffix("/stock.csv.invd-run"))
        #expect(ResumeFile(at: self.path) == nil)
        try file.write(to: self.path)
        #expect(ResumeFile(at: self.path) == file)
        ResumeFile.remove(at: self.path)
        ResumeFile.remove(at: self.path)
        #expect(ResumeFile(at: self.path) == nil)
    }

    @Test(
        arguments: [
            "", "run a\n", "invctl import 1\n",
            "invctl import 2\nrun a\ncontent b\nlayout c\ndatabase d\n",
            "invctl import 1\nrun a\ncontent b\nlayout c\n",
            "invctl import 1\nrun\ncontent b\nlayout c\ndatabase d\n",
        ]
    )
    func `any other file is none`(text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: self.path))
        #expect(ResumeFile(at: self.path) == nil)
    }

    @Test(arguments: ["run  a\r\n", "run a\u{301}\n", "x y\nrun \r\n", "run a\nrun \u{301}b\n"])
    func `what is read is written with the same contents`(run: String) throws {
        let text = "invctl import 1\n\(run)content b\nlayout c\ndatabase d\r"
        try Data(text.utf8).write(to: URL(fileURLWithPath: self.path))
        let file = try #require(ResumeFile(at: self.path))
        try file.write(to: self.path)
        #expect(ResumeFile(at: self.path) == file)
    }

    @Test func `no more than a small file is read`() throws {
        let head = "invctl import 1\nrun a\ncontent b\nlayout c\n"
        let long = head + String(repeating: "x y\n", count: 2_000) + "database d\n"
        try Data(long.utf8).write(to: URL(fileURLWithPath: self.path))
        #expect(ResumeFile(at: self.path) == nil)
    }
}
