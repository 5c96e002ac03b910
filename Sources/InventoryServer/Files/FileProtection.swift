internal import Durability
internal import Logging
internal import NIOCore

/// Parity for files that were sealed, and the scrub that reads all of it once in a while.
///
/// Both are work of the file thread, in small pieces: it is also the one that gives files back, so
/// none goes while it is being read. Of the engine's loop, but for the scrub, which that thread has while it
/// runs a step: that is why it is `@unchecked Sendable`.
final class FileProtection: @unchecked Sendable {
    private let protection: Protection
    private let context: LoopContext
    private let thread: any Worker
    /// Seconds from one scrub to the next; 0 for none.
    private let scrubSeconds: Int

    /// Whether a file may have come to an end that has no parity yet.
    private var isWanted = true
    /// Whether the file thread is at it.
    private var isRunning = false
    /// No sooner is the next attempt or the next scrub.
    private var nextAttemptAt: Int64 = 0
    private var nextScrubAt: Int64
    private var scrub: Scrub?

    /// How long after the start the first scrub begins, unless scrubs are more frequent.
    private static let firstScrubMilliseconds: Int64 = 60_000
    private static let retryMilliseconds: Int64 = 10_000

    init(
        _ context: LoopContext,
        of protection: Protection,
        on thread: any Worker,
        scrubSeconds: Int
    ) {
        self.context = context
        self.protection = protection
        self.thread = thread
        self.scrubSeconds = scrubSeconds
        let first = min(Self.firstScrubMilliseconds, Int64(scrubSeconds) * 1_000)
        self.nextScrubAt = context.milliseconds + first
    }

    /// A file may have come to its end, which is to have parity.
    func fileEnded() { self.isWanted = true }

    /// Does the next piece of what is due, if nothing is under way.
    func workIfDue(_ now: Int64) {
        guard !self.isRunning, now >= self.nextAttemptAt else { return }
        if self.isWanted {
            self.protectSealedFiles()
        } else if self.scrub != nil {
            self.scrubOn()
        } else if self.scrubSeconds > 0, now >= self.nextScrubAt {
            self.beginScrub(now)
        }
    }

    private func protectSealedFiles() {
        self.isRunning = true
        self.isWanted = false
        let protection = self.protection
        self.thread.submit {
            var failure: DurabilityError?
            do throws(DurabilityError) { try protection.protectAll() } catch { failure = error }
            let problem = failure
            self.context.loop.execute {
                self.isRunning = false
                if let problem { self.failed(problem) }
            }
        }
    }

    /// Without parity nothing is lost yet, so it is tried again and the server goes on.
    private func failed(_ problem: DurabilityError) {
        self.isWanted = true
        self.nextAttemptAt = self.context.milliseconds + Self.retryMilliseconds
        if case .full = problem { return }
        self.context.logger.error("no parity for a sealed file: \(problem)")
    }

    private func beginScrub(_ now: Int64) {
        self.nextScrubAt = now + Int64(self.scrubSeconds) * 1_000
        do throws(DurabilityError) {
            self.scrub = try Scrub(self.protection)
        } catch {
            self.context.logger.error("no scrub: \(error)")
        }
    }

    /// One step of the scrub: a mebibyte in each round of the clock.
    private func scrubOn() {
        guard let scrub = self.scrub else { return }
        self.isRunning = true
        let before = scrub.findings
        self.thread.submit {
            var scrub = scrub
            var result: Result<Bool, DurabilityError>
            do throws(DurabilityError) {
                result = .success(try scrub.step())
            } catch {
                result = .failure(error)
            }
            let (after, ended) = (scrub, result)
            self.context.loop.execute { self.scrubStepped(after, result: ended, since: before) }
        }
    }

    private func scrubStepped(
        _ scrub: Scrub,
        result: Result<Bool, DurabilityError>,
        since before: Scrub.Findings
    ) {
        self.isRunning = false
        let findings = scrub.findings
        for page in findings.healed.dropFirst(before.healed.count) {
            self.context.logger.warning("healed a damaged page: \(page.path), byte \(page.offset)")
        }
        for page in findings.lost.dropFirst(before.lost.count) {
            self.context.logger.error(
                "a page is damaged beyond repair: \(page.path), byte \(page.offset); see invd check"
            )
        }
        self.context.metrics.scrubbedPages += Int64(findings.pages - before.pages)
        self.context.metrics.healedPages += Int64(findings.healed.count - before.healed.count)
        self.context.metrics.lostPages += Int64(findings.lost.count - before.lost.count)
        switch result {
        case .success(true):
            self.scrub = scrub
        case .success(false):
            self.scrub = nil
            self.context.metrics.scrubs += 1
        case .failure(let error):
            self.scrub = nil
            self.context.logger.error("the scrub stopped: \(error)")
        }
    }
}
