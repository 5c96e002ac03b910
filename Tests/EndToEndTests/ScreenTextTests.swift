import Testing

/// The terminal emulator of these tests.
@Suite struct ScreenTextTests {
    private static func screen(_ bytes: [UInt8]) -> ScreenText {
        var screen = ScreenText(columns: 20, rows: 4)
        // Byte by byte, as a slow terminal line delivers it.
        for byte in bytes { screen.take([byte]) }
        return screen
    }

    /// The end of a program that was killed while it wrote, followed by what restores the screen.
    @Test(arguments: ["\u{1B}", "\u{1B}[", "\u{1B}[?10", "\u{1B}[38;5;", "€", "\u{1F600}"])
    func `a sequence or character that is cut short does not hide the next one`(cut: String) {
        let enter = Array("\u{1B}[?1049h\u{1B}[?25l".utf8)
        let leave = Array("\u{1B}[?25h\u{1B}[?1049l\u{1B}[0mdone".utf8)
        var part = Array(cut.utf8)
        if part[0] >= 0x80 { part.removeLast() }
        let screen = Self.screen(enter + part + leave)
        #expect(screen.isCursorShown && !screen.isAlternate)
        #expect(screen.text.hasPrefix("done"))
    }

    @Test func `whole sequences and characters are unaffected`() {
        let screen = Self.screen(Array("\u{1B}[31ma€\u{1F600}\u{1B}[0m\r\n\u{1B}[4;2Hz".utf8))
        #expect(screen.lineStrings.first == "a€\u{1F600}")
        #expect(screen.lineStrings.last == " z")
    }
}
