import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { experiment } from './small';

interface Manifest {
  items: [
    { data: { runs: string } },
    {
      spec: {
        completions: number;
        parallelism: number;
        template: { spec: { containers: [{ command: string[] }] } };
      };
    },
  ];
}

const validator = process.env.RESNET_WORKBOOK_KUBERNETES;
const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
const file = join(folder, 'sweep.json');
test.after(() => rmSync(folder, { recursive: true, force: true }));

const write = (...more: string[]) =>
  experiment([
    ...[
      'sweep',
      '--kinds',
      'plain,preact',
      '--depths',
      '8,14',
      '--seeds',
      '1-2',
      '--subset',
      '77',
      '--jobs',
      '3',
    ],
    ...['--folder', join(folder, 'sweep'), '--manifest', file, ...more],
  ]);

test('a manifest has an index for each run, and each index finds its own arguments', () => {
  const { status, stdout, stderr } = write('--image', 'registry.example/resnet-workbook');
  assert.equal(status, 0, stderr);
  assert.match(stdout, /has never been run on a cluster/);
  const { items } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  const [list, job] = items;
  assert.equal(job.spec.completions, 8);
  assert.equal(job.spec.parallelism, 3);
  const [shell, option, command] = job.spec.template.spec.containers[0].command;
  const seen = Array.from({ length: 8 }, (_, index) => {
    // the container's own command, with another list's place and a program that says what it was given
    const script = command.replace('/sweep/runs', join(folder, 'runs')).replace('exec node', 'exec echo');
    execFileSync('sh', ['-c', 'cat > "$0"', join(folder, 'runs')], { input: list.data.runs });
    const env = { ...process.env, JOB_COMPLETION_INDEX: `${index}` };
    return execFileSync(shell, [option, script], { env, encoding: 'utf8' });
  });
  assert.equal(new Set(seen).size, 8);
  for (const kind of ['plain', 'preact'])
    for (const depth of [8, 14])
      for (const seed of [1, 2])
        assert.equal(
          seen.filter(
            (line) => line.includes(`--kind ${kind} --depth ${depth} `) && line.includes(`--seed ${seed} `),
          ).length,
          1,
        );
  assert.match(
    seen[0],
    /experiment\.js degradation .* --folder \/data\/sweep --cifar10 \/data\/cifar-10-batches-bin\n$/,
  );
});

test('without an image it says so', () => {
  const { status, stderr } = write();
  assert.equal(status, 1);
  assert.match(stderr, /--image must name the container/);
});

test(
  "it fits Kubernetes' published schema, which refuses what it should",
  { skip: !validator && 'RESNET_WORKBOOK_KUBERNETES names no Python with kubernetes-validate' },
  () => {
    assert.equal(write('--image', 'registry.example/resnet-workbook').status, 0);
    const script = `
import json, sys, kubernetes_validate
manifest = json.load(open(sys.argv[1]))
for item in manifest["items"]:
    kubernetes_validate.validate(item, "1.33", strict=True)
job = manifest["items"][1]
for wrong in ({"completions": "eight"}, {"completionsMode": "Indexed"}):
    try: kubernetes_validate.validate({**job, "spec": {**job["spec"], **wrong}}, "1.33", strict=True)
    except kubernetes_validate.ValidationError: continue
    raise SystemExit(f"{wrong} was taken")
print("fits")`;
    const { stdout, stderr } = spawnSync(validator!, ['-c', script, file], { encoding: 'utf8' });
    assert.equal(stdout, 'fits\n', stderr);
  },
);
