internal import InventoryModel

/// One line of a whole export, or one movement in it, read by member names.
struct ExportRecord {
    let line: Int
    let value: JSONValue

    init(_ bytes: ArraySlice<UInt8>, line: Int) throws(Failure) {
        self.line = line
        do throws(JSONError) {
            self.value = try JSONParser.value(of: bytes)
        } catch {
            throw Failure("malformed_file", "line \(line), \(error)", exit: Exit.failed)
        }
    }

    private init(line: Int, value: JSONValue) {
        self.line = line
        self.value = value
    }

    func problem(_ text: String) -> Failure {
        Failure("malformed_file", "line \(self.line): \(text)", exit: Exit.failed)
    }

    func has(_ name: String) -> Bool { self.value[name] != nil }

    func text(_ name: String) -> String { self.value[name]?.written ?? "" }

    func optionalNumber(_ name: String) throws(Failure) -> Int? {
        guard let written = self.value[name]?.written else { return nil }
        guard let number = Int(written), number >= 0 else {
            throw self.problem("\(name) is not an object's number")
        }
        return number
    }

    func number(_ name: String) throws(Failure) -> Int {
        guard let number = try self.optionalNumber(name) else {
            throw self.problem("\(name) is missing")
        }
        return number
    }

    /// Returns a quantity or an amount in smallest units; 0 if it is omitted.
    func units(_ name: String, _ decimals: UInt8) throws(Failure) -> Int64 {
        guard let written = self.value[name]?.written else { return 0 }
        guard let units = DecimalText.parse(written, decimals: decimals),
            abs(units) <= Limits.moneyMax
        else {
            throw self.problem(
                "\(name) is not a number with at most \(decimals) decimals, or is too large"
            )
        }
        return units
    }

    func instant(_ name: String) throws(Failure) -> Instant {
        guard let time = TimeText.parse(self.text(name), zone: TimeText.utc) else {
            throw self.problem("\(name) is not a time")
        }
        return time
    }

    /// Returns a value by the name of its enum case.
    func named<Value: CaseIterable>(_ name: String, _ type: Value.Type) throws(Failure) -> Value {
        let written = self.text(name)
        guard let value = Value.allCases.first(where: { "\($0)" == written }) else {
            throw self.problem("\(name) is '\(written)', which is unknown")
        }
        return value
    }

    /// Returns a list of two numbers, a product and a location.
    func pair(_ name: String) throws(Failure) -> (Int, Int) {
        guard case .array(let values) = self.value[name], values.count == 2,
            let first = values[0].written.flatMap({ Int($0) }),
            let second = values[1].written.flatMap({ Int($0) })
        else { throw self.problem("\(name) is not a product and a location") }
        return (first, second)
    }

    /// Returns the objects of a list that is not empty.
    func list(_ name: String) throws(Failure) -> [ExportRecord] {
        guard case .array(let values) = self.value[name], !values.isEmpty else {
            throw self.problem("\(name) is not a list of objects")
        }
        return values.map { ExportRecord(line: self.line, value: $0) }
    }
}
