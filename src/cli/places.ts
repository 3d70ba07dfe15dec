import { accessSync, constants, statSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import type { GatewayConfig } from '../config/index.ts';

/** Why the journal or the folder of mails that gateway.yaml names cannot be made or written, in lines for `mcg check`. */
export function placeProblems({ journal, notification }: GatewayConfig): string[] {
  const problems: string[] = [];
  const journalProblem = fileProblem(journal.path);
  if (journalProblem !== null) problems.push(`journal: ${journalProblem}`);
  const { uri } = notification.transport;
  if (uri.startsWith('maildir:')) {
    const folder = uri.slice('maildir:'.length);
    const found = ['tmp', 'new', 'cur'].map((part) => folderProblem(join(folder, part)));
    const [first] = found.filter((problem) => problem !== null);
    if (first !== undefined) problems.push(`notification.transport: ${first}`);
  }
  return problems;
}

function fileProblem(path: string): string | null {
  const state = stateOf(path);
  if (state?.isDirectory()) return `${path} is a folder. Name a file in it.`;
  return (
    (state === undefined ? null : accessProblem(path, constants.R_OK | constants.W_OK)) ?? folderProblem(dirname(path))
  );
}

/** Of a folder that is not there yet, the nearest one above it decides. */
function folderProblem(folder: string): string | null {
  const state = stateOf(folder);
  if (state === undefined) return folderProblem(dirname(folder));
  if (!state.isDirectory()) return `${folder} is not a folder. Name another one, or move it.`;
  return accessProblem(folder, constants.W_OK | constants.X_OK);
}

function accessProblem(path: string, mode: number): string | null {
  try {
    accessSync(path, mode);
    return null;
  } catch {
    return `${path} may not be written by this user. Give the gateway's user write access to it.`;
  }
}

/** A place inside one that may not be entered counts as not there: that one is complained of. */
function stateOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
