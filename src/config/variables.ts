import { didYouMean, type Mistake, type Path } from '../yamlfile/index.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLE = /\$?\$\{([^}]*)\}/g;

/** `${NAME}` in any text becomes the environment's value; `$${NAME}` stays, as `${NAME}`. */
export function substitute(written: unknown, env: Environment): { value: unknown; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  const inText = (text: string, path: Path): string =>
    text.replace(VARIABLE, (whole: string, name: string) => {
      if (whole.startsWith('$$')) return whole.slice(1);
      const value = env[name];
      if (value !== undefined) return value;
      const otherwise = `Set it before the gateway starts, or write "$\${${name}}" where the text itself is meant.`;
      const remedy = didYouMean(name, Object.keys(env), otherwise);
      mistakes.push({ path, message: `the environment has no variable ${JSON.stringify(name)}`, remedy });
      return whole;
    });
  const inValue = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return inText(value, path);
    if (Array.isArray(value)) return value.map((item: unknown, index) => inValue(item, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inValue(inner, [...path, key])]));
  };
  return { value: inValue(written, []), mistakes };
}
