/// Records that are JSON objects: one a line, or in an array.
extension RecordReader {
    /// Returns the bytes of the next object.
    private mutating func nextJSON() throws -> ArraySlice<UInt8>? {
        self.form == .lines ? self.nextLine() : try self.nextElement()
    }

    private mutating func nextLine() -> ArraySlice<UInt8>? {
        while self.offset < self.end {
            self.recordStart = self.offset
            let line = self.bytes[self.offset...].prefix { $0 != 0x0A }
            self.offset = line.endIndex + 1
            if line.contains(where: { $0 > 0x20 }) { return ArraySlice(line) }
            self.blankCount += 1
        }
        return nil
    }

    /// Returns the next object of the array, up to the brace that closes it.
    private mutating func nextElement() throws -> ArraySlice<UInt8>? {
        if self.isArrayRead { return nil }
        // The brackets, and the commas between the objects.
        let opens = self.recordCount == 0 ? 0x5B : 0x2C as UInt8
        self.skipSpace()
        if self.offset < self.end, self.bytes[self.offset] == opens { self.offset += 1 }
        self.skipSpace()
        guard self.offset < self.end else {
            throw Self.malformed("an unterminated array", line: self.line(at: self.end))
        }
        self.recordStart = self.offset
        if self.bytes[self.offset] == 0x5D {
            self.offset += 1
            self.skipSpace()
            self.isArrayRead = self.offset == self.end
            if self.isArrayRead { return nil }
        }
        guard self.offset < self.end, self.bytes[self.offset] == 0x7B else {
            throw Self.malformed("not an object of the array", line: self.line(at: self.offset))
        }
        self.offset = self.endOfObject()
        return ArraySlice(self.bytes[self.recordStart..<self.offset])
    }

    private mutating func skipSpace() {
        while self.offset < self.end, self.bytes[self.offset] <= 0x20 { self.offset += 1 }
    }

    /// Returns the offset after the object that begins at the current one.
    private func endOfObject() -> Int {
        var (offset, depth, isString) = (self.offset, 0, false)
        while offset < self.end {
            let byte = self.bytes[offset]
            offset += 1
            switch byte {
            case 0x5C where isString: offset = min(offset + 1, self.end)
            case 0x22: isString.toggle()
            case 0x7B where !isString: depth += 1
            case 0x7D where !isString:
                depth -= 1
                if depth == 0 { return offset }
            default: break
            }
        }
        return offset
    }

    /// Returns every member name in the file, since objects may have different members.
    ///
    /// - Throws: ``Failure`` if the array is malformed, or none of the lines is an object.
    mutating func namesOfObjects() throws -> [String] {
        var names: [String] = []
        var first: Failure?
        var hasObject = false
        var known: Set<String> = []
        let start = self.offset
        while let object = try self.nextJSON() {
            self.recordCount += 1
            do throws(JSONError) {
                for member in try Self.members(object) where known.insert(member.name).inserted {
                    names.append(member.name)
                }
                hasObject = true
            } catch {
                first = first ?? self.malformed(error)
                if self.form == .array { break }
            }
        }
        if let first, !hasObject || self.form == .array { throw first }
        self.offset = start
        self.recordCount = 0
        self.blankCount = 0
        self.isArrayRead = false
        return names
    }

    private static func members(
        _ object: ArraySlice<UInt8>
    ) throws(JSONError) -> [(name: String, value: JSONValue)] {
        guard case .object(let members) = try JSONParser.value(of: object) else {
            throw JSONError(byte: 1, problem: "not an object")
        }
        return members
    }

    /// The failure of the file whose current object is none.
    private func malformed(_ error: JSONError) -> Failure {
        let place = self.form == .lines ? "line" : "object"
        return Failure(
            "malformed_file",
            "\(place) \(self.recordCount), \(error)",
            exit: Exit.failed
        )
    }

    mutating func nextObject() throws -> Bool {
        guard let object = try self.nextJSON() else { return false }
        // The number of the object that is being read, for errors.
        self.recordCount += 1
        defer { self.recordCount -= 1 }
        self.lineProblem = nil
        do throws(JSONError) {
            let members = try Self.members(object)
            self.fields = self.header.enumerated().map { column, name in
                let start = self.scratch.count
                let value = members.last { $0.name == name }?.value
                let isNumeric = self.exponentColumns.contains(column)
                let text = isNumeric ? value?.plain : value?.written
                self.scratch.append(contentsOf: (text ?? "").utf8)
                return Field(range: start..<self.scratch.count, isInScratch: true)
            }
        } catch {
            guard self.form == .lines else { throw self.malformed(error) }
            self.fields.removeAll(keepingCapacity: true)
            self.lineProblem = "the line is no JSON object: \(error)"
        }
        return true
    }
}
