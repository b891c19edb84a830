// The noise of a picture: the same numbers as course_lib/chance.py and torch.randn draw
// for this seed.
"use strict";

const WORD_64 = (1n << 64n) - 1n;
const GOLDEN = 0x9e3779b97f4a7c15n, SALT = 0x632be59bd9b4e019n;

/** The mixing step of splitmix64 (Steele et al. 2014): 64 bits in, 64 bits out. */
function scramble(bits) {
  bits = ((bits ^ (bits >> 30n)) * 0xbf58476d1ce4e5b9n) & WORD_64;
  bits = ((bits ^ (bits >> 27n)) * 0x94d049bb133111ebn) & WORD_64;
  return bits ^ (bits >> 31n);
}

/** What torch's generator is seeded with, for integers such as (seed, picture). */
function seedFor(...numbers) {
  let state = GOLDEN;
  for (const number of numbers) {
    const salted = (BigInt(number) + SALT) & WORD_64;
    state = scramble(state ^ salted);
  }
  return state;
}

/** The Mersenne Twister (Matsumoto & Nishimura 1998), which torch uses on the CPU. */
class MersenneTwister {
  constructor(seed) {
    this.state = new Uint32Array(624);
    this.state[0] = Number(seed & 0xffffffffn);
    for (let i = 1; i < 624; i++) {
      const before = this.state[i - 1] ^ (this.state[i - 1] >>> 30);
      this.state[i] = Math.imul(1812433253, before) + i;
    }
    this.used = 624;
  }

  twist() {
    const s = this.state;
    for (let i = 0; i < 624; i++) {
      const mixed = (s[i] & 0x80000000) | (s[(i + 1) % 624] & 0x7fffffff);
      s[i] = s[(i + 397) % 624] ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
    }
    this.used = 0;
  }

  /** The next number in [0, 1), with 24 random bits: as many as float32 holds. */
  uniform() {
    if (this.used === 624) this.twist();
    let y = this.state[this.used++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return (y & 0xffffff) / 0x1000000;
  }
}

/** The stream of noise of picture `index` of a seed, as PictureNoise in samplers.py. */
class PictureNoise {
  constructor(seed, index) {
    this.twister = new MersenneTwister(seedFor(seed, index));
  }

  /** The next numbers from N(0, 1); `count` is a multiple of 16. */
  next(count) {
    const noise = Float32Array.from({ length: count }, () => this.twister.uniform());
    // Box & Muller (1958): two uniform numbers become two normal ones. Torch pairs each
    // number with the one eight places further on.
    for (let i = 0; i < count; i += i % 16 === 7 ? 9 : 1) {
      const radius = Math.sqrt(-2 * Math.log(1 - noise[i]));
      const angle = 2 * Math.PI * noise[i + 8];
      noise[i] = radius * Math.cos(angle);
      noise[i + 8] = radius * Math.sin(angle);
    }
    return noise;
  }
}
