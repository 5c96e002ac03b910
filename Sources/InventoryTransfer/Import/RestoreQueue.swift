internal import InventoryModel

/// Groups the commands of a whole import into requests.
///
/// Only the file decides where a request ends, never what is decided already: the same file makes the same
/// requests, so that an interrupted import can resume.
struct RestoreQueue {
    /// This and ``linesMax`` keep a request's outcome short enough for the server to remember it.
    private static let commandsMax = 128
    private static let linesMax = 512
    /// The most bytes of the file in one request, unless a single step has more.
    private static let byteCountMax = 1 << 18

    let sender: RestoreSender
    private var request = RestoreSender.Request()
    private var actor: String?
    private var lineCount = 0
    private var byteCount = 0
    /// The steps added so far.
    private(set) var stepCount = 0

    init(_ sender: RestoreSender) { self.sender = sender }

    /// Adds a command of the import itself, which has no actor.
    mutating func add(
        _ command: Command,
        id: UInt64? = nil,
        line: Int,
        isOptional: Bool = false
    ) async throws {
        if self.actor != nil || self.request.isOptional != isOptional { try await self.flush() }
        self.actor = nil
        self.request.isOptional = isOptional
        if let id { self.request.ids[self.request.commands.count] = id }
        self.append(command, makesStep: false, line)
        if self.request.commands.count >= Self.commandsMax { try await self.flush() }
    }

    private mutating func append(_ command: Command, makesStep: Bool, _ line: Int) {
        self.request.commands.append(command)
        self.request.makesStep.append(makesStep)
        self.request.lines.append(line)
    }

    /// Waits until the step with a number is decided, so that its LSN is known; 0 is no step.
    mutating func settle(_ origin: Int) async throws {
        if origin >= self.request.firstStep, self.request.stepCount > 0 { try await self.flush() }
        if origin > self.sender.steps.count { try await self.sender.drain() }
    }

    /// Adds a step of an actor, with the commands that must precede it.
    mutating func add(
        _ step: RestoredLedger.Step,
        of actor: String,
        line: Int,
        byteCount: Int
    ) async throws {
        // A larger step is an errors-only batch, whose outcome has only the ids that it created.
        let isSingle = step.commands.count == 1 && step.lineCount <= Self.linesMax
        let isFull =
            self.request.commands.count >= Self.commandsMax
            || self.lineCount + step.lineCount > Self.linesMax
            || self.byteCount + byteCount > Self.byteCountMax
        if !isSingle || isFull || self.actor != .some(actor) { try await self.flush() }
        self.actor = actor
        for command in step.before { self.append(command, makesStep: false, line) }
        if !isSingle { try await self.flush() }
        self.actor = actor
        let place = self.request.commands.count
        for (offset, id) in step.ids { self.request.ids[place + offset] = id }
        for command in step.commands { self.append(command, makesStep: isSingle, line) }
        self.stepCount += 1
        if self.request.stepCount == 0 { self.request.firstStep = self.stepCount }
        self.request.stepCount += 1
        self.lineCount += step.lineCount
        self.byteCount += byteCount
        guard !isSingle else { return }
        self.request.mode = .atomicErrorsOnly
        try await self.flush()
    }

    /// Sends the current request.
    mutating func flush() async throws {
        let request = self.request
        self.request = RestoreSender.Request()
        self.lineCount = 0
        self.byteCount = 0
        try await self.sender.send(request, as: self.actor)
    }
}
