// The same network at another time.

/** Puts the weights of `others` into the tensors of `layers`, all of them or, on an error, none. */
export function takeWeights(layers, others) {
  const pairs = layers.flatMap(({ weights }, position) =>
    Object.entries(weights).map(([name, { data }]) => [data, others[position]?.weights[name]?.data]),
  );
  if (layers.length !== others.length || pairs.some(([to, from]) => from?.length !== to.length))
    throw new RangeError("These weights are of another network.");
  for (const [to, from] of pairs) to.set(from);
}
