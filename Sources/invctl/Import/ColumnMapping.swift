import ArgumentParser

/// Which column of a file is which field: by `--map FIELD=COLUMN`, else the one of the same name.
struct ColumnMapping {
    private var columns: [String: Int] = [:]

    /// Finds the columns of a file.
    ///
    /// `header`: The file's first record.
    /// `flags`: `FIELD=COLUMN`, as they were typed.
    /// `fields`: Every field there is, with whether it must be mapped.
    init(
        _ header: [String],
        _ flags: [String],
        fields: [(name: String, isNeeded: Bool)]
    ) throws {
        let names = fields.map { $0.name }
        for flag in flags {
            let parts = flag.split(separator: "=", maxSplits: 1).map { String($0) }
            guard parts.count == 2 else {
                throw ValidationError("--map is '\(flag)', not FIELD=COLUMN")
            }
            guard names.contains(parts[0]) else {
                throw ValidationError(
                    "--map names the field '\(parts[0])'; there are \(names.joined(separator: ", "))"
                )
            }
            guard let column = header.firstIndex(of: parts[1]) else {
                throw ValidationError(
                    """
                    --map names the column '\(parts[1])'; the file has \
                    \(header.joined(separator: ", "))
                    """
                )
            }
            self.columns[parts[0]] = column
        }
        for name in names where self.columns[name] == nil {
            self.columns[name] = header.firstIndex { $0.lowercased() == name.lowercased() }
        }
        let missing = fields.filter { $0.isNeeded && self.columns[$0.name] == nil }
        guard missing.isEmpty else {
            throw ValidationError(
                """
                no column for \(missing.map { $0.name }.joined(separator: ", ")); the file has \
                \(header.joined(separator: ", ")): use --map FIELD=COLUMN
                """
            )
        }
    }

    func has(_ field: String) -> Bool { self.columns[field] != nil }

    /// The field's text in a record, without white space at its ends; empty if there is none.
    func text(_ field: String, _ record: [String]) -> String {
        guard let column = self.columns[field], column < record.count else { return "" }
        let text = record[column]
        guard let first = text.utf8.first, let last = text.utf8.last else { return "" }
        if first > 0x20, last > 0x20 { return text }
        return text.trimmingSpace
    }
}

extension String {
    var trimmingSpace: String {
        var rest = Substring(self)
        while rest.first?.isWhitespace ?? false { rest.removeFirst() }
        while rest.last?.isWhitespace ?? false { rest.removeLast() }
        return String(rest)
    }
}
