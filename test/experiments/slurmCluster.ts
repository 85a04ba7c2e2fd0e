// A Slurm of two nodes on this machine, in a network and a view of /etc/slurm of its own, for one test.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { hostname, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { until } from './small';

const PROGRAMS = ['slurmctld', 'slurmd', 'sbatch', 'munged', 'unshare', 'nsenter', 'ip'];
const SBIN = ['/usr/sbin', '/sbin'];

/** Why there can be no Slurm here, or false. */
export function withoutSlurm(): string | false {
  const places = [...(process.env.PATH ?? '').split(delimiter), ...SBIN];
  const missing = PROGRAMS.filter((name) => !places.some((folder) => existsSync(join(folder, name))));
  if (missing.length > 0)
    return `no ${missing.join(', ')}: apt-get install --no-install-recommends slurmctld slurmd slurm-client munge`;
  if (process.getuid?.() !== 0) return 'only root may start a Slurm with a network of its own';
  return spawnSync('unshare', ['--net', '--mount', 'true']).status === 0 ? false : 'no namespaces here';
}

export class SlurmCluster {
  private readonly folder = mkdtempSync(join(tmpdir(), 'slurm-'));
  /** Keeps the namespaces. */
  private readonly holder: ChildProcess;
  private readonly daemons = new Map<string, ChildProcess>();

  private constructor() {
    const configuration = join(this.folder, 'etc');
    mkdirSync(configuration);
    mkdirSync(join(this.folder, 'state'));
    const host = hostname();
    const nodes = [1, 2].map(
      (n) =>
        `NodeName=n${n} NodeHostname=${host} NodeAddr=127.0.0.1 Port=1700${n} CPUs=1 RealMemory=6000 State=UNKNOWN`,
    );
    const settings = `
ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=16817
AuthType=auth/munge
AuthInfo=socket=${this.folder}/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SlurmdParameters=config_overrides
SlurmdTimeout=20
KillWait=20
MinJobAge=600
ReturnToService=2
MpiDefault=none
StateSaveLocation=${this.folder}/state
SlurmdSpoolDir=${this.folder}/spool.%n
SlurmctldPidFile=${this.folder}/slurmctld.pid
SlurmdPidFile=${this.folder}/slurmd.%n.pid
SlurmctldLogFile=${this.folder}/slurmctld.log
SlurmdLogFile=${this.folder}/slurmd.%n.log
${nodes.join('\n')}
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
`;
    writeFileSync(join(configuration, 'slurm.conf'), settings);
    writeFileSync(join(configuration, 'cgroup.conf'), 'CgroupPlugin=cgroup/v1\n');
    writeFileSync(join(this.folder, 'munge.key'), randomBytes(128), { mode: 0o400 });
    // getaddrinfo finds the host only where some address is not the first of loopback's
    const script = `
      ip link set lo up && ip addr add 127.0.0.2/8 dev lo && mkdir -p /etc/slurm &&
      mount --bind ${configuration} /etc/slurm && echo ready && exec sleep infinity`;
    this.holder = spawn('unshare', ['--net', '--mount', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  static async start(): Promise<SlurmCluster> {
    const cluster = new SlurmCluster();
    await new Promise((resolve) => cluster.holder.stdout?.once('data', resolve));
    const file = (name: string): string => join(cluster.folder, name);
    cluster.daemon('munged', [
      ...['--foreground', '--force', `--socket=${file('munge.socket')}`, `--key-file=${file('munge.key')}`],
      ...[
        `--pid-file=${file('munged.pid')}`,
        `--seed-file=${file('munged.seed')}`,
        `--log-file=${file('munged.log')}`,
      ],
    ]);
    await until('munge', () => existsSync(file('munge.socket')));
    cluster.daemon('slurmctld', ['-D']);
    ['n1', 'n2'].forEach((node) => cluster.startNode(node));
    await until('both nodes', () => cluster.ask('sinfo', '-h', '-o', '%D %t') === '2 idle', 60_000).catch(
      (error: unknown) => {
        const logs = ['slurmctld.log', 'slurmd.n1.log', 'munged.log'].map((log) =>
          existsSync(file(log)) ? readFileSync(file(log), 'utf8').slice(-2000) : log,
        );
        throw new Error([String(error), cluster.ask('sinfo'), ...logs].join('\n'));
      },
    );
    return cluster;
  }

  /** How a program is started within: command and first arguments. */
  get inside(): string[] {
    return ['nsenter', '-t', `${this.holder.pid}`, '--net', '--mount'];
  }

  /** What a client of Slurm says. */
  ask(...command: string[]): string {
    const [program, ...args] = [...this.inside, ...command];
    return spawnSync(program, args, { encoding: 'utf8' }).stdout.trim();
  }

  startNode(name: string): void {
    this.daemon(name, ['-D', '-N', name], 'slurmd');
  }

  /** As if its plug were pulled: its daemon, its jobs' keepers and all that they run are gone at once. */
  killNode(name: string): void {
    const jobs = this.ask('squeue', '-h', '-w', name, '-o', '%A').split('\n').join('|');
    const keeper = new RegExp(`^slurmstepd: \\[(${jobs})\\.`);
    const all = this.processes();
    this.daemons.get(name)?.kill('SIGKILL');
    // the keepers first: they would tell how their jobs ended
    for (const { pid } of all.filter(({ command }) => keeper.test(command))) kill(pid);
    for (const { pid } of all) if (readEnvironment(pid).includes(`SLURMD_NODENAME=${name}\0`)) kill(pid);
  }

  stop(): void {
    for (const { pid } of this.processes()) if (pid !== process.pid) kill(pid);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private daemon(name: string, args: string[], program = name): void {
    const [enter, ...more] = this.inside;
    const child = spawn(enter, [...more, program, ...args], {
      stdio: 'ignore',
      env: { ...process.env, PATH: [process.env.PATH, ...SBIN].join(delimiter) },
    });
    this.daemons.set(name, child);
  }

  /** All that runs in the cluster's network. */
  private processes(): { pid: number; command: string }[] {
    const network = readlinkSync(`/proc/${this.holder.pid}/ns/net`);
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        try {
          if (readlinkSync(`/proc/${name}/ns/net`) !== network) return [];
          return [
            {
              pid: Number(name),
              command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' '),
            },
          ];
        } catch {
          return []; // it has ended
        }
      });
  }
}

function readEnvironment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}
