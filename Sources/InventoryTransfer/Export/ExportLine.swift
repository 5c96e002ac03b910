/// An encoder of one line of a whole export, a JSON object.
///
/// Members keep the order in which they are added, and quantities of 0 and empty strings are omitted, so
/// that equal objects have equal bytes.
struct ExportLine {
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    var isEmpty: Bool { self.bytes.isEmpty }

    mutating func begin() {
        self.bytes.append(0x7B)
        self.isFirst = true
    }

    mutating func end() {
        self.bytes.append(0x7D)
        self.isFirst = false
    }

    /// Returns the line with its line end, and clears the buffer.
    mutating func finish() -> [UInt8] {
        defer { self.bytes.removeAll(keepingCapacity: true) }
        self.end()
        self.bytes.append(0x0A)
        return self.bytes
    }

    // MARK: - Members

    private mutating func name(_ name: String) {
        if !self.isFirst { self.bytes.append(0x2C) }
        self.isFirst = false
        self.bytes.append(0x22)
        self.bytes.append(name)
        self.bytes.append(0x22)
        self.bytes.append(0x3A)
    }

    mutating func add(_ name: String, _ value: Int) {
        self.name(name)
        self.bytes.append(String(value))
    }

    mutating func add(_ name: String, text value: String) {
        self.name(name)
        self.bytes.append(JSONObject.quoted(value))
    }

    mutating func add(_ name: String, unlessEmpty value: String) {
        if !value.isEmpty { self.add(name, text: value) }
    }

    /// Adds smallest units as a decimal number unless they are 0: `12.500` for 12,500 g.
    mutating func add(_ name: String, units value: Int64, decimals: UInt8) {
        if value == 0 { return }
        self.add(name, quantity: value, decimals: decimals)
    }

    /// Adds smallest units as a decimal number, also if they are 0.
    mutating func add(_ name: String, quantity value: Int64, decimals: UInt8) {
        self.name(name)
        self.bytes.append(DecimalText.format(value, decimals: decimals))
    }

    /// Adds money unless it is 0, as a string, so that no reader makes it a floating-point number.
    mutating func add(_ name: String, money value: Int64, decimals: UInt8) {
        if value == 0 { return }
        self.add(name, text: DecimalText.format(value, decimals: decimals))
    }

    mutating func add(_ name: String, time microseconds: Int64) {
        self.add(name, text: TimeText.format(microseconds))
    }

    /// Adds the product and location of a level.
    mutating func add(_ name: String, place product: Int, _ location: Int) {
        self.name(name)
        self.bytes.append("[\(product),\(location)]")
    }

    // MARK: - A list of objects

    mutating func beginList(_ name: String) {
        self.name(name)
        self.bytes.append(0x5B)
    }

    mutating func beginElement(isFirst: Bool) {
        if !isFirst { self.bytes.append(0x2C) }
        self.begin()
    }

    mutating func endList() { self.bytes.append(0x5D) }
}
