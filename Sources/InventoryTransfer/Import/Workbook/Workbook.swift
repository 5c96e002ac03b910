import Foundation
import Glibc

/// A workbook of a spreadsheet program (ECMA-376, `.xlsx`), read by `xlsx2csv`.
///
/// The first sheet becomes CSV: numbers as they are stored, not as they are displayed, and dates in ISO 8601.
/// A formula without a value refuses its row.
package enum Workbook {
    /// How a workbook, which is a ZIP archive, begins.
    package static let head: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

    private static let program = "xlsx2csv"
    private static let arguments = [
        "-", "--dateformat", "%Y-%m-%d %H:%M:%S", "--timeformat", "%H:%M:%S", "--ignore-formats",
        "float",
    ]
    private static let chunkByteCount = 1 << 18

    /// Returns the first sheet as CSV, and why rows of it cannot be imported, by their number.
    ///
    /// - Throws: ``Failure`` if `xlsx2csv` is not installed or cannot read the workbook.
    package static func read(
        _ workbook: FileBytes,
        name: String,
        _ startFilter: FilterStart
    ) throws(Failure) -> (csv: FileBytes, problems: [Int: String]) {
        let csv = try self.csv(workbook, name: name, startFilter)
        return (csv, WorkbookFormulas(workbook, startFilter).problems)
    }

    private static func csv(
        _ workbook: FileBytes,
        name: String,
        _ startFilter: FilterStart
    ) throws(Failure) -> FileBytes {
        guard let process = startFilter([self.program] + self.arguments, nil) else {
            throw Failure(
                "cannot_read",
                "\(name) is a workbook, which \(self.program) reads; it is not installed",
                hint:
                    "Install it (Debian: apt install xlsx2csv; PyPI: pip install xlsx2csv), or save as CSV.",
                exit: Exit.failed
            )
        }
        let thread = Thread { self.feed(workbook, to: process) }
        thread.start()
        let csv = FileBytes()
        var count = 0
        repeat {
            csv.reserve(self.chunkByteCount)
            count = csv.fill { space in
                var count = 0
                repeat {
                    count = Glibc.read(process.output, space.baseAddress, space.count)
                } while count < 0 && errno == EINTR
                return count
            }
        } while count > 0
        close(process.output)
        let code = process.wait()
        guard code == 0, count == 0 else {
            throw Failure(
                "malformed_file",
                "\(name): \(self.program) could not read it (exit \(code))",
                exit: Exit.failed
            )
        }
        return csv
    }

    /// Writes the workbook to the program; an early end is reported by its exit code.
    private static func feed(_ workbook: FileBytes, to process: any FilterProcess) {
        var rest = workbook.bytes[...]
        while !rest.isEmpty, process.write(Array(rest.prefix(self.chunkByteCount))) {
            rest = rest.dropFirst(self.chunkByteCount)
        }
        process.closeInput()
    }
}
