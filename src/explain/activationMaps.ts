import * as tf from '@tensorflow/tfjs-node';
import { observe, replaceForward } from '../nn/hooks';
import type { Linear } from '../nn/layers';
import { evalForNow } from '../nn/mode';
import type { Module } from '../nn/module';

/** A network that ends in global average pooling and one linear layer, as all in `models` do. */
export interface PooledNetwork extends Module {
  readonly avgpool: Module;
  readonly fc: Linear;
}

/**
 * Class activation maps (Zhou et al. 2016, arXiv:1512.04150): what each position of the last feature maps adds to each
 * class. With A the maps that go into the pooling, M_c = sum_k w_ck A_k, so the logit of class c is the mean of M_c over
 * all positions plus the bias of `fc`. That is exact; no gradient is needed.
 *
 * The network runs in evaluation mode; its modes are put back.
 *
 * @param x - pictures [N, H, W, 3] as the network takes them.
 * @returns maps [N, h, w, classes], h and w being the size of the last stage, and logits [N, classes]; the caller's.
 */
export function classActivationMaps(
  network: PooledNetwork,
  x: tf.Tensor4D,
): { maps: tf.Tensor4D; logits: tf.Tensor2D } {
  return inEvalMode(network, () => {
    const { input, result } = observe(network, network.avgpool, x, 'avgpool');
    const [count, height, width, channels] = input.shape;
    const { weight, outFeatures } = network.fc;
    const positions = input.reshape<tf.Tensor2D>([-1, channels]);
    const products = tf.matMul(positions, weight.value, false, true);
    return {
      maps: products.reshape([count, height, width, outFeatures]),
      logits: result as tf.Tensor2D,
    };
  });
}

/**
 * Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391): where the maps of any layer speak for a class. With A the layer's
 * output and y the logit of the class, relu(sum_k alpha_k A_k), where alpha_k is the mean over positions of dy / dA_k.
 * At the last stage it is, up to a factor (the number of positions) and the relu, the class activation map.
 *
 * The network runs in evaluation mode; its modes are put back, and no parameter's `grad` is touched.
 *
 * @param x - pictures [N, H, W, 3] as the network takes them.
 * @param layer - a module of the network whose output is [N, h, w, channels], such as `network.layer3`.
 * @param classes - the class that each picture is asked about; default the likeliest.
 * @returns maps [N, h, w], none below 0, and logits [N, classes]; the caller's.
 */
export function gradCam(
  network: Module,
  x: tf.Tensor4D,
  layer: Module,
  classes?: readonly number[],
): { maps: tf.Tensor3D; logits: tf.Tensor2D } {
  return inEvalMode(network, () => {
    const { output: activations, result } = observe(network, layer, x, '`layer`');
    const logits = result as tf.Tensor2D;
    const [count, outputs] = logits.shape;
    if (activations.rank !== 4)
      throw new Error(
        `gradCam: the layer's output must be [N, h, w, channels], this one's is [${activations.shape}].`,
      );
    if (
      classes &&
      (classes.length !== count || classes.some((c) => !Number.isInteger(c) || c < 0 || c >= outputs))
    )
      throw new Error(
        `gradCam: ${count} pictures need as many classes from 0 to ${outputs - 1}; got [${classes.join(', ')}].`,
      );
    const chosen = classes ? tf.tensor1d([...classes], 'int32') : tf.argMax<tf.Tensor1D>(logits, 1);
    const asked = tf.oneHot(chosen, outputs);
    // The answer as a function of what the layer gives. In evaluation mode no picture sees another, so the gradient of the
    // sum is each picture's own.
    const answer = (given: tf.Tensor): tf.Tensor => {
      const putBack = replaceForward(layer, () => given.clone());
      try {
        return tf.sum(tf.mul(network.forward(x), asked));
      } finally {
        putBack();
      }
    };
    const alpha = tf.mean(tf.grad(answer)(activations), [1, 2], true); // [N, 1, 1, channels]
    return { maps: tf.relu(tf.sum<tf.Tensor3D>(tf.mul(activations, alpha), 3)), logits };
  });
}

function inEvalMode<T extends tf.TensorContainer>(network: Module, work: () => T): T {
  const restore = evalForNow(network);
  try {
    return tf.tidy(work);
  } finally {
    restore();
  }
}
