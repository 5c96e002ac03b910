import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

/// A data directory of version 0.1.0, without keys, the mark and last costs: every later version opens
/// it and continues to write to it.
///
/// The last commit that wrote such files is 357fb8b. Its server was killed, with a snapshot at LSN 35
/// and eight steps after it.
@Suite struct OldDirectoryTests {
    private static var old: URL {
        Bundle.module.bundleURL.appending(path: "Resources/version-0.1.0")
    }

    private static let stock = [
        "sku,location,onHand,unavailable,reserved,available,floor,incoming,value,revision",
        "CAM-01,main,5,1,0,4,0,0,1550.00,40",
        "CAM-01,depot,0,0,0,0,0,2,0.00,29",
        "CAB-01,main,97.00,0.00,0.00,97.00,0.00,10.00,194.00,42",
        "BAG-01,main,1,0,0,1,-5,0,0.00,38",
    ]

    private static let ledger = [
        "lsn,line,kind,sku,onHandDelta,amount,cost",
        "42,0,adjust,CAB-01,-1.75,0.00,-3.50",
        "40,0,release,CAM-01,0,0.00,0.00",
        "38,0,return,BAG-01,1,-40.00,0.00",
        "36,0,sale,BAG-01,-1,40.00,-10.00",
        "35,0,sale,BAG-01,-1,40.00,-10.00",
        "33,0,setUnavailable,CAM-01,0,0.00,0.00",
        "31,0,expectIncoming,CAB-01,0.00,0.00,0.00",
        "29,1,expectIncoming,CAM-01,0,0.00,0.00",
        "29,0,transferOut,CAM-01,-2,0.00,-620.00",
        "27,1,sale,CAM-01,-1,499.99,-310.00",
        "27,0,commit,CAM-01,0,0.00,0.00",
        "25,0,reserve,CAM-01,0,0.00,0.00",
        "23,0,reserve,CAM-01,0,0.00,0.00",
        "21,1,costVariance,BAG-01,0,30.00,0.00",
        "21,0,restock,BAG-01,5,0.00,20.00",
        "19,0,sale,BAG-01,-3,120.00,0.00",
        "13,1,sale,CAB-01,-1.25,6.25,-2.50",
        "13,0,sale,CAM-01,-2,999.98,-620.00",
        "9,0,restock,CAB-01,100.00,0.00,200.00",
        "7,0,restock,CAM-01,10,0.00,3100.00",
    ]

    private static func expectOld(_ daemon: Daemon) throws {
        let stock = try daemon.invctl(
            "stock",
            "show",
            "--fields",
            "sku,location,onHand,unavailable,reserved,available,floor,incoming,value,revision",
            "-o",
            "csv"
        )
        #expect(stock.lines == self.stock, "\(stock.errors)")
        let ledger = try daemon.invctl(
            "ledger",
            "list",
            "--fields",
            "lsn,line,kind,sku,onHandDelta,amount,cost",
            "-o",
            "csv"
        )
        #expect(ledger.lines == self.ledger, "\(ledger.errors)")
        let verify = try daemon.invctl("verify")
        #expect(verify.code == 0, "\(verify.output)")
    }

    @Test func `it opens unchanged, and accepts data of later versions`() throws {
        let check = try Daemon.run("invd", ["check", Self.old.path])
        #expect(check.code == 0 && check.lines.contains("opens     at LSN 44"), "\(check.output)")
        let daemon = try Daemon(onCopyOf: Self.old)
        #expect(daemon.readyLine.hasSuffix("lsn 44"))
        try Self.expectOld(daemon)

        // New since version 0.1.0: a key, and the last cost of a product without stock.
        let sale = ["sell", "CAM-01=4", "BAG-01=1", "--id", "till-1", "-o", "json"]
        let first = try daemon.invctl(sale)
        #expect(first.code == 0, "\(first.errors)")
        #expect(try daemon.invctl("stock", "unhold", "CAM-01=1").code == 0)
        #expect(try daemon.invctl("sell", "CAM-01=1").code == 0)
        #expect(try daemon.invctl("snapshot").code == 0)
        #expect(try daemon.invctl("stock", "restock", "CAM-01=1").code == 0)
        daemon.kill()
        try daemon.start()
        let again = try daemon.invctl(sale)
        #expect(again.code == 0 && again.output.contains("\"replayed\":true"), "\(again.output)")
        let value = try daemon.invctl(
            "stock",
            "show",
            "CAM-01",
            "--fields",
            "location,value",
            "-o",
            "csv"
        )
        #expect(value.lines.contains("main,310.00"), "\(value.output)")
        #expect(try daemon.invctl("verify").code == 0)
        #expect(daemon.stop() == 0)
        let after = try Daemon.run("invd", ["check", daemon.directory.path])
        #expect(after.code == 0, "\(after.output)")
    }

    @Test func `its session replays outcomes from the snapshot and from the log`() throws {
        let daemon = try Daemon(onCopyOf: Self.old)
        let raw = try RawConnection(daemon)
        raw.send(RawConnection.hello)
        var session = ByteWriter()
        session.write(77 as UInt64)
        session.write(78 as UInt64)
        session.write(0 as UInt8)
        raw.sendFrame(2, session.array(), id: 1)
        // The outcomes of version 0.1.0: number 1 is in the snapshot, number 2 in the log.
        let answers = [
            (1, "0123a515f9286661060000c03e010301710209d00f0100", "POS-9"),
            (2, "01245b7efb286661060000c03e01030150090300", "POS-10"),
        ]
        for (number, _, reference) in answers {
            let line = SaleLine(product: ProductID(3), quantity: 1)
            var request = ByteWriter()
            request.write(UInt64(number))
            Command.sell(Sale(lines: [line], reference: reference)).encode(into: &request)
            raw.sendFrame(3, request.array(), id: UInt64(number + 1))
        }
        raw.finish()
        let outcomes = raw.answers().compactMap { answer -> String? in
            guard case .outcome(let outcome) = answer.message else { return nil }
            var writer = ByteWriter()
            outcome.encode(into: &writer)
            return writer.array().map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
        }
        #expect(outcomes == answers.map { $0.1 })
        try Self.expectOld(daemon)
    }

    @Test func `a newer version of any of its files is refused with file and version`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.old.path)
        // The offset of each header's checksum.
        let heads = [(".invid", 40), (".invlog", 64), (".invsnap", -4), (".invblk", 60)]
        for (suffix, place) in heads {
            let folder = TemporaryDirectory()
            for name in names where !name.hasSuffix(".invpar") {
                let from = Self.old.appending(path: name)
                try FileManager.default.copyItem(
                    atPath: from.path,
                    toPath: folder.path + "/" + name
                )
            }
            let name = try #require(names.first { $0.hasSuffix(suffix) })
            let path = folder.path + "/" + name
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            bytes[8] = 2
            let end = place < 0 ? bytes.count + place : place
            let checksum = bytes[..<end].withUnsafeBytes { CRC32C.checksum($0) }
            withUnsafeBytes(of: checksum.littleEndian) {
                bytes.replaceSubrange(end..<(end + 4), with: $0)
            }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let start = try Daemon.run(
                "invd",
                ["--data-dir", folder.path, "--listen", "127.0.0.1:0"]
            )
            let check = try Daemon.run("invd", ["check", folder.path])
            for said in [start.errors, check.output + check.errors] {
                #expect(said.contains("\(path) has format version 2"), "\(said)")
            }
            #expect(start.code == 3 && check.code == 3, "\(name): \(start.code), \(check.code)")
        }
    }
}
