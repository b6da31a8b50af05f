/**
 * The limits behind the deadlines: batch sizes, page sizes, counts, limits of single calls and polling intervals. Every limit is
 * defined here and nowhere else. The derivation of the deadlines and the code that carries a step out import the same constant.
 */

// Deadlines of activities.

/** A bounded step sends a heartbeat this often while it makes progress, ms. */
export const BEAT_PERIOD_MS = 5_000;
/** Without a heartbeat for this long a worker counts as dead, ms. The SDK forwards a heartbeat at most every 0.8 of it. */
export const HEARTBEAT_MS = 20_000;
/** Attempts of a stage: it survives two dead workers. */
export const ATTEMPTS = 3;
/** How long a stage waits for a worker on its queue, ms: enough to start one by hand. */
export const QUEUE_WAIT_MS = 300_000;
/** First delay between two attempts, ms, and the factor from one delay to the next. */
export const BACKOFF_MS = 1_000;
export const BACKOFF_COEFFICIENT = 2;
/** How long a failed campaign waits for a decision by default, ms. */
export const DEFAULT_HOLD_MS = 1_800_000;
/** The least that an outer limit of the profile has above its inner waits, ms. */
export const MIN_MARGIN_MS = 10_000;
/** The shortest attempt, ms: the heartbeat limit has to be well below it. */
export const MIN_ATTEMPT_MS = 3 * HEARTBEAT_MS;
/** The largest sum of the waits of one attempt, ms: timers have 31 bits of ms, and the margin is a fifth. */
export const MAX_ATTEMPT_MS = Math.floor((2 ** 31 - 1) / 1.2);
/** What a campaign has above its stages and hold for the workflow's own tasks, ms. */
export const CAMPAIGN_GRACE_MS = 300_000;
/** What an observer has above the campaign that it observes, ms. */
export const OBSERVER_GRACE_MS = 3_600_000;

// Clusters of one host.

/** Clusters that are created, or removed, at once. */
export const CLUSTERS_AT_ONCE = 4;
/** Clusters that are only called (seeded, watched, repaired) at once. */
export const CONVERSATIONS_AT_ONCE = 16;

// Rates: the slowest that still counts as working, per second and cluster.

export const NODES_PER_SECOND_FLOOR = 20;
export const DELETES_PER_SECOND_FLOOR = 50;
export const BURST_PODS_PER_SECOND_FLOOR = 20;

// Calls to a cluster.

/** Objects in one page of a list. Each page has the budget of one call. */
export const LIST_PAGE = 500;
/** Calls for the objects of one manifest file. */
export const CALLS_PER_MANIFEST = 20;
/** Calls until the watches of a cluster are open. */
export const WATCH_CALLS = 3;
/** Calls that create a namespace: it may have to be gone first. */
export const NAMESPACE_CALLS = 3;
/** Calls that remove what a system applied. */
export const REMOVAL_CALLS = 3;
/** Signals, each with its grace, until a process is stopped. */
export const STOP_SIGNALS = 3;

// Steadiness.

/** Interval between two looks, ms, and how many good looks in a row are steady. */
export const STEADY_POLL_MS = 2_000;
export const STEADY_POLLS = 3;
/** Clusters whose scheduler is asked why Pods are pending, and the limit of each answer, ms. */
export const PENDING_ASKED = 3;
export const PENDING_ASKED_MS = 10_000;

// Prometheus.

/** One evaluation of gates takes at most this many query budgets, for any number of gates. */
export const EVALUATION_QUERIES = 4;
/** One set of curves takes at most this many query budgets, for any number of curves. */
export const CURVE_QUERIES = 3;
/** Query budgets of a snapshot: the curves of the gates, those of the load, and one query to find out whether it answers. */
export const SNAPSHOT_QUERIES = 2 * CURVE_QUERIES + 1;

// Work on the worker's own disk.

/** Reading and writing small files, ms. */
export const LOCAL_MS = 10_000;
/** Judging, drawing the report, and hashing the evidence, ms each. */
export const JUDGE_STEP_MS = 30_000;

// Load.

/** Requests for Pods under way at once in a cluster: as many as a client has connections. */
export const POD_REQUESTS_AT_ONCE = 64;
/** Requests for Nodes under way at once in a cluster. */
export const NODE_REQUESTS_AT_ONCE = 32;
/** How often it is checked whether the Nodes of a cluster are Ready, ms. */
export const NODES_POLL_MS = 250;

// Watches.

/** A watch that is silent for this long is compared with a list, ms. */
export const WATCH_QUIET_MS = 10_000;
/** How often a worker checks which campaigns are its own, ms, and the limit of pointing a Prometheus at it. */
export const WORKER_CHECK_MS = 2_000;
export const WORKER_SCRAPED_MS = 5_000;

// Soak.

/** How often the progress of a soak is shown, and how often lost Pods are looked for, ms. */
export const SOAK_TICK_MS = 1_000;
/** How often the end of a soak checks whether the last Pods are bound, ms. */
export const LAST_PODS_POLL_MS = 250;

// Faults.

/** How often the effect of a fault is looked for, ms. */
export const FAULT_LOOK_MS = 250;
/** Time to undo the faults of a soak that was cancelled, ms: nothing heartbeats then. */
export const FAULT_UNDO_MS = HEARTBEAT_MS / 2;
/** Calls, one after another, that choose what a fault breaks, inject the fault and undo it. */
export const FAULT_CALLS = 6;
