/** What a decision by a condition names: a setting of a group (`notify: first of group NAME`) or of a policy (`conditions.busy of NAME`). */
export type ConditionDetail =
  | { readonly kind: 'group'; readonly value: string; readonly group: string }
  | { readonly kind: 'policy'; readonly key: string; readonly policy: string }
  | { readonly kind: 'other' };

export function conditionOf(detail: string): ConditionDetail {
  const [, value = '', group] = /^notify: (\w+) of group (.*)$/s.exec(detail) ?? [];
  if (group !== undefined) return { kind: 'group', value, group };
  const [, key, policy = ''] = /^conditions\.(\w+) of (.*)$/s.exec(detail) ?? [];
  return key === undefined ? { kind: 'other' } : { kind: 'policy', key, policy };
}

export function quoted(name: string): string {
  return `"${name}"`;
}
