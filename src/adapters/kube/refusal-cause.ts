/** Who in a cluster refuses a request, and what is to be said about it. */
export interface RefusalCause {
  /** E.g. `quota small: pods=20 are allowed, 20 are used, 1 more was asked for`. */
  readonly text: string;
  /** The same request is refused again, until somebody changes the cluster. */
  readonly lasting: boolean;
}

type Rule = readonly [pattern: RegExp, cause: (match: RegExpExecArray) => RefusalCause];

const lasting = (text: string): RefusalCause => ({ text, lasting: true });
const passing = (text: string): RefusalCause => ({ text, lasting: false });

/** What API servers and their admission plugins say, most specific first. */
const RULES: readonly Rule[] = [
  [
    /exceeded quota: ([^,]+), requested: (.+), used: (.+), limited: (.+)$/s,
    // What others use may become free.
    ([, name, asked, used, allowed]) =>
      passing(`quota ${name}: ${allowed} allowed, ${used} used, ${asked} more asked for`),
  ],
  [/failed quota: ([^:]+): (.+)$/s, ([, name, why]) => lasting(`quota ${name}: ${why}`)],
  [/violates PodSecurity "([^"]+)": (.+)$/s, ([, level, why]) => lasting(`Pod security ${level}: ${why}`)],
  [
    /ValidatingAdmissionPolicy '([^']+)' with binding '([^']+)' denied request: (.+)$/s,
    ([, name, binding, why]) => lasting(`admission policy ${name} (binding ${binding}): ${why}`),
  ],
  [
    /admission webhook "([^"]+)" denied the request(?:: (.+))?$/s,
    ([, name, why = 'no reason is given']) => lasting(`admission webhook ${name}: ${why}`),
  ],
  [
    /failed calling webhook "([^"]+)": (.+)$/s,
    ([, name, why]) => passing(`admission webhook ${name} does not answer: ${why}`),
  ],
  [
    /conversion webhook for ([^,]+), Kind=(\w+) failed: (.+)$/s,
    ([, group, kind, why]) => passing(`conversion webhook of ${kind} in ${group} does not answer: ${why}`),
  ],
  [
    /((?:maximum|minimum) \S+ usage per \w+ is .+|\S+ max limit to request ratio per \w+ is .+)$/s,
    ([, why]) => lasting(`LimitRange: ${why}`),
  ],
  [
    /User "([^"]*)" cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(.*)$/s,
    ([, user, verb, resource, group = '', where = '']) =>
      passing(`user ${user} may not ${verb} ${resource}${group === '' ? '' : `.${group}`}${where.trimEnd()}`),
  ],
  [
    /unable to create new content in namespace (\S+) because it is being terminated/,
    ([, name]) => passing(`namespace ${name} is being deleted`),
  ],
  [/no providers available to validate pod request|unable to validate against any/, () => lasting('Pod policy')],
];

/**
 * Who refused a request, from the answer of the API server; undefined for an answer that is no refusal by the cluster's owner.
 * A cluster refuses by rights, quotas, policies and webhooks, which are neither the system's fault nor Belay's.
 */
export function refusalCause(status: number, message: string): RefusalCause | undefined {
  for (const [pattern, cause] of RULES) {
    const match = pattern.exec(message);
    if (match !== null) return cause(match);
  }
  if (status === 401) return passing('its credentials are not accepted');
  return status === 403 ? passing(message === '' ? 'it is forbidden' : message) : undefined;
}
