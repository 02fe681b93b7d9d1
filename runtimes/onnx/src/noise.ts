/**
 * Standard normal noise that depends only on seed and position, not on platform, thread count or clip length:
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) keyed by the seed, with the
 * counter [block within the frame, latent frame, 0, 0]; Box-Muller in float64, rounded to float32 at the end.
 */
const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const TWO_POW_32 = 2 ** 32;

export type Words = [number, number, number, number];

/** One block of four u32 words. */
export function philox4x32(counter: Readonly<Words>, key: readonly [number, number]): Words {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * Noise for latents [channels, frames, height, width]. It is drawn per latent frame, so a longer clip of the same
 * seed begins with the same noise.
 * @param seed 0 … 2^53 - 1
 * @param first the latent frame of the seed's noise to begin with
 */
export function drawNoise(
  seed: number,
  shape: readonly [number, number, number, number],
  first = 0,
): Float32Array {
  const [channels, frames, height, width] = shape;
  const plane = height * width;
  const noise = new Float32Array(channels * frames * plane);
  const frameValues = new Float64Array(Math.ceil((channels * plane) / 4) * 4);
  const key: [number, number] = [seed % TWO_POW_32, Math.floor(seed / TWO_POW_32)];
  for (let frame = 0; frame < frames; frame++) {
    fillNormal(frameValues, first + frame, key);
    for (let channel = 0; channel < channels; channel++) {
      const target = (channel * frames + frame) * plane;
      for (let i = 0; i < plane; i++) noise[target + i] = frameValues[channel * plane + i]!;
    }
  }
  return noise;
}

function fillNormal(values: Float64Array, frame: number, key: readonly [number, number]): void {
  for (let block = 0; block * 4 < values.length; block++) {
    const words = philox4x32([block, frame, 0, 0], key);
    for (let pair = 0; pair < 4; pair += 2) {
      // (word + 0.5) / 2^32 lies strictly between 0 and 1, so the logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log((words[pair]! + 0.5) / TWO_POW_32));
      const angle = (2 * Math.PI * (words[pair + 1]! + 0.5)) / TWO_POW_32;
      values[block * 4 + pair] = radius * Math.cos(angle);
      values[block * 4 + pair + 1] = radius * Math.sin(angle);
    }
  }
}

/** Upper 32 bits of the product of two u32; exact, because each partial product stays below 2^53. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle % 65536);
  return aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536);
}
