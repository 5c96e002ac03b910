internal import Durability
internal import Logging
internal import NIOCore
internal import NIOPosix

/// Where the server is with its parity and its scrub.
///
/// Of the engine's loop, but for the scrub, which the file thread has while it runs a step.
struct ProtectionState {
    let protection: Protection
    /// Whether a file may have come to an end that has no parity yet.
    var isWanted = true
    /// Whether the file thread is at it.
    var isRunning = false
    /// No sooner is the next attempt or the next scrub.
    var nextAttemptAt: Int64 = 0
    var nextScrubAt: Int64
    var scrub: Scrub?
}

/// Parity for files that were sealed, and the scrub that reads all of it once in a while.
///
/// Both are work of the file thread, in small pieces: it is also the one that gives files back, so
/// none goes while it is being read.
extension EngineDriver {
    /// How long after the start the first scrub begins, unless scrubs are more frequent.
    static var firstScrubMilliseconds: Int64 { 60_000 }
    private static var retryMilliseconds: Int64 { 10_000 }

    func protectIfNeeded(_ now: Int64) {
        guard !self.protection.isRunning, now >= self.protection.nextAttemptAt else { return }
        if self.protection.isWanted {
            self.protectSealedFiles()
        } else if self.protection.scrub != nil {
            self.scrubOn()
        } else if self.configuration.scrubSeconds > 0, now >= self.protection.nextScrubAt {
            self.beginScrub(now)
        }
    }

    private func protectSealedFiles() {
        self.protection.isRunning = true
        self.protection.isWanted = false
        let protection = self.protection.protection
        self.filePool.submit {
            var failure: DurabilityError?
            do throws(DurabilityError) { try protection.protectAll() } catch { failure = error }
            let problem = failure
            self.loop.execute {
                self.protection.isRunning = false
                if let problem { self.protectionFailed(problem) }
            }
        }
    }

    /// Without parity nothing is lost yet, so it is tried again and the server goes on.
    private func protectionFailed(_ problem: DurabilityError) {
        self.protection.isWanted = true
        self.protection.nextAttemptAt = self.milliseconds + Self.retryMilliseconds
        if case .full = problem { return }
        self.logger.error("no parity for a sealed file: \(problem)")
    }

    private func beginScrub(_ now: Int64) {
        self.protection.nextScrubAt = now + Int64(self.configuration.scrubSeconds) * 1_000
        do throws(DurabilityError) {
            self.protection.scrub = try Scrub(self.protection.protection)
        } catch {
            self.logger.error("no scrub: \(error)")
        }
    }

    /// One step of the scrub: a mebibyte in each round of the clock.
    private func scrubOn() {
        guard let scrub = self.protection.scrub else { return }
        self.protection.isRunning = true
        let before = scrub.findings
        self.filePool.submit {
            var scrub = scrub
            var result: Result<Bool, DurabilityError>
            do throws(DurabilityError) {
                result = .success(try scrub.step())
            } catch {
                result = .failure(error)
            }
            let (after, ended) = (scrub, result)
            self.loop.execute { self.scrubStepped(after, ended, before) }
        }
    }

    private func scrubStepped(
        _ scrub: Scrub,
        _ result: Result<Bool, DurabilityError>,
        _ before: Scrub.Findings
    ) {
        self.protection.isRunning = false
        let findings = scrub.findings
        for page in findings.healed.dropFirst(before.healed.count) {
            self.logger.warning("healed a damaged page: \(page.path), byte \(page.offset)")
        }
        for page in findings.lost.dropFirst(before.lost.count) {
            self.logger.error(
                "a page is damaged beyond repair: \(page.path), byte \(page.offset); see invd check"
            )
        }
        self.metrics.scrubbedPages += Int64(findings.pages - before.pages)
        self.metrics.healedPages += Int64(findings.healed.count - before.healed.count)
        self.metrics.lostPages += Int64(findings.lost.count - before.lost.count)
        switch result {
        case .success(true):
            self.protection.scrub = scrub
        case .success(false):
            self.protection.scrub = nil
            self.metrics.scrubs += 1
        case .failure(let error):
            self.protection.scrub = nil
            self.logger.error("the scrub stopped: \(error)")
        }
    }
}
