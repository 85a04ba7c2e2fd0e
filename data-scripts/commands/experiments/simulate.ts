import { Random } from '../../../src/random';

/*
 * How long a sweep of many runs takes on many nodes that fail, by discrete events: nodes fail and come back, runs go on from
 * what they saved, the engine sees what ended when it next asks, and submits one job after another.
 */

/** What is taken for given; times in seconds. */
export interface Assumptions {
  /** Of the runs, which take turns: one core, nothing failing. */
  runSeconds: readonly number[];
  runs: number;
  /** A run saves itself so often (trainAndEval's default). */
  checkpointSeconds: number;
  /** Node, TensorFlow and the first step as a graph, without reading the data. */
  startSeconds: number;
  /** CIFAR-10, which each start reads from the shared disk. */
  startMegabytes: number;
  /** Weights, momentum and statistics of 56 layers. */
  checkpointMegabytes: number;
  /** Of the shared disk, for all nodes together. */
  diskMegabytesPerSecond: number;
  /** The engine's for one submission, during which it does nothing else. */
  submitSeconds: number;
  /** Between two looks at what has ended. */
  askSeconds: number;
  /** After which Slurm gives up a node that does not answer (SlurmdTimeout's default). */
  noticeSeconds: number;
  /** After which a failed node is back. */
  repairSeconds: number;
  /** Of a run, after its first attempt. */
  retries: number;
}

export interface SweepOutcome {
  nodes: number;
  /** Mean time between failures of one node; null: none fails. */
  hoursBetweenFailures: number | null;
  /** From start to end. */
  hours: number;
  /** Of what nodes could have done until then: lost work, starts, waiting for work, being broken. */
  wasted: number;
  /** Attempts beyond the first. */
  restarts: number;
  /** Runs that used up their retries. */
  failed: number;
  /** Seconds that a start waited for the shared disk, beyond reading alone; the mean. */
  diskWait: number;
  /** Part of the time in which the engine was submitting. */
  engineBusy: number;
}

type Event =
  | { at: number; node: number; what: 'fails' | 'back' | 'ends'; life: number }
  | { at: number; what: 'seen'; run: number };

/** Events by time; of equal times the earlier added first. */
class Agenda {
  private readonly heap: { event: Event; order: number }[] = [];
  private added = 0;

  private before(i: number, j: number): boolean {
    const [a, b] = [this.heap[i], this.heap[j]];
    return a.event.at < b.event.at || (a.event.at === b.event.at && a.order < b.order);
  }

  private swap(i: number, j: number): void {
    [this.heap[i], this.heap[j]] = [this.heap[j], this.heap[i]];
  }

  add(event: Event): void {
    this.heap.push({ event, order: this.added++ });
    for (let i = this.heap.length - 1; i > 0 && this.before(i, (i - 1) >> 1); i = (i - 1) >> 1)
      this.swap(i, (i - 1) >> 1);
  }

  next(): Event | undefined {
    this.swap(0, this.heap.length - 1);
    const event = this.heap.pop()?.event;
    for (let i = 0; ;) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      let least = i;
      if (left < this.heap.length && this.before(left, least)) least = left;
      if (right < this.heap.length && this.before(right, least)) least = right;
      if (least === i) return event;
      this.swap(i, least);
      i = least;
    }
  }

  get empty(): boolean {
    return this.heap.length === 0;
  }
}

/** One sweep, from the first submission to the last end. */
export function simulateSweep(
  a: Assumptions,
  nodes: number,
  hoursBetweenFailures: number | null,
  seed: number,
): SweepOutcome {
  const random = new Random(seed);
  const agenda = new Agenda();
  const work = Array.from({ length: a.runs }, (_, i) => a.runSeconds[i % a.runSeconds.length]);
  const done = work.map(() => 0); // seconds of each run that are saved
  const attempts = work.map(() => 0);
  const place = Array.from({ length: nodes }, () => ({ up: true, life: 0, run: -1, trainsFrom: 0 }));
  const waiting = work.map((_, run) => run); // for the engine to submit them
  const submitted: { run: number; at: number }[] = [];
  let [engineFree, diskFree, diskWaits, engineSeconds] = [0, 0, 0, 0];
  let [starts, left, failed, end] = [0, a.runs, 0, 0];
  let inFlight = 0; // as far as the engine has seen
  // what saving takes of the disk is gone before the first start reads
  const saving = (nodes * a.checkpointMegabytes) / a.checkpointSeconds;
  const reading =
    a.startMegabytes / Math.max(a.diskMegabytesPerSecond - saving, a.diskMegabytesPerSecond / 100);
  const lifetime = (): number =>
    hoursBetweenFailures === null ? Infinity : -Math.log(1 - random.next()) * hoursBetweenFailures * 3600;
  const seenAt = (at: number): number => Math.ceil(at / a.askSeconds) * a.askSeconds;

  /** The engine keeps as many jobs with the cluster as there are nodes; free nodes take them in turn. */
  const goOn = (now: number): void => {
    for (; waiting.length > 0 && inFlight < nodes; inFlight++) {
      engineFree = Math.max(engineFree, now) + a.submitSeconds;
      engineSeconds += a.submitSeconds;
      submitted.push({ run: waiting.shift() ?? 0, at: engineFree });
    }
    place.forEach((node, index) => {
      const job = node.up && node.run < 0 ? submitted.shift() : undefined;
      if (!job) return;
      const from = Math.max(now, job.at);
      const disk = Math.max(diskFree, from) + reading;
      diskFree = disk;
      diskWaits += disk - from - a.startMegabytes / a.diskMegabytesPerSecond;
      starts += 1;
      attempts[job.run] += 1;
      Object.assign(node, { run: job.run, trainsFrom: disk + a.startSeconds, life: node.life + 1 });
      agenda.add({
        at: node.trainsFrom + work[job.run] - done[job.run],
        node: index,
        what: 'ends',
        life: node.life,
      });
    });
  };

  const breakAt = (node: number, now: number): void => {
    const at = now + lifetime();
    if (at < Infinity) agenda.add({ at, node, what: 'fails', life: 0 });
  };
  place.forEach((_, node) => breakAt(node, 0));
  goOn(0);
  while (left > 0 && !agenda.empty) {
    const event = agenda.next();
    if (!event) break;
    if (event.what === 'seen') {
      inFlight -= 1;
      if (event.run >= 0) waiting.push(event.run);
    } else {
      const node = place[event.node];
      if (event.what === 'back') {
        node.up = true;
        breakAt(event.node, event.at);
      } else if (event.what === 'fails') {
        node.up = false;
        agenda.add({ at: event.at + a.repairSeconds, node: event.node, what: 'back', life: 0 });
        if (node.run >= 0) {
          const trained = Math.max(0, event.at - node.trainsFrom);
          done[node.run] += Math.floor(trained / a.checkpointSeconds) * a.checkpointSeconds;
          const again = attempts[node.run] <= a.retries;
          if (!again) [failed, left, end] = [failed + 1, left - 1, event.at];
          agenda.add({ at: seenAt(event.at + a.noticeSeconds), what: 'seen', run: again ? node.run : -1 });
          Object.assign(node, { run: -1, life: node.life + 1 });
        }
      } else if (event.life === node.life) {
        node.run = -1;
        [left, end] = [left - 1, event.at];
        agenda.add({ at: seenAt(event.at), what: 'seen', run: -1 }); // only then does the engine submit the next
      } else continue; // the end of a run that was broken off
    }
    goOn(event.at);
  }
  const useful = work.reduce((sum, seconds) => sum + seconds, 0);
  return {
    nodes,
    hoursBetweenFailures,
    hours: end / 3600,
    wasted: 1 - useful / (nodes * end),
    restarts: starts - a.runs,
    failed,
    diskWait: diskWaits / starts,
    engineBusy: engineSeconds / end,
  };
}

/** The sweep on each number of nodes and rate of failure: means over some seeds. */
export function simulate(
  assumptions: Assumptions,
  nodes: readonly number[],
  rates: readonly (number | null)[],
  seeds: number,
): SweepOutcome[] {
  return rates.flatMap((rate) =>
    nodes.map((count) => {
      const all = Array.from({ length: seeds }, (_, seed) =>
        simulateSweep(assumptions, count, rate, seed + 1),
      );
      const mean = (key: Exclude<keyof SweepOutcome, 'hoursBetweenFailures'>): number =>
        Number((all.reduce((sum, outcome) => sum + outcome[key], 0) / seeds).toPrecision(4));
      return {
        nodes: count,
        hoursBetweenFailures: rate,
        hours: mean('hours'),
        wasted: mean('wasted'),
        restarts: mean('restarts'),
        failed: mean('failed'),
        diskWait: mean('diskWait'),
        engineBusy: mean('engineBusy'),
      };
    }),
  );
}
