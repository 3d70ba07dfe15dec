import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { ApiProblem, isConflict } from '../api/problem.ts';

/** Somebody else's changes that do not touch what is edited are no conflict; the file may change so often while it is saved. */
const MAX_RETRIES = 5;

/** What is edited, and the policy file's version that it was read from. */
export interface Version<Draft> {
  readonly draft: Draft;
  readonly etag: string | null;
}

export interface EditOptions<Draft extends object> {
  /** As the page was opened; a later one is taken over as long as nothing has been changed. */
  readonly start: Version<Draft>;
  /** As it is now. */
  readonly read: () => Promise<Version<Draft>>;
  /** Saves the changed fields. */
  readonly write: (changes: Partial<Draft>, ifMatch: string | null, why: string) => Promise<Version<Draft>>;
  readonly saved: (draft: Draft) => void;
}

export interface Edit<Draft extends object> {
  readonly draft: Draft;
  readonly isDirty: boolean;
  readonly isSaving: boolean;
  readonly error: Error | null;
  /** Somebody else has changed the same thing; `base` is what the page was opened with, `theirs` what is so now. */
  readonly conflict: { readonly base: Draft; readonly theirs: Version<Draft> } | null;
  readonly why: string;
  readonly set: <Key extends keyof Draft>(key: Key, value: Draft[Key]) => void;
  readonly setWhy: (why: string) => void;
  readonly save: () => Promise<void>;
  /** Takes what is so now, and forgets what was changed here. */
  readonly reload: () => void;
  /** Saves what was changed here on top of what is so now. */
  readonly overwrite: () => Promise<void>;
  readonly dismissConflict: () => void;
  readonly reset: () => void;
}

/** Fields of `draft` that differ from `base`. */
export function changesOf<Draft extends object>(base: Draft, draft: Draft): Partial<Draft> {
  const entries = Object.entries(draft).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(base[key as keyof Draft]),
  );
  return Object.fromEntries(entries) as Partial<Draft>;
}

function isEmpty(changes: object): boolean {
  return Object.keys(changes).length === 0;
}

/** Editing something in the policy file, with what happens where another admin does so at the same time (RFC 9110 13.1.1). */
export function useEdit<Draft extends object>({ start, read, write, saved }: EditOptions<Draft>): Edit<Draft> {
  const client = useQueryClient();
  const [base, setBase] = useState(start);
  const [draft, setDraft] = useState(start.draft);
  const [why, setWhy] = useState('');
  const [error, setError] = useState<Error | null>(null);
  const [isSaving, setSaving] = useState(false);
  const [conflict, setConflict] = useState<Edit<Draft>['conflict']>(null);
  const changes = changesOf(base.draft, draft);
  const isDirty = !isEmpty(changes);
  const isUntouched = useRef(true);
  isUntouched.current = !isDirty && !isSaving;
  useEffect(() => {
    if (isUntouched.current) take(start);
  }, [start]);

  function take(version: Version<Draft>): void {
    setBase(version);
    setDraft(version.draft);
  }

  /** Writes onto `known`; where that is no longer so, but only other things have changed, onto what is so now. */
  async function writeOnto(known: Version<Draft>, wanted: Partial<Draft>): Promise<void> {
    let onto = known;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const written = await write(wanted, onto.etag, why);
        take(written);
        setConflict(null);
        setWhy('');
        saved(written.draft);
        return;
      } catch (failure) {
        if (!isConflict(failure) || attempt >= MAX_RETRIES) throw failure;
        const now = await read();
        if (!isEmpty(changesOf(known.draft, now.draft))) {
          setConflict({ base: known.draft, theirs: now });
          return;
        }
        onto = now;
      }
    }
  }

  async function attempt(known: Version<Draft>, wanted: Partial<Draft>): Promise<void> {
    setSaving(true);
    setError(null);
    try {
      await writeOnto(known, wanted);
    } catch (failure) {
      setConflict(null);
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    } finally {
      setSaving(false);
      void client.invalidateQueries();
    }
  }

  return {
    draft,
    isDirty,
    isSaving,
    error,
    conflict,
    why,
    setWhy,
    set: (key, value) => setDraft((before) => ({ ...before, [key]: value })),
    save: () => attempt(base, changes),
    reload() {
      if (conflict !== null) take(conflict.theirs);
      setConflict(null);
    },
    async overwrite() {
      if (conflict === null) return;
      setBase(conflict.theirs);
      setDraft({ ...conflict.theirs.draft, ...changes });
      await attempt(conflict.theirs, changes);
    },
    dismissConflict: () => setConflict(null),
    reset() {
      setDraft(base.draft);
      setError(null);
    },
  };
}

/** What the server said of a field, by the end of its path: `dialPlans[0].numberPrefixes[1]` is `numberPrefixes`. */
export function mistakeOf(error: Error | null, key: string): string | undefined {
  if (!(error instanceof ApiProblem)) return undefined;
  const found = error.errors.find(({ path }) => path.split(/[.[\]/]/).includes(key));
  return found === undefined ? undefined : [found.message, found.remedy].filter(Boolean).join(' ');
}
