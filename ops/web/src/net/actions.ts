// What an operator does to an alert. The answer comes back through the stream as a new revision; nothing is assumed here.

import { post } from "./api.ts";

export function acknowledge(alert: string): Promise<void> {
  return post(`/api/alerts/${encodeURIComponent(alert)}/acknowledge`);
}

export function reject(alert: string, reason: string): Promise<void> {
  return post(`/api/alerts/${encodeURIComponent(alert)}/reject`, { reason });
}
