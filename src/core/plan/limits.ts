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

// Placement on hosts, and groups of clusters.

/** How far the clocks of two hosts of a campaign may be apart, ms. They are compared to about a second. */
export const CLOCKS_APART_MS = 3_000;
/** How long a campaign waits by default for hosts with free capacity, ms. */
export const DEFAULT_HOST_WAIT_MS = 300_000;
/** Placing one group on the host that was asked, ms, and getting the specification from the lead as a part of it. */
export const PLACE_MS = 40_000;
export const SPEC_FETCH_MS = 20_000;
/** How often a host checks whether its groups are still wanted, ms, and how many checks in a row must say that one is not. */
export const GROUP_CHECK_MS = 10_000;
export const GROUP_CHECKS = 2;
/** How long a worker that starts waits for its first check before it restarts what has died, ms. */
export const FIRST_CHECK_MS = 5_000;
/** How long a host may have a group that its campaign does not list yet, ms. */
export const GROUP_UNLISTED_MS = 180_000;
/** How long the certificate of a lead is valid, ms: longer than any campaign. */
export const CERTIFICATE_MS = 366 * 86_400_000;
/** One attempt to place a group, ms. */
export const PLACE_ATTEMPT_MS = 60_000;
/** The pause until the next host is asked, ms. */
export const HOST_FULL_PAUSE_MS = 1_000;
/** Hosts that are asked at once, each for other clusters. */
export const PLACES_AT_ONCE = 8;
/** Moving the evidence of a group between two hosts, ms, and the longest time in which no file of it arrives, ms. */
export const EVIDENCE_TRANSFER_MS = 600_000;
export const EVIDENCE_SILENCE_MS = 60_000;
/** Sending the evidence of a group that its host removes because it came back too late, ms. */
export const LATE_EVIDENCE_MS = 30_000;
/** The most clusters of one group. A larger host takes groups of several campaigns. */
export const GROUP_CLUSTERS = 100;
/** Without a worker that takes up a group's activity for this long its host counts as silent, ms, and the story says so. */
export const GROUP_SILENT_MS = 20_000;
/** How long after that a silent host has before its group counts as lost, ms: enough for a worker that restarts by itself. */
export const GROUP_LOST_MS = 60_000;
/** In campaigns of so many clusters on several hosts, the activities of groups end at common moments, ms apart. */
export const COMMON_ENDS_FROM_CLUSTERS = 1_000;
export const COMMON_END_EVERY_MS = 2_000;
/** Activities that run at the same time for the campaigns that have only this host, on each queue of it. */
export const ACTIVITY_SLOTS = 8;

// Leftovers.

/** How often the janitor looks for abandoned campaigns, ms, and how late it may begin after an outage of the server. */
export const JANITOR_EVERY_MS = 600_000;
/** After a workflow was ended from outside, its activities hear of it by a heartbeat and stop within this time, ms. */
export const TERMINATED_GRACE_MS = 2 * BEAT_PERIOD_MS + 5_000;
/** Finding the hosts to sweep, ms; sweeping one of them, ms; and sweeping the host of a campaign before it begins, ms. */
export const HOSTS_FOUND_MS = 30_000;
export const HOST_SWEPT_MS = 1_800_000;
export const TARGET_SWEPT_MS = 300_000;
/** How long a sweep waits for another one that removes the same campaign, ms. */
export const REMOVAL_AWAITED_MS = 60_000;
/** How long a host has to take up its sweep, ms: one that is down is named. */
export const SWEEP_QUEUE_WAIT_MS = 30_000;
/** Hosts that the result of a janitor lists, and abandoned campaigns of one host in it. */
export const SWEPT_HOSTS_LISTED = 100;
export const SWEPT_CAMPAIGNS_LISTED = 20;

// Leases of borrowed clusters.

/** How long a lease lasts without a renewal, ms: a worker that is restarted renews it in time. */
export const LEASE_MS = 60_000;
/** How often a lease is renewed, the limit of one renewal, and how often one that is in use is looked at, ms. */
export const LEASE_RENEW_MS = 10_000;
export const LEASE_RENEW_LIMIT_MS = 8_000;
export const LEASE_POLL_MS = 1_000;
/** How long a lease that looks expired is watched for a renewal at most, with the calls for it, ms. */
export const LEASE_TAKEN_MS = 2 * LEASE_MS;

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
/** How often a list is started whose pages expire. */
export const LIST_STARTS = 5;
/** Calls for the objects of one manifest file. */
export const CALLS_PER_MANIFEST = 20;
/** Calls until the watches of a cluster are open. */
export const WATCH_CALLS = 3;
/** Calls that create a namespace: it may have to be gone first. */
export const NAMESPACE_CALLS = 3;
/** Different priorities of the Pods of one campaign. Their PriorityClasses are made at once. */
export const MAX_PRIORITIES = 32;
/** Calls that make a PriorityClass: one that exists is looked at. */
export const PRIORITY_CALLS = 2;
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
/** The same for an evaluation, with the question for the errors of scrapes. */
export const READING_QUERIES: number = EVALUATION_QUERIES + 1;
/** One set of curves takes at most this many query budgets, for any number of curves. */
export const CURVE_QUERIES = 3;
/** Query budgets of a snapshot: the curves of the gates, those of the load, and one query to find out whether it answers. */
export const SNAPSHOT_QUERIES = 2 * CURVE_QUERIES + 1;

// Work on the worker's own disk.

/** Free bytes, and free files, of a disk below which no campaign begins: it would fill it up. */
export const LEAST_FREE_BYTES = 500_000_000;
export const LEAST_FREE_FILES = 5_000;
/** The same below which a campaign that runs ends: what is left is for its evidence, its verdict and its teardown. */
export const CLOSING_FREE_BYTES = 200_000_000;
export const CLOSING_FREE_FILES = 1_000;
/** What a campaign sets aside on each of its disks, for a verdict and a teardown on one that others fill up: files, and bytes of each. */
export const RESERVE_FILES = 32;
export const RESERVE_FILE_BYTES = 524_288;
/** How often a stage looks whether it has to stop: its disks, and its leases, ms. */
export const HALT_CHECK_MS = 1_000;
/** How often a host looks at the disks of its campaigns, holds included, ms. */
export const DISK_CHECK_MS = 2_000;

/** Reading and writing small files, ms. */
export const LOCAL_MS = 10_000;
/** Judging, ms. */
export const JUDGE_STEP_MS = 30_000;
/** Drawing the report, and hashing the evidence, ms each: seconds of CPU, of which a full host gives a twentieth. */
export const EVIDENCE_STEP_MS = 300_000;
/** Runs of a profile that a report looks at, newest first. */
export const HISTORY_RUNS = 200;
/** A report that would have to make the index of more run folders than this has no history. */
export const COLD_INDEX_FOLDERS = 1_000;

// Notifications and live metrics.

/** Interval between two looks at all campaigns, ms. */
export const NOTIFY_CHECK_MS = 5_000;
/** Limit of one look, and of what a worker that ends still sends, ms. */
export const LAST_LOOK_MS = 5_000;
/** How long the end of a campaign is news, ms: a notification of it is tried again until then. */
export const NOTIFY_FOR_MS = 3_600_000;
/** Limit of one request to a webhook, ms. */
export const WEBHOOK_MS = 10_000;
/** Longest pause that a webhook's `Retry-After` makes, ms. */
export const WEBHOOK_LONGEST_WAIT_MS = 600_000;
/** Notifications that a host remembers to have sent. */
export const SENT_KEPT = 5_000;
/** Campaigns and ladders that one look lists at most. */
export const WATCHED_WORKFLOWS = 1_000;

// Load.

/** Requests for Pods under way at once in a cluster: as many as a client has connections. */
export const POD_REQUESTS_AT_ONCE = 64;
/** Requests for Nodes under way at once in a cluster. */
export const NODE_REQUESTS_AT_ONCE = 32;
/**
 * How long a load waits for a server, ms: one that refuses a request (401, 403), and one that answers no request of a method
 * (429, 5xx, no connection, no answer). After that its stage ends with that reason.
 */
export const REFUSED_LIMIT_MS = 120_000;
export const UNANSWERED_LIMIT_MS = 300_000;
/** Pods per second and cluster that an overloaded server still takes. */
export const OVERLOADED_PODS_PER_SECOND_FLOOR = 5;
/** How often it is checked whether the Nodes of a cluster are Ready, ms. */
export const NODES_POLL_MS = 250;

// Watches.

/**
 * Shortest and longest pause between two lists that a watch is compared with, ms, and the pause for each Pod of the last one. In
 * between the pause grows with the number of Pods, so that listing stays a small part of the API server's work.
 */
export const WATCH_COMPARE_MS = 10_000;
export const WATCH_LONGEST_COMPARE_MS = 15_000;
export const WATCH_COMPARE_PER_POD_MS = 1;
/**
 * What the age of the last confirmed state of a watch may have beyond a pause and two lists before its counts are not trusted, ms,
 * and the time that a page of such a list takes on a busy server, ms.
 */
export const WATCH_SPARE_MS = 10_000;
export const LIST_PAGE_MS = 500;
/** How long a fact about a Pod may wait until it is in the journal on the disk, ms. */
export const JOURNAL_FLUSH_MS = 100;
/** How often a worker checks which campaigns are its own, ms, and the limit of pointing a Prometheus at it. */
export const WORKER_CHECK_MS = 2_000;
export const WORKER_SCRAPED_MS = 5_000;

// Soak.

/** How far ahead the start of a soak lies that several groups begin together, ms. */
export const SOAK_START_MS = 5_000;
/** How often a ramp whose requests wait for a server says so, ms. */
export const SHOW_WAITS_MS = 2_000;
/**
 * How long a check, and the reading at the end, wait for the samples of the other hosts, ms. What arrives later than that counts as
 * not measured. An outage of a link that is shorter costs nothing.
 */
export const CHECK_SAMPLES_MS = 15_000;
export const LAST_SAMPLES_MS = 90_000;
/** How far back the CPU of the other hosts is looked at for the age of a loop, ms. */
export const IDLE_LOOK_BACK_MS = 600_000;
/** How often it is checked whether they have arrived, and the limit of each answer, ms. */
export const SAMPLES_POLL_MS = 250;
export const SAMPLES_ANSWER_MS = 5_000;
/** How often the progress of a soak is shown, and how often lost Pods are looked for, ms. */
export const SOAK_TICK_MS = 1_000;
/** The share of a gate's due checks that must be measured. Below it a breach may have gone unseen. */
export const MEASURED_CHECKS_SHARE = 0.5;
/** The load deletes no Pod that it created less than this before: a Pod that is being bound is not taken away. Below `LATE_OPERATION_MS`. */
export const POD_MIN_AGE_MS = 1_000;
/** An operation that is sent later than this after its moment is late, ms. */
export const LATE_OPERATION_MS = 2_000;
/** The share of a soak's operations that may be late. Above it the soak had another load than the one that was asked for. */
export const LATE_OPERATIONS_SHARE = 0.05;
/** How often the end of a soak checks whether the last Pods are bound, ms. */
export const LAST_PODS_POLL_MS = 250;

// Faults.

/** How often the effect of a fault is looked for, ms. */
export const FAULT_LOOK_MS = 250;
/** Time to undo the faults of a soak that was cancelled, ms: nothing heartbeats then. */
export const FAULT_UNDO_MS = HEARTBEAT_MS / 2;
/** Calls, one after another, that choose what a fault breaks, inject the fault and undo it. */
export const FAULT_CALLS = 6;

// Kubernetes API.

/** One attempt of a request, ms: a dead connection must not use up a whole budget. */
export const API_ATTEMPT_MS = 30_000;
/** The longest attempt of a request of the load, ms: each attempt after one without an answer has twice the time of that one. */
export const API_LONGEST_ATTEMPT_MS = 120_000;
/** Opening a connection to an HTTP server of any kind, ms. */
export const HTTP_CONNECT_MS = 5_000;
/** First and longest pause before a request is sent again, ms. */
export const API_FIRST_BACKOFF_MS = 50;
export const API_LONGEST_BACKOFF_MS = 2_000;
/** How long the admission of an API server may not have heard of an object that was made just before, ms. */
export const ADMISSION_LAG_MS = 5_000;
/** How long credentials that lie in files are used before they are read again, ms. */
export const AUTH_HEADERS_MS = 30_000;
/** How long a program that gets credentials may run, ms, and how often it is asked for others because a server refuses them. */
export const EXEC_PLUGIN_MS = 20_000;
export const CREDENTIALS_REFUSED_MS = 10_000;
/** How long the rest of its output is waited for after its end, ms, and how much of it is read, in bytes. */
export const EXEC_OUTPUT_MS = 1_000;
export const EXEC_OUTPUT_BYTES = 1_048_576;
/** What is read of a kubeconfig, of a file with a token, a password or certificates, and of an answer of an OIDC issuer, in bytes. */
export const KUBECONFIG_BYTES = 16 * 1024 * 1024;
export const CREDENTIAL_BYTES = 4 * 1024 * 1024;
/** What is read of an answer of Prometheus, in bytes: no gate needs more. */
export const PROMETHEUS_ANSWER_BYTES = 64 * 1024 * 1024;
/** The answer to a health check, ms: of an API server, of a component, of a system. */
export const HEALTH_ANSWER_MS = 5_000;
/**
 * How often a borrowed cluster is asked, on new connections, who it is, and for its metrics: a load balancer that takes its servers by
 * chance shows one of two only with a probability of 2^-11 and 2^-5.
 */
export const ADDRESS_UIDS_ASKED = 12;
export const ADDRESS_METRICS_ASKED = 6;
/** How often an API server is asked whether a namespace is gone, or a CRD is served, ms. */
export const NAMESPACE_POLL_MS = 50;
export const CRD_POLL_MS = 100;
/**
 * When a list shows news, how long a watch that delivers nothing has to deliver them itself, ms, how long one that delivers other
 * news has, and how often it is checked.
 */
export const WATCH_NEWS_MS = 2_000;
export const WATCH_LATE_NEWS_MS = 5_000;
export const WATCH_NEWS_POLL_MS = 50;
/**
 * What is read of an API server, which may be hostile or broken: bytes of an answer that is no list, of one object in a list, and of one
 * answer with a list (a server may send 20,000 Pods of 10 kB although it was asked for a page), and objects and pages of a whole list.
 */
export const API_ANSWER_BYTES = 64 * 1024 * 1024;
export const API_OBJECT_BYTES = 16 * 1024 * 1024;
export const API_LIST_BYTES = 1024 * 1024 * 1024;
export const API_LIST_OBJECTS = 500_000;
export const API_LIST_PAGES = 2_000;
/** The longest name, uid or other text that is kept of a Pod, in characters: names have at most 253. */
export const POD_TEXT_CHARS = 253;
/** The longest line of a watch, in characters: etcd takes objects up to 1.5 MiB. */
export const WATCH_LINE_CHARS = 4 * 1024 * 1024;
/** First and longest pause before a watch is opened again, ms. */
export const WATCH_FIRST_PAUSE_MS = 100;
export const WATCH_LONGEST_PAUSE_MS = 2_000;
/** How often load reports its progress, ms. */
export const LOAD_PROGRESS_MS = 500;
/** How often a sweep lists what is left, ms, and how many objects it deletes at once. */
export const SWEEP_POLL_MS = 250;
export const REMOVALS_AT_ONCE = 64;
/** Answers that a clock is read from, and the pause between two, ms: together more than the second that dates are cut to. */
export const CLOCK_SAMPLES = 11;
export const CLOCK_SAMPLE_PAUSE_MS = 100;
/** Requests at once that try whether a cluster takes a campaign, and calls in a row that all of them take. */
export const PREFLIGHT_AT_ONCE = 8;
export const PREFLIGHT_CALLS = 6;
/** Namespaces of others, at most, that show whether what refuses a Pod in `default` holds there only. */
export const NAMESPACES_TRIED = 3;
/** Calls in a row that ask an existing Prometheus for the series of one job. */
export const FEDERATION_CALLS = 6;
/** How far back it is asked for samples of a job, ms, if they are not too far apart for that; and how many of them are wanted. */
export const FEDERATION_LOOK_BACK_MS = 300_000;
export const FEDERATION_SAMPLES = 4;
/** Calls in a row that try Pods in a campaign's namespace. */
export const TRIAL_CALLS = 3;
/** How long a sweep tries to list a kind of which the campaign can have nothing, ms. */
export const SWEEP_LIST_MS = 5_000;

// Substrates and systems.

/** How often a cluster that starts is checked, ms: of our own, and borrowed. */
export const CLUSTER_POLL_MS = 150;
export const BORROWED_POLL_MS = 500;
/** How long an existing cluster may take to answer before it is replaced, ms. */
export const ADOPTION_MS = 20_000;
/** How often a component that dies while its cluster starts is started. */
export const COMPONENT_STARTS = 4;
/** One command of kwokctl, ms. It takes less than a second on an idle machine. */
export const KWOKCTL_MS = 60_000;
/** The last sweep of a borrowed cluster, ms. */
export const LAST_SWEEP_MS = 120_000;
/** How often a system that starts is checked, ms. */
export const SYSTEM_POLL_MS = 200;
/** How long helm may take to end when it is stopped, ms. */
export const HELM_STOP_MS = 5_000;
/** How long an agent collects samples before it sends them, one request of it, and its longest pause after a failed one, ms. */
export const AGENT_SEND_MS = 200;
export const AGENT_WRITE_MS = 5_000;
/** How long a Prometheus that ends still writes to the Prometheus that the host's owner has set, ms. */
export const REMOTE_FLUSH_MS = 3_000;
export const AGENT_BACKOFF_MS = 1_000;
/** How often a Prometheus that starts is checked, ms. */
export const PROMETHEUS_POLL_MS = 50;
/** One question whether Prometheus is ready, ms. */
export const PROMETHEUS_READY_MS = 2_000;
/** Queries to Prometheus at once. */
export const QUERIES_AT_ONCE = 8;
/** Connections to one Prometheus. */
export const PROMETHEUS_CONNECTIONS = 16;

/** How long the kubeconfigs of a campaign that never began are kept, ms. */
export const KEPT_TARGETS_MS = 7 * 24 * 3_600_000;

// Processes of a host.

/** Grace of a process that a campaign started and did not record, ms. */
export const STRAY_GRACE_MS = 2_000;
/** Interval between two looks at a local process, its ports or its lock, ms. */
export const PROCESS_POLL_MS = 25;
/** Waiting until the kernel has closed the ports of processes that ended, ms. */
export const PORTS_CLOSED_MS = 2_500;
/** Time that a process has to end after SIGTERM, and after SIGKILL, ms. */
export const PROCESS_STOP_MS = 5_000;
/** Work of one of several workers is taken over when no round of it has begun for this long, ms. A lease that is not renewed meanwhile must not expire:
 * the time since its last renewal, this, and what is left until the next look are less than LEASE_MS together. */
export const DUTY_STALE_MS = 20_000;
/** How often the keeper checks everything, ms: a death must be noticed within 5 s. */
export const KEEPER_CHECK_MS = 1_000;
/** How often a worker samples the CPU and the memory of its host, ms. */
export const HOST_SAMPLE_MS = 1_000;
/** A process without a health check counts as well after this time, ms. */
export const SETTLED_MS = 2_000;
/** Restarts that did not last within this time, ms, after which a part is given up; and the first pause between them, ms. */
export const RESTART_WINDOW_MS = 300_000;
export const MAX_RESTARTS = 5;
export const RESTART_BACKOFF_MS = 1_000;
/** Health checks in a row without an answer after which an API server counts as frozen. */
export const FROZEN_AFTER_CHECKS = 3;
/** Waiting for the lock of a ledger, ms. Its holders keep it for milliseconds. */
export const LEDGER_LOCK_MS = 5_000;

/**
 * One request for the metrics of a worker, ms: it is a line and some headers, and has no body. Longer than a worker without CPU makes a scrape
 * wait. The connections of each listener at once.
 */
export const METRICS_REQUEST_MS = 10_000;
export const METRICS_CONNECTIONS = 256;
/** A connection for metrics without any data is closed after this time, ms: a client that does not read its answer. */
export const METRICS_SILENCE_MS = 20_000;

// Hosts of a fleet.

/** How far the clocks of two hosts may be apart for the certificate of a campaign, ms. */
export const CLOCK_TOLERANCE_MS = 86_400_000;
/** TLS handshake and headers of a request to the endpoint of a lead, ms each, and its connections at once. */
export const ENDPOINT_HANDSHAKE_MS = 10_000;
export const ENDPOINT_HEADERS_MS = 10_000;
export const ENDPOINT_CONNECTIONS = 256;
/** A connection to the endpoint without any data is closed after this time, ms; and one whose request was refused while it is sent. */
export const ENDPOINT_SILENCE_MS = 20_000;
export const ENDPOINT_REFUSED_MS = 1_000;
/** One file on its way to the endpoint, ms. */
export const ENDPOINT_FILE_MS = 900_000;
/** One attempt of a small call to the endpoint or to a store of evidence, ms; and first and longest pause before a call is sent again, ms. */
export const ENDPOINT_CALL_MS = 10_000;
export const FIRST_PAUSE_MS = 100;
export const LONGEST_PAUSE_MS = 2_000;
/** Whether a store of evidence can be used, ms. */
export const STORE_CHECK_MS = 10_000;
/** How long a command waits for a list or a summary from a store of evidence, ms, and for the files of one run. */
export const STORE_ANSWER_MS = 5_000;
export const STORE_FETCH_MS = 900_000;
/** Putting the evidence of a campaign into the store that is set, ms. */
export const EVIDENCE_STORE_MS = 600_000;
/** The largest file of evidence, and the largest list of files, in bytes; and pages of a list of campaigns, each of about a thousand. */
export const EVIDENCE_FILE_BYTES = 4 * 1024 * 1024 * 1024;
export const EVIDENCE_LIST_BYTES = 32 * 1024 * 1024;
export const EVIDENCE_LIST_PAGES = 1_000;
/**
 * How long a command waits for another one that writes the index of runs, ms, before it makes one of its own in memory; and how many run
 * folders are written at once.
 */
export const INDEX_LOCK_MS = 5_000;
export const INDEX_BATCH = 250;
/** The largest summary, manifest, curve and report of a stored run that is read, in bytes. A usual one has less than a hundredth of it. */
export const STORED_FILE_BYTES = 64 * 1024 * 1024;
/** The same of a file that grows while a campaign runs, and of a log that is printed: a log that is kept has less than half of it. */
export const STORED_LINES_BYTES = 256 * 1024 * 1024;
export const STORED_LOG_BYTES = 64 * 1024 * 1024;
/** Files of evidence that are sent, or fetched, at once. */
export const EVIDENCE_FILES_AT_ONCE = 4;

// Identity of a run.

/** One answer of git, ms. */
export const GIT_QUESTION_MS = 5_000;
/** Call budgets within which all programs of a host are hashed: some hundred MB. */
export const PROGRAM_IDENTITY_CALLS = 3;
/** For this long after a change of a file, another change may leave size and times as they are, ms. */
export const RECENT_CHANGE_MS = 1_000;
/** Calls for version and Nodes of a cluster. */
export const CLUSTER_IDENTITY_CALLS = 2;
/** Calls for the images that run in a cluster. */
export const IMAGE_CALLS = 8;

// Temporal.

/** Connecting, one call, and one call that the server answers only when something happened, ms. */
export const TEMPORAL_CONNECT_MS = 5_000;
export const TEMPORAL_CALL_MS = 10_000;
export const TEMPORAL_LONG_POLL_MS = 70_000;
/** How long the answer of a campaign to its query is waited for, where many are asked, ms. */
export const STATUS_ANSWER_MS = 5_000;
/** Start of the dev server, ms; one health check; and how long it may not answer before it counts as hung. */
export const SERVER_START_MS = 60_000;
/** How often the start of a dev server is tried: its own parts choose their ports by chance. */
export const SERVER_STARTS = 3;
export const SERVER_HEALTH_MS = 2_000;
export const SERVER_HUNG_MS = 10_000;
/** Interval between two checks of a starting server, and the time that a server has to end, ms. */
export const SERVER_POLL_MS = 200;
export const SERVER_STOP_MS = 10_000;
/**
 * Start and stop of a worker, ms. A start takes 4 s of CPU, and 9 s if the code of the workflows has to be bundled: much longer on a
 * host without CPU. The stop is longer than the worker's own grace for cancelled activities.
 */
export const WORKER_START_MS = 120_000;
export const WORKER_STOP_MS = 30_000;
/** Time in which a worker that exists answers one request, and in which one of several requests is answered, ms. */
export const WORKER_ANSWER_MS = 1_000;
export const WORKER_ANSWERS_WITHIN_MS = 5_000;
/** Waiting for another process that starts or stops server and worker, ms. */
export const STACK_LOCK_MS = 240_000;

/** Pause before standard input, or a typed pipe, that has nothing yet is read again, ms. */
export const STDIN_POLL_MS = 20;

/** Time for the writer of a pipe that was typed to open it, ms. */
export const PIPE_WRITER_MS = 1_000;

/** Pairs of campaigns that a comparison takes at most. */
export const COMPARED_PAIRS = 1_000;

// Reports.

/** Rows of one page of a profile in the site of all runs. */
export const SITE_ROWS = 500;

// Toolchain.

/** Version of a tool, ms; an answer of the Go tool; a host that is asked whether it can be reached. */
export const TOOL_VERSION_MS = 3_000;
export const GO_QUESTION_MS = 10_000;
export const REACHABLE_MS = 3_000;
/** Attempts of a download, the pause after the first one, which grows by itself, and the longest time without data, ms. */
export const DOWNLOAD_ATTEMPTS = 4;
export const DOWNLOAD_PAUSE_MS = 250;
export const DOWNLOAD_SILENCE_MS = 15_000;
/** Build of one tool, ms, also by another process. The slowest takes minutes. */
export const TOOL_BUILD_MS = 3_600_000;
