// What a layer of each type does, as steps for the engine: {operation, ...settings}, see operations.js.

const nothing = () => [];
const activated = (name, alpha) => (name === "linear" ? [] : [{ operation: "activate", name, alpha }]);
const pooling =
  (mode) =>
  ({ pool_size: size, strides: stride, padding }) => [{ operation: "pool", mode, size, stride, padding }];
const globally =
  (mode) =>
  ({ keepdims: keep }) => [{ operation: "global_pool", mode, keep }];

const combining = (mode) => () => [{ operation: "combine", mode }];

/** A rectifier with Keras' settings; files from before there were all of them leave some out. */
function rectified({ negative_slope: slope, max_value: most = null, threshold = 0 }) {
  if (threshold === 0 && most === null) return [{ operation: "leak", slope }];
  if (threshold === 0 && most === 6 && slope === 0) return activated("relu6");
  return [{ operation: "rectify", most: most ?? Infinity, slope, threshold }];
}

function convolved(config, { kernel, bias = null }) {
  const { strides: stride, padding, dilation_rate: dilation, groups = 1, activation } = config;
  if (groups > 1) throw new RangeError(`The page cannot compute a Conv2D in ${groups} groups yet, only in one.`);
  return [{ operation: "convolve", kernel, bias, stride, padding, dilation }, ...activated(activation)];
}

const STEPS = {
  Conv2D: convolved,
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
  Rescaling: ({ scale, offset }) => [{ operation: "rescale", scale, offset }],
  Activation: ({ activation }) => activated(activation),
  Softmax: () => activated("softmax"),
  ReLU: rectified,
  LeakyReLU: ({ negative_slope: slope }) => [{ operation: "leak", slope }],
  ELU: ({ alpha }) => activated("elu", alpha),
  Flatten: () => [{ operation: "flatten" }],
  Reshape: ({ target_shape: shape }) => [{ operation: "reshape", shape }],
  ZeroPadding2D: ({ padding }) => [{ operation: "zero_pad", padding }],
  Add: combining("add"),
  Subtract: combining("subtract"),
  Multiply: combining("multiply"),
  Average: combining("average"),
  Maximum: combining("maximum"),
  Minimum: combining("minimum"),
  Concatenate: ({ axis }) => [{ operation: "concatenate", axis }],
  // These change images in training only.
  Dropout: nothing,
  SpatialDropout2D: nothing,
  GaussianNoise: nothing,
  GaussianDropout: nothing,
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
    throw new RangeError(`The page does not know layers of type ${type} yet; it knows ${Object.keys(STEPS).join(", ")}.`);
  }
  return STEPS[type](config, weights);
}
