// A trained model that runs whole and keeps what every layer made; filters can be switched off, numbers changed.

import { operationOf } from "./operations.js";
import { count, tensor } from "./tensor.js";

const SATURATING = ["softmax", "sigmoid"];

export class Network {
  /** `layers`: of a model from model.js; their weights are read and, by `set`, written. */
  constructor(layers) {
    this.layers = layers;
    this.silenced = layers.map(() => new Set());
    this.outputs = []; // of each layer, silenced channels at 0
    this.inputs = []; // of each layer's steps
    this.input = null;
  }

  /** Every layer's output for an input; from the first layer `from` on, where nothing below has changed. */
  run(input = this.input, from = 0) {
    const first = input === this.input ? Math.min(from, this.outputs.length) : 0;
    this.input = input;
    this.outputs.length = this.inputs.length = first;
    for (let position = first; position < this.layers.length; position++) {
      let value = position ? this.outputs[position - 1] : input;
      const inputs = [];
      for (const step of this.layers[position].steps) {
        inputs.push(value);
        value = operationOf(step).forward(value, step);
      }
      this.inputs.push(inputs);
      this.outputs.push(this.silenced[position].size ? withoutChannels(value, this.silenced[position]) : value);
    }
    return this.outputs;
  }

  /** Switches a channel of a layer's output off or on; its values are then 0. */
  silence(position, channel, off) {
    if (off) this.silenced[position].add(channel);
    else this.silenced[position].delete(channel);
  }

  /** Changes one number of a layer's weight. */
  set(position, weight, index, value) {
    this.layers[position].weights[weight].data[index] = value;
  }

  /**
   * The gradient of a class' score by the output of the layer at `position`; by the input at −1. A softmax or sigmoid at
   * the end is left out.
   */
  gradient(position, classIndex) {
    const last = this.layers.length - 1;
    let gradient = tensor(this.outputs[last].shape);
    if (gradient.data.length === 1) gradient.data[0] = classIndex ? 1 : -1; // one score speaks for class 1
    else gradient.data[classIndex] = 1;
    for (let at = last; at > position; at--) {
      if (this.silenced[at].size) gradient = withoutChannels(gradient, this.silenced[at]);
      const { steps } = this.layers[at];
      for (let i = steps.length - 1; i >= 0; i--) {
        if (at === last && i === steps.length - 1 && SATURATING.includes(steps[i].name)) continue;
        gradient = operationOf(steps[i]).backward(gradient, this.inputs[at][i], steps[i]);
      }
    }
    return gradient;
  }

  /**
   * Where the layer at `position` has evidence for a class: its maps, each weighted by the mean of its gradient
   * (Grad-CAM), or each value by its own (HiResCAM). A map (height, width, 1), below 0 against the class.
   */
  evidence(position, classIndex, method = "grad_cam") {
    const maps = this.outputs[position];
    const [height, width, channels] = maps.shape;
    const gradient = this.gradient(position, classIndex).data;
    const means = new Float64Array(channels);
    gradient.forEach((value, i) => (means[i % channels] += value / (height * width)));
    const result = tensor([height, width, 1]);
    maps.data.forEach((value, i) => {
      result.data[Math.floor(i / channels)] += value * (method === "grad_cam" ? means[i % channels] : gradient[i]);
    });
    return result;
  }
}

/** The same layers with weights that have learned nothing: Glorot uniform kernels, everything else as at the start. */
export function untrained(layers, seed = 1) {
  const random = generator(seed);
  const first = { gamma: 1, moving_variance: 1 };
  return layers.map((layer) => {
    const swapped = new Map();
    const weights = Object.fromEntries(
      Object.entries(layer.weights).map(([name, old]) => {
        const fresh = tensor(old.shape);
        if (name === "kernel") fillGlorot(fresh, random);
        else fresh.data.fill(first[name] ?? 0);
        swapped.set(old, fresh);
        return [name, fresh];
      }),
    );
    const steps = layer.steps.map((step) =>
      Object.fromEntries(Object.entries(step).map(([name, value]) => [name, swapped.get(value) ?? value])),
    );
    return { ...layer, weights, steps };
  });
}

function fillGlorot({ data, shape }, random) {
  const window = count(shape.slice(0, -2));
  const limit = Math.sqrt(6 / (window * (shape.at(-2) + shape.at(-1))));
  data.forEach((_, i) => (data[i] = (2 * random() - 1) * limit));
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function withoutChannels({ data, shape }, off) {
  const channels = shape.at(-1);
  const kept = data.slice();
  for (const channel of off) for (let i = channel; i < kept.length; i += channels) kept[i] = 0;
  return tensor(shape, kept);
}
