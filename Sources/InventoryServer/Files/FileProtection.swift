internal import Durability
internal import Logging
internal import NIOCore

/// Parity for sealed files, and the scrub that reads all of it periodically.
///
/// Both run on the file thread, in small pieces. That thread also retires files, so none disappears while it
/// is being read. Used on the engine's loop, except the scrub, which that thread owns during a step, hence
/// `@unchecked Sendable`.
final class FileProtection: @unchecked Sendable {
    private let protection: Protection
    private let context: LoopContext
    private let thread: any Worker
    /// Seconds between two scrubs; 0 for none.
    private let scrubSeconds: Int

    /// Whether a sealed file may lack parity.
    private var isWanted = true
    /// Whether the file thread works on it.
    private var isRunning = false
    /// The earliest time of the next attempt or scrub.
    private var nextAttemptAt: Int64 = 0
    private var nextScrubAt: Int64
    private var scrub: Scrub?

    /// Milliseconds from the start to the first scrub, unless scrubs are more frequent.
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

    /// A file may have been sealed and needs parity.
    func fileEnded() { self.isWanted = true }

    /// Runs the next piece of due work, if none is running.
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

    /// Logs a failure; without parity nothing is lost yet, so it is retried and the server continues.
    private func failed(_ problem: DurabilityError) {
        self.isWanted = true
        self.nextAttemptAt = self.context.milliseconds + Self.retryMilliseconds
        if case .full = problem { return }
        self.context.logger.error("cannot write parity of a sealed file: \(problem)")
    }

    private func beginScrub(_ now: Int64) {
        self.nextScrubAt = now + Int64(self.scrubSeconds) * 1_000
        do throws(DurabilityError) {
            self.scrub = try Scrub(self.protection)
        } catch {
            self.context.logger.error("cannot start the scrub: \(error)")
        }
    }

    /// Runs one step of the scrub: a mebibyte per periodic run.
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
