internal import Durability

/// The parts of the server that write files, each made from those before it.
struct WritingParts {
    let log: LogWriter
    let protection: FileProtection
    let snapshots: SnapshotWriter
    let backups: BackupRunner

    init(
        _ context: LoopContext,
        of host: EngineHost,
        opened: OpenedDatabase,
        workers: EngineDriver.Workers,
        turns: RequestTurns,
        board: FanoutBoard,
        configuration: ServerConfiguration
    ) {
        self.log = LogWriter(
            context,
            to: opened.log,
            of: host,
            workers: workers,
            turns: turns,
            board: board
        )
        self.protection = FileProtection(
            context,
            of: opened.directory.protection,
            on: workers.files,
            scrubSeconds: configuration.scrubSeconds
        )
        self.snapshots = SnapshotWriter(
            context,
            to: opened.directory.snapshots,
            of: host,
            log: self.log,
            protection: self.protection,
            on: workers.files,
            byteCountBetween: configuration.snapshotByteCount
        )
        self.backups = BackupRunner(
            context,
            of: host,
            snapshots: self.snapshots,
            log: self.log,
            on: workers.files,
            limits: configuration.backup
        )
    }
}

/// The parts of the server that answer and notify clients from views of the state.
struct AnsweringParts {
    let events: EventSubscriptions
    let queries: QueryRunner
    let insights: LiveInsights
    let dryRuns: DryRuns

    init(
        _ context: LoopContext,
        of host: EngineHost,
        events: EventSubscriptions,
        on threads: any Worker,
        turns: RequestTurns,
        configuration: ServerConfiguration
    ) {
        self.events = events
        self.queries = QueryRunner(context, of: host, on: threads, configuration: configuration)
        self.insights = LiveInsights(
            context,
            of: host,
            runner: self.queries,
            besides: events,
            turns: turns
        )
        self.dryRuns = DryRuns(context, runner: self.queries)
    }
}
