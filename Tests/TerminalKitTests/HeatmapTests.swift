import Testing

@testable import TerminalKit

/// The heat map of a week.
@Suite struct HeatmapTests {
    private static var map: Heatmap {
        var values = [Int64](repeating: 0, count: Heatmap.cellCount)
        (values[0], values[24 + 13], values[6 * 24 + 23]) = (1, 100, 50)
        return Heatmap(values) { "\($0) units" }
    }

    @Test func `each hour has two columns where they fit, a smaller value a lighter shade`() {
        for width in [nil, 53, 80] {
            let lines = Self.map.lines(width: width)
            #expect(lines[0] == "      0   2   4   6   8  10  12  14  16  18  20  22")
            #expect(lines[1] == "Mon  ░░" + String(repeating: "·", count: 46))
            #expect(lines[2].dropFirst(5).dropFirst(26).hasPrefix("██·"), "\(lines[2])")
            #expect(lines[7].hasSuffix("·▒▒"), "\(lines[7])")
            #expect(lines.last == "     ·· none  ░░ ▒▒ ▓▓ ██ up to 100 units")
        }
    }

    @Test(arguments: [40, 52])
    func `each hour has one column on a narrow screen, which no line exceeds`(width: Int) {
        let lines = Self.map.lines(width: width)
        #expect(lines[0] == "     0     6     12    18")
        #expect(lines[1] == "Mon  ░" + String(repeating: "·", count: 23))
        #expect(Array(lines[2])[5 + 13] == "█", "\(lines[2])")
        for line in lines { #expect(TextWidth.of(line) <= width, "\(line)") }
    }
}
