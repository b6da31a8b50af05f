/** Limits of one call: it ends when the signal aborts, or after `budgetMs` with all its retries. */
export interface Within {
  readonly signal: AbortSignal;
  readonly budgetMs: number;
  /** Called directly before each try is written to its connection. What it throws ends the call, and nothing is sent. */
  readonly beforeTry?: () => void;
}

/** One request to the API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with query, e.g. `/api/v1/nodes?limit=1`. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
  /** The answer's text is of no use if it is a success: it is read past. */
  readonly ignoreBody?: boolean;
  /** The answer is a list: what this returns for each of its objects is in `items` of the answer. */
  readonly pick?: (item: never) => unknown;
}

/** The answer, whatever its status, after as many attempts as it took. */
export interface ApiAnswer {
  readonly status: number;
  /** Its text; of a list without its objects. */
  readonly body: string;
  /** What `pick` returned for the objects of a list. */
  readonly items?: readonly unknown[];
  /** The server's time when it answered, as its header has it. */
  readonly date?: string;
  readonly attempts: number;
}
