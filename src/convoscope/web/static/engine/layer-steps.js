// What a layer of each type does, as steps for the engine: {operation, ...settings}, see operations.js.

const nothing = () => [];
const activated = (name, alpha) => (name === "linear" ? [] : [{ operation: "activate", name, alpha }]);
const pooling =
  (mode) =>
  ({ pool_size: size, strides: stride, padding }) => [{ operation: "pool", mode, size, stride, padding }];
const globally =
  (mode) =>
  ({ keepdims: keep }) => [{ operation: "global_pool", mode, keep }];

/** Each channel with kernels of its own: as a convolution of as many groups as there are channels. */
const depthwise = ({ strides: stride, padding, dilation_rate: dilation }, { data, shape }, bias) => {
  const [height, width, channels, multiplier] = shape;
  const kernel = { data, shape: [height, width, 1, channels * multiplier] };
  return { operation: "convolve", kernel, bias, stride, padding, dilation, groups: channels };
};
const resizing = (size, keep, bilinear = true, fill = 0) => ({ operation: "resize", size, keep, bilinear, fill });
const combining = (mode) => () => [{ operation: "combine", mode }];

const STEPS = {
  Conv2D: ({ strides, padding, dilation_rate: dilation, groups = 1, activation }, { kernel, bias = null }) => [
    { operation: "convolve", kernel, bias, stride: strides, padding, dilation, groups },
    ...activated(activation),
  ],
  DepthwiseConv2D: (config, { kernel, bias = null }) => [depthwise(config, kernel, bias), ...activated(config.activation)],
  SeparableConv2D: (config, { depthwise_kernel: first, pointwise_kernel: kernel, bias = null }) => [
    depthwise(config, first, null),
    { operation: "convolve", kernel, bias, stride: [1, 1], padding: "valid", dilation: [1, 1], groups: 1 },
    ...activated(config.activation),
  ],
  Conv2DTranspose: (config, { kernel, bias = null }) => {
    const { strides: stride, padding, output_padding: outputPadding, dilation_rate: dilation } = config;
    return [
      { operation: "convolve_transposed", kernel, bias, stride, padding, outputPadding, dilation },
      ...activated(config.activation),
    ];
  },
  UpSampling2D: ({ size, interpolation }) => [{ operation: "enlarge", size, bilinear: interpolation === "bilinear" }],
  Dense: ({ activation }, { kernel, bias = null }) => [{ operation: "dense", kernel, bias }, ...activated(activation)],
  MaxPooling2D: pooling("max"),
  MinPooling2D: pooling("min"),
  AveragePooling2D: pooling("average"),
  GlobalMaxPooling2D: globally("max"),
  GlobalAveragePooling2D: globally("average"),
  BatchNormalization: ({ epsilon }, { gamma = null, beta = null, moving_mean: mean, moving_variance: variance }) => [
    { operation: "batch_normalize", gamma, beta, mean, variance, epsilon },
  ],
  LayerNormalization: ({ axis, epsilon }, { gamma = null, beta = null }) => [
    { operation: "normalize_sample", axes: axis.length, groups: 1, byChannel: false, gamma, beta, epsilon },
  ],
  GroupNormalization: ({ groups, epsilon }, { gamma = null, beta = null }) => [
    { operation: "normalize_sample", axes: 0, groups, byChannel: true, gamma, beta, epsilon },
  ],
  UnitNormalization: ({ axis }) => [{ operation: "normalize_unit", axes: axis.length }],
  LocalResponseNormalization: ({ depth_radius: radius, bias, alpha, beta }) => {
    const [before, after = before] = [radius].flat();
    return [{ operation: "normalize_beside", before, after, bias, alpha, beta }];
  },
  Normalization: ({ axis, mean, variance, invert: inverted }, weights) => {
    const numbers = (constant, weight) => (constant === null ? weight.data : [constant].flat(Infinity));
    const known = { mean: numbers(mean, weights.mean), variance: numbers(variance, weights.variance) };
    return [{ operation: "standardize", axis, inverted, ...known }];
  },
  Permute: ({ dims }) => [{ operation: "permute", dims }],
  RepeatVector: ({ n: times }) => [{ operation: "repeat", times }],
  Resizing: ({ height, width, interpolation, crop_to_aspect_ratio: crop, pad_to_aspect_ratio: pad, fill_value: fill }) => [
    resizing([height, width], crop ? "crop" : pad ? "pad" : null, interpolation === "bilinear", fill),
  ],
  CenterCrop: ({ height, width }) => [resizing([height, width], "cut")],
  RandomCrop: ({ height, width }) => [resizing([height, width], "crop")], // in training at random
  Rescaling: ({ scale, offset }) => [{ operation: "rescale", scale, offset }],
  Activation: ({ activation }) => activated(activation),
  Softmax: () => activated("softmax"),
  ReLU: ({ negative_slope: slope, max_value: most = null, threshold = 0 }) =>
    most === null && !threshold ? [{ operation: "leak", slope }] : [{ operation: "rectify", most, slope, threshold }],
  PReLU: (_, { alpha }) => [{ operation: "leak_each", alpha }],
  LeakyReLU: ({ negative_slope: slope }) => [{ operation: "leak", slope }],
  ELU: ({ alpha }) => activated("elu", alpha),
  Flatten: () => [{ operation: "flatten" }],
  Reshape: ({ target_shape: shape }) => [{ operation: "reshape", shape }],
  ZeroPadding2D: ({ padding }) => [{ operation: "zero_pad", padding }],
  Cropping2D: ({ cropping }) => [{ operation: "crop", cropping }],
  Add: combining("add"),
  Subtract: combining("subtract"),
  Multiply: combining("multiply"),
  Average: combining("average"),
  Maximum: combining("maximum"),
  Minimum: combining("minimum"),
  Divide: combining("divide"),
  Concatenate: ({ axis }) => [{ operation: "concatenate", axis }],
  // These change images in training only.
  Dropout: nothing,
  SpatialDropout2D: nothing,
  GaussianDropout: nothing,
  GaussianNoise: nothing,
  AlphaDropout: nothing,
  RandomFlip: nothing,
  RandomTranslation: nothing,
  RandomRotation: nothing,
  RandomErasing: nothing,
  RandomZoom: nothing,
  RandomContrast: nothing,
  RandomBrightness: nothing,
};

/** The steps of a layer of that type; `weights` are tensors by name. */
export function stepsOf(type, config, weights) {
  if (!Object.hasOwn(STEPS, type)) {
    throw new RangeError(`The page does not support layers of type ${type} yet; it supports ${Object.keys(STEPS).join(", ")}.`);
  }
  return STEPS[type](config, weights);
}
