// How far out an image is: what convoscope.models.Rejection does in Python, which is where it is explained.

/** The score of `features`, what goes into the last dense layer; above `rejection.threshold` it is none of the classes. */
export function scoreOf(features, rejection) {
  const { centres, kernel, bias } = rejection;
  const [classes, size] = centres.shape;
  const length = Math.max(Math.hypot(...features), 1e-12);
  let cosine = -Infinity;
  const scores = Float64Array.from(bias.data);
  for (let each = 0; each < classes; each++) {
    let product = 0;
    for (let i = 0; i < size; i++) {
      product += (features[i] / length) * centres.data[each * size + i];
      scores[each] += features[i] * kernel.data[i * classes + each];
    }
    cosine = Math.max(cosine, product);
  }
  const most = Math.max(...scores);
  const energy = -(most + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - most), 0)));
  return (
    (1 - cosine - rejection.distance_mean) / rejection.distance_spread +
    (energy - rejection.energy_mean) / rejection.energy_spread
  );
}
