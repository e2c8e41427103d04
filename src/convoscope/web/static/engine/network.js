// A trained model that runs whole and keeps what every layer made; filters can be switched off, numbers changed.
// Positions are those of its layers; the model's inputs come before them, so that of one input the position is −1.

import { SATURATING, mainValue } from "./main-output.js";
import { operationOf } from "./operations.js";
import { generator } from "./random.js";
import { count, tensor } from "./tensor.js";

const ACTIVATING = ["activate", "rectify", "leak"]; // operations

export class Network {
  #dirty = new Set(); // positions of layers that must be computed again

  /** `model`: from model.js; its weights are read and, by `set`, written. */
  constructor(model) {
    this.model = model;
    this.layers = model.layers;
    this.silenced = this.layers.map(() => new Set());
    this.inputs = []; // of the model
    this.outputs = []; // of each layer, silenced channels at 0
    this.between = []; // what each step of each layer takes
    this.touch();
  }

  /** Every layer's output for inputs; computed anew is only what depends on something that has changed. */
  run(inputs = this.inputs) {
    const first = inputs.length;
    const changed = new Set(inputs.flatMap((input, value) => (input === this.inputs[value] ? [] : [value])));
    this.layers.forEach((layer, position) => {
      if (layer.inputs.some((value) => changed.has(value))) this.#dirty.add(position);
      if (this.#dirty.has(position)) changed.add(first + position);
    });
    this.inputs = inputs;
    for (const position of [...this.#dirty].sort((a, b) => a - b)) {
      this.#compute(position);
      this.#dirty.delete(position);
    }
    return this.outputs;
  }

  #compute(position) {
    const { steps, inputs } = this.layers[position];
    let value = inputs.map((each) => this.value(each));
    const taken = [];
    for (const step of steps) {
      const operation = operationOf(step);
      const given = operation.joins ? [value].flat() : [value].flat()[0];
      taken.push(given);
      value = operation.forward(given, step);
    }
    value = [value].flat()[0];
    this.between[position] = taken;
    this.outputs[position] = this.silenced[position].size ? withoutChannels(value, this.silenced[position]) : value;
  }

  /** The tensor of a value: of an input, or of what a layer made. */
  value(number) {
    const first = this.model.inputShapes.length;
    return number < first ? this.inputs[number] : this.outputs[number - first];
  }

  /** Switches a channel of a layer's output off or on; its values are then 0, to all that read them. */
  silence(position, channel, off) {
    if (off) this.silenced[position].add(channel);
    else this.silenced[position].delete(channel);
    this.#dirty.add(position);
  }

  /** Changes one number of a layer's weight: in all calls of the layer. */
  set(position, weight, index, value) {
    const { weights, first } = this.layers[position];
    weights[weight].data[index] = value;
    this.layers.forEach((layer, each) => layer.first === first && this.#dirty.add(each));
  }

  /** All weights may be others: the next run computes everything. */
  touch() {
    this.layers.forEach((_, position) => this.#dirty.add(position));
  }

  /**
   * The gradient of a class' score by the output of the layer at `position`, or by an input before the layers. A softmax
   * or sigmoid at the end is left out. Of several outputs it is the main one's score.
   */
  gradient(position, classIndex) {
    const first = this.model.inputShapes.length;
    const target = position + first;
    const last = mainValue(this.model, (value) => this.value(value).shape);
    const score = tensor(this.value(last).shape);
    if (score.data.length === 1) score.data[0] = classIndex ? 1 : -1; // one score speaks for class 1
    else score.data[classIndex] = 1;
    return this.#pulled(target, last, score, SATURATING);
  }

  /**
   * The gradient of one value of the layer at `position`, by its flat index, by the first input. An activation function at the
   * layer's end is left out, for its gradient may be 0 everywhere, and so are channels that are off there.
   */
  gradientOf(position, unit) {
    const first = this.model.inputShapes.length;
    const one = tensor(this.outputs[position].shape);
    one.data[unit] = 1;
    return this.#pulled(0, position + first, one, null);
  }

  /**
   * The gradient by the value `target` where that of the value `last` is known. `skipped` names the activation functions that
   * are left out at the end; null: all of them, and channels that are off.
   */
  #pulled(target, last, known, skipped) {
    const first = this.model.inputShapes.length;
    const between = this.#behind(target);
    const gradients = new Map([[last, known]]);
    for (let value = last; value > target && value >= first; value--) {
      const gradient = gradients.get(value);
      if (!gradient || !between.has(value)) continue;
      gradients.delete(value);
      const { inputs } = this.layers[value - first];
      this.#back(value - first, gradient, value === last, skipped).forEach((found, which) => {
        if (between.has(inputs[which])) gradients.set(inputs[which], added(gradients.get(inputs[which]), found));
      });
    }
    return gradients.get(target) ?? tensor(this.value(target).shape);
  }

  /** The values that a value has a part in, itself among them. */
  #behind(target) {
    const found = new Set([target]);
    this.layers.forEach(({ inputs }, position) => {
      if (inputs.some((value) => found.has(value))) found.add(position + this.model.inputShapes.length);
    });
    return found;
  }

  /** The gradient by each value that a layer reads, from that of its output. */
  #back(position, gradient, isLast, skipped) {
    if (this.silenced[position].size && !(isLast && !skipped)) gradient = withoutChannels(gradient, this.silenced[position]);
    const { steps } = this.layers[position];
    for (let i = steps.length - 1; i >= 0; i--) {
      if (isLast && i === steps.length - 1 && isLeftOut(steps[i], skipped)) continue;
      gradient = operationOf(steps[i]).backward([gradient].flat()[0], this.between[position][i], steps[i]);
    }
    return [gradient].flat();
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

/** The same model with weights that have learned nothing: Glorot uniform kernels, everything else as at the start. */
export function untrained(model, seed = 1) {
  const random = generator(seed);
  const first = { gamma: 1, moving_variance: 1 };
  const swapped = new Map();
  const freshOf = (name, old) => {
    if (!swapped.has(old.data)) {
      const fresh = tensor(old.shape);
      if (name.endsWith("kernel")) fillGlorot(fresh, random);
      else fresh.data.fill(first[name] ?? 0);
      swapped.set(old.data, fresh.data);
    }
    return { data: swapped.get(old.data), shape: old.shape };
  };
  const layers = model.layers.map((layer) => {
    const weights = Object.fromEntries(Object.entries(layer.weights).map(([name, old]) => [name, freshOf(name, old)]));
    const steps = layer.steps.map((step) =>
      Object.fromEntries(
        Object.entries(step).map(([name, value]) => [name, swapped.has(value?.data) ? freshOf(name, value) : value]),
      ),
    );
    return { ...layer, weights, steps };
  });
  return { ...model, layers };
}

function fillGlorot({ data, shape }, random) {
  const window = count(shape.slice(0, -2));
  const limit = Math.sqrt(6 / (window * (shape.at(-2) + shape.at(-1))));
  data.forEach((_, i) => (data[i] = (2 * random() - 1) * limit));
}

function isLeftOut({ operation, name }, skipped) {
  return skipped ? skipped.includes(name) : ACTIVATING.includes(operation);
}

function withoutChannels({ data, shape }, off) {
  const channels = shape.at(-1);
  const kept = data.slice();
  for (const channel of off) for (let i = channel; i < kept.length; i += channels) kept[i] = 0;
  return tensor(shape, kept);
}

function added(one, other) {
  if (!one) return other;
  return tensor(
    one.shape,
    one.data.map((value, i) => value + other.data[i]),
  );
}
