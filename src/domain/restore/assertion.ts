/** A question of the user's to a restored database, and the answer it must give. */
export interface Assertion {
  name: string;
  /** One SELECT, VALUES, TABLE or WITH. */
  sql: string;
  /** The first column of the first row as text; null for NULL, no row fits nothing. */
  expected: string | null;
  /** Time the server may take for the answer. @defaultValue 600 */
  timeoutSeconds?: number;
}

/** The answer that was found. */
export interface AssertionResult {
  name: string;
  expected: string | null;
  /** The answer as text, cut to 200 characters; the server's words when it refused the question. */
  found: string | null;
  ok: boolean;
}
