// Numbers of 16 bits, as weights are kept in where room counts (IEEE 754, half precision).

let table = null; // every number of 16 bits

/** Numbers of 16 bits as floats, exactly. */
export function fromHalf(numbers) {
  table ??= Float32Array.from({ length: 65536 }, (_, bits) => valueOf(bits));
  return Float32Array.from(numbers, (bits) => table[bits]);
}

function valueOf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14);
}
