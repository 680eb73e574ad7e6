/** What the control file of a recovered cluster says. */
export interface ControlFacts {
  /** In the words of `pg_controldata`: `in archive recovery`, `in production`, `shut down`. */
  state: string;
  systemIdentifier: string;
  hasDataChecksums: boolean;
}
