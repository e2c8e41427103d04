// The engine's public face.
export * from "./activation.js";
export { createEngine } from "./client.js";
export * from "./convolution.js";
export * from "./dense.js";
export * from "./enlarging.js";
export { axis, padIndices, sourceIndex, windows } from "./geometry.js";
export { fromHalf } from "./half.js";
export * from "./joins.js";
export { layersOf, mainValue } from "./main-output.js";
export { readModel } from "./model.js";
export { Network, untrained } from "./network.js";
export * from "./normalization.js";
export * from "./pooling.js";
export { OPERATIONS, operationOf, rectified } from "./operations.js";
export { Program } from "./program.js";
export * from "./seeing.js";
export { tensor } from "./tensor.js";
export { takeWeights } from "./weights.js";
