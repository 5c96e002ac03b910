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
        "--dateformat", "%Y-%m-%d %H:%M:%S", "--timeformat", "%H:%M:%S", "--ignore-formats",
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
        let path = try self.temporaryCopy(of: workbook)
        let errors = path + ".errors"
        defer {
            unlink(path)
            unlink(errors)
        }
        // Its error output is that of an interpreter; only the reason in it is for people.
        let shell = ["/bin/sh", "-c", "exec 2>\"$0\"; exec \"$@\"", errors]
        guard let process = startFilter(shell + [self.program, path] + self.arguments, nil) else {
            throw self.notInstalled(name)
        }
        process.closeInput()
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
            if code == Self.notFound { throw self.notInstalled(name) }
            let reason = self.reason(in: errors, code: code).replacing(path, with: name)
            throw Failure(
                "malformed_file",
                "\(name): \(self.program) could not read it: \(reason)",
                exit: Exit.failed
            )
        }
        return csv
    }

    /// The exit code of a shell whose program is not installed.
    private static let notFound: Int32 = 127

    private static func notInstalled(_ name: String) -> Failure {
        Failure(
            "cannot_read",
            "\(name) is a workbook, which \(self.program) reads; it is not installed",
            hint:
                "Install it (Debian: apt install xlsx2csv; PyPI: pip install xlsx2csv), or save as CSV.",
            exit: Exit.failed
        )
    }

    /// Returns the reason in what the program wrote about an error, whose last line has it:
    /// `zipfile.BadZipFile: File is not a zip file`.
    private static func reason(in errors: String, code: Int32) -> String {
        let text = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
        let last = text.split(separator: "\n").last { !$0.allSatisfy { $0.isWhitespace } }
        guard let last else { return "it exited with \(code)" }
        let parts = last.split(separator: ": ", maxSplits: 1)
        let isNamed = parts.count == 2 && !parts[0].contains(" ")
        return String(isNamed ? parts[1] : last)
    }

    /// Writes the workbook to a file of its own, since not every version of the program reads a pipe.
    ///
    /// - Returns: The path of the file, which only this user may read.
    private static func temporaryCopy(of workbook: FileBytes) throws(Failure) -> String {
        let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        var template = Array("\(folder)/invctl-XXXXXX.xlsx".utf8CString)
        let file = mkstemps(&template, 5)
        let path = String(
            decoding: template.dropLast().map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
        var rest = UnsafeRawBufferPointer(rebasing: workbook.bytes[...])
        while file >= 0, !rest.isEmpty {
            let count = Glibc.write(file, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
        let isWritten = file >= 0 && rest.isEmpty
        let problem = String(cString: strerror(errno))
        if file >= 0 { close(file) }
        guard isWritten else {
            if file >= 0 { unlink(path) }
            throw Failure(
                "cannot_write",
                "the workbook cannot be copied to \(path): \(problem)",
                exit: Exit.failed
            )
        }
        return path
    }
}
