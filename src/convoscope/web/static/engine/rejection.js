// When a picture is none of the classes: what models/rejection.py computes, here.

/**
 * How far out features (Float32Array) are: how far they point away from the centres of all classes, and how little any
 * class has for them, each in standard deviations of held-out images. Above the rejection's threshold they are none.
 */
export function outlying(features, rejection) {
  const { distance, energy } = distanceAndEnergy(features, rejection);
  return (
    (distance - rejection.distance_mean) / rejection.distance_spread +
    (energy - rejection.energy_mean) / rejection.energy_spread
  );
}

/** 1 minus the cosine to the nearest centre, and minus the logarithm of the summed exponentials of the scores. */
export function distanceAndEnergy(features, { centres, kernel, bias }) {
  const classes = centres.shape[0];
  const size = features.length;
  const length = Math.max(Math.sqrt(features.reduce((sum, x) => sum + x * x, 0)), 1e-12);
  const cosines = Array.from({ length: classes }, (_, c) => {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += features[i] * centres.data[c * size + i];
    return sum / length;
  });
  const scores = Array.from({ length: classes }, (_, c) => {
    let sum = bias.data[c];
    for (let i = 0; i < size; i++) sum += features[i] * kernel.data[i * classes + c];
    return sum;
  });
  const most = Math.max(...scores);
  const energy = -(most + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - most), 0)));
  return { distance: 1 - Math.max(...cosines), energy };
}
