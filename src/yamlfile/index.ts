export { type Place, parseYaml, type YamlDocument } from './document.ts';
export { duration, durationMs } from './duration.ts';
export { type ListChange, withLists } from './edit.ts';
export { schemaMistakes, shown } from './mistakes.ts';
export { fileProblem, MAX_PROBLEMS, pathText, problemLines, readYaml, type Reading, type ReadOptions } from './read.ts';
export { type FileBytes, type FileRefusal, readRegularFile } from './regular.ts';
export { didYouMean, nearest } from './suggest.ts';
export type { Mistake, Path, Problem } from './types.ts';
