import { type RunConfiguration, argumentsOf } from './configuration';

export interface KubernetesOptions {
  /** The container's image. */
  image?: string;
  /** The volume claim (ReadWriteMany) that holds cifar-10-batches-bin, and the sweep's folder. */
  claim: string;
}

/**
 * A Job with one index for each run, and the list that its containers look their run up in, as one `List` for
 * `kubectl apply`. A run goes on where an earlier pod was ended, and ends at once when it is complete, so that pods may be
 * started as often as the cluster likes. Never run on a cluster; checked against the published schema of Kubernetes 1.33,
 * the first in which all of its fields are stable.
 */
export function manifestOf(
  runs: readonly RunConfiguration[],
  { image, claim, jobs, threads }: KubernetesOptions & { jobs: number; threads: number },
): unknown {
  if (!image)
    throw new Error('--image must name the container that the runs start in, with where it is to be had.');
  const name = 'resnet-workbook-sweep';
  const lines = runs.map((run) => argumentsOf(run).join(' ')); // no argument has a space in it
  const command =
    'exec node -r ./data-scripts/kernel/node-compat.cjs .build/data-scripts/commands/experiment.js degradation ' +
    `$(sed -n "$((JOB_COMPLETION_INDEX + 1))p" /sweep/runs) --threads ${threads} ` +
    '--folder /data/sweep --cifar10 /data/cifar-10-batches-bin';
  const container = {
    name: 'run',
    image,
    command: ['sh', '-c', command],
    resources: {
      requests: { cpu: `${threads}`, memory: '2Gi' },
      limits: { memory: '3Gi' },
    },
    volumeMounts: [
      { name: 'runs', mountPath: '/sweep' },
      { name: 'data', mountPath: '/data' },
    ],
  };
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      completionMode: 'Indexed',
      completions: runs.length,
      parallelism: Math.min(jobs, runs.length),
      backoffLimitPerIndex: 10, // one run that fails does not stop the others
      maxFailedIndexes: runs.length,
      // a node that is drained or reclaimed is no failure of the run
      podFailurePolicy: {
        rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      },
      template: {
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 60, // it saves itself
          containers: [container],
          volumes: [
            { name: 'runs', configMap: { name } },
            { name: 'data', persistentVolumeClaim: { claimName: claim } },
          ],
        },
      },
    },
  };
  const list = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { runs: `${lines.join('\n')}\n` },
  };
  return { apiVersion: 'v1', kind: 'List', items: [list, job] };
}
