const VARIABLE = 'BELAY_REPORT_URL';

/**
 * Where the report of a campaign is on the web: `BELAY_REPORT_URL` says where its reports are published, e.g. by
 * `belay report --index`. Undefined where that is not set.
 * @throws Error naming the variable, what was found, and what is allowed
 */
export function reportAddress(campaign: string): string | undefined {
  const text = process.env[VARIABLE] || undefined;
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '')
    throw new Error(`${VARIABLE}: found "${text}"; allowed is http://<host>/<path> or https://<host>/<path>`);
  return `${text.replace(/\/+$/, '')}/runs/${encodeURIComponent(campaign.toWellFormed())}/report.html`;
}
