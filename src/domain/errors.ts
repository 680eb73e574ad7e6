/**
 * Every way an operation can end badly: its exit code and whether trying again can mend it.
 * The exit codes are those of `holdfast --help`.
 */
export const errorCatalogue = {
  GeneralError: { exitCode: 1, retryable: true },
  BackupNotFound: { exitCode: 1, retryable: false },
  BackupInUse: { exitCode: 1, retryable: false },
  RemovalRefused: { exitCode: 1, retryable: false },
  Cancelled: { exitCode: 1, retryable: false },
  TemporalUnreachable: { exitCode: 1, retryable: false },
  NoWorkerForHost: { exitCode: 1, retryable: false },
  AlertNotDelivered: { exitCode: 1, retryable: true },
  AlertRefused: { exitCode: 1, retryable: false },
  PortTaken: { exitCode: 2, retryable: false },
  ConfigurationInvalid: { exitCode: 2, retryable: false },
  ToolMissing: { exitCode: 2, retryable: false },
  ClientTooOld: { exitCode: 2, retryable: false },
  RepositoryNotWritable: { exitCode: 2, retryable: false },
  SymbolicLinkRefused: { exitCode: 2, retryable: false },
  PathRefused: { exitCode: 2, retryable: false },
  ArchivingRefused: { exitCode: 2, retryable: false },
  ServerUnreachable: { exitCode: 3, retryable: true },
  AuthenticationFailed: { exitCode: 3, retryable: false },
  DatabaseUnknown: { exitCode: 3, retryable: false },
  ConnectionLost: { exitCode: 3, retryable: true },
  DumpFailed: { exitCode: 4, retryable: false },
  DumpInterrupted: { exitCode: 4, retryable: true },
  ArchivingBehind: { exitCode: 4, retryable: false },
  StreamFailed: { exitCode: 4, retryable: false },
  StreamInterrupted: { exitCode: 4, retryable: true },
  SlotLost: { exitCode: 4, retryable: false },
  BaseBackupFailed: { exitCode: 4, retryable: false },
  BaseBackupInterrupted: { exitCode: 4, retryable: true },
  LockTimeout: { exitCode: 4, retryable: true },
  NotEnoughSpace: { exitCode: 4, retryable: false },
  FileTooLarge: { exitCode: 4, retryable: false },
  ArtifactExists: { exitCode: 4, retryable: false },
  StorageFailed: { exitCode: 4, retryable: true },
  DumpUnreadable: { exitCode: 5, retryable: true },
  VerificationFailed: { exitCode: 5, retryable: false },
  RoleMissing: { exitCode: 2, retryable: false },
  ExtensionMissing: { exitCode: 2, retryable: false },
  ServerLacksFeature: { exitCode: 2, retryable: false },
  LoadFailed: { exitCode: 1, retryable: false },
  LoadInterrupted: { exitCode: 1, retryable: true },
  DatabaseInUse: { exitCode: 1, retryable: true },
  SwapRefused: { exitCode: 1, retryable: false },
  UndoRefused: { exitCode: 1, retryable: false },
  DropRefused: { exitCode: 1, retryable: false },
  RestoreUnproven: { exitCode: 5, retryable: false },
  RecoveryTargetInvalid: { exitCode: 2, retryable: false },
  RecoveryTargetNotReached: { exitCode: 1, retryable: false },
  RecoveryFailed: { exitCode: 1, retryable: false },
  RecoveryInterrupted: { exitCode: 1, retryable: true },
  DataDirectoryRefused: { exitCode: 1, retryable: false },
  ApprovalRefused: { exitCode: 1, retryable: false },
  RestoreRejected: { exitCode: 6, retryable: false },
  ApprovalExpired: { exitCode: 6, retryable: false },
  AlreadyRunning: { exitCode: 7, retryable: false },
} as const satisfies Record<string, { exitCode: number; retryable: boolean }>;

export type ErrorType = keyof typeof errorCatalogue;

/** What an error tells a person: what was attempted on which object, the cause, and what to do. */
export interface ErrorStory {
  /** Operation and object, as in `dump database "shop"`. */
  attempted: string;
  /** The cause, in the failing tool's own words where there is one. */
  cause: string;
  /** What to do about it, one imperative sentence. */
  remedy?: string;
}

/** An error of the catalogue. Its message is `attempted: cause`. */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly type: ErrorType;
  readonly story: ErrorStory;

  constructor(type: ErrorType, story: ErrorStory, options?: ErrorOptions) {
    super(`${story.attempted}: ${story.cause}`, options);
    this.type = type;
    this.story = story;
  }

  get remedy(): string | undefined {
    return this.story.remedy;
  }

  get exitCode(): number {
    return errorCatalogue[this.type].exitCode;
  }

  get retryable(): boolean {
    return errorCatalogue[this.type].retryable;
  }
}

/** Whether `type` is one of the catalogue's. */
export function isErrorType(type: unknown): type is ErrorType {
  return typeof type === 'string' && Object.hasOwn(errorCatalogue, type);
}

/** What anything that was thrown says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
