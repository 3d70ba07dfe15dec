import { cpuBetween, cpuTimes, total, type CpuTimes } from './cpu-time.ts';
import { missedCalls } from './load.ts';
import { NotInstalled } from './program.ts';
import { SYSTEMS, TITLES, type SystemName } from './systems.ts';
import { median, ofRounds, type Row } from './table.ts';
import type { System } from './types.ts';

export interface CpuOptions {
  readonly rounds: number;
  /** Calls a second, one after the other. */
  readonly rates: readonly number[];
  /** How long each round lasts for each system. */
  readonly seconds: number;
  readonly systems: readonly SystemName[];
}

const RING_MS = 150;
/** Code that runs often is compiled by then. */
const WARM_UP = { rate: 300, calls: 1_500, ringMs: RING_MS };
/** Threads that take less than this share of a system's time are not worth a line. */
const WORTH_NAMING = 0.01;

/** What one round gave. */
interface Round {
  /** Milliseconds of CPU time for one call, by thread. */
  readonly perCall: CpuTimes;
  readonly failed: number;
  readonly retransmitted: number;
}

interface Contestant {
  readonly name: SystemName;
  readonly system: System;
  readonly rounds: Map<number, Round[]>;
  /** Good calls so far, the warm-up's too. */
  calls: number;
}

/** CPU time of one missed call: all systems run, and each has its turn of calls in every round, so that what else the machine does hits all. */
export async function* cpu(options: CpuOptions): AsyncIterable<Row> {
  const contestants: Contestant[] = [];
  try {
    for (const name of options.systems) {
      try {
        const contestant = { name, system: await SYSTEMS[name](), rounds: new Map<number, Round[]>(), calls: 0 };
        contestants.push(contestant);
        await called(contestant, WARM_UP.rate, WARM_UP.calls);
      } catch (error) {
        if (!(error instanceof NotInstalled)) throw error;
        yield { measure: `CPU per missed call, ${TITLES[name]}`, figure: `not measured: ${error.message}` };
      }
    }
    for (const rate of options.rates) {
      for (let round = 0; round < options.rounds; round += 1) {
        for (const contestant of contestants) {
          const rounds = contestant.rounds.get(rate) ?? [];
          rounds.push(await called(contestant, rate, rate * options.seconds));
          contestant.rounds.set(rate, rounds);
        }
      }
      for (const contestant of contestants) yield* figures(contestant, rate);
      yield* ratios(contestants, rate);
    }
  } finally {
    for (const { system } of contestants) await system.stop();
  }
}

async function called(contestant: Contestant, rate: number, calls: number): Promise<Round> {
  const { system } = contestant;
  const before = await cpuTimes(system.processes);
  const { failed, retransmitted } = await missedCalls(system, { rate, calls, ringMs: RING_MS });
  contestant.calls += calls - failed;
  await system.settled?.(contestant.calls);
  const used = cpuBetween(before, await cpuTimes(system.processes));
  return { perCall: new Map([...used].map(([name, ms]) => [name, ms / calls])), failed, retransmitted };
}

function* figures({ name, rounds: byRate }: Contestant, rate: number): Iterable<Row> {
  const rounds = byRate.get(rate) ?? [];
  const what = `CPU per missed call, ${rate} calls/s, ${TITLES[name]}`;
  const totals = rounds.map(({ perCall }) => total(perCall));
  yield ofRounds(what, totals, 'ms');
  const threads = [...new Set(rounds.flatMap(({ perCall }) => [...perCall.keys()]))];
  const parts = threads
    .map((thread) => ({ thread, each: rounds.map(({ perCall }) => perCall.get(thread) ?? 0) }))
    .filter(({ each }) => median(each) > WORTH_NAMING * median(totals))
    .toSorted((a, b) => median(b.each) - median(a.each));
  if (parts.length > 1) for (const { thread, each } of parts) yield ofRounds(`- of it ${thread}`, each, 'ms');
  const failed = rounds.reduce((sum, round) => sum + round.failed, 0);
  const retransmitted = rounds.reduce((sum, round) => sum + round.retransmitted, 0);
  // Calls in trouble cost more than others: the figure would say nothing.
  if (failed + retransmitted === 0) return;
  yield {
    measure: '- calls in trouble',
    figure: `${failed} failed, ${retransmitted} sent twice`,
    bar: 'none',
  };
}

/** Pairs that were measured in the same rounds. */
const RATIOS: readonly { of: SystemName; to: SystemName; bar?: string }[] = [
  { of: 'gateway', to: 'b2bua-drachtio', bar: 'at most 0.5, one day' },
  { of: 'gateway', to: 'gateway-drachtio' },
  { of: 'gateway', to: 'kamailio' },
  { of: 'b2bua', to: 'b2bua-drachtio' },
  { of: 'b2bua-engine', to: 'b2bua-drachtio' },
  { of: 'b2bua', to: 'kamailio' },
];

function* ratios(contestants: readonly Contestant[], rate: number): Iterable<Row> {
  for (const { of, to, bar } of RATIOS) {
    const [ours, theirs] = [of, to].map((name) => contestants.find((each) => each.name === name)?.rounds.get(rate));
    if (ours === undefined || theirs === undefined) continue;
    const each = ours.map(({ perCall }, round) => total(perCall) / total(theirs[round]!.perCall));
    yield ofRounds(`ratio, ${rate} calls/s: ${TITLES[of]} / ${TITLES[to]}`, each, '', bar);
  }
}
