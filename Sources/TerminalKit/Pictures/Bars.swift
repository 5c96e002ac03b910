/// Values as bars: `███████▌`, the largest as wide as ``width``.
///
/// The bar of a value at or below zero is empty.
package struct Bars {
    /// One bar per value.
    package let bars: [String]
    /// One block per value; `nil` if the values are no time series.
    package let sparkline: String?

    private static let width = 20
    private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    private static let blocks = Array("▁▂▃▄▅▆▇█").map { String($0) }
    /// The most values of a sparkline.
    private static let sparklineMax = 200

    /// Creates the bars; `nil` if no value is above zero.
    package init?(_ values: [Double], isTime: Bool) {
        let values = values.map { $0.isFinite ? max(0, $0) : 0 }
        let largest = values.reduce(0, max)
        guard largest > 0 else { return nil }
        self.bars = values.map { Self.bar($0 / largest) }
        self.sparkline =
            isTime && (2...Self.sparklineMax).contains(values.count)
            ? values.map { Self.block($0 / largest) }.joined() : nil
    }

    private static func bar(_ share: Double) -> String {
        let eighths = Int((share * Double(self.width * 8)).rounded())
        return String(repeating: "█", count: eighths / 8) + self.eighths[eighths % 8]
    }

    private static func block(_ share: Double) -> String {
        self.blocks[min(7, Int(share * 7.999))]
    }
}
