// The layers of the networks, on grids of numbers in the memory of a WebAssembly module.
//
// A grid holds channels x height x width numbers, channel by channel. A text is a grid of
// height 1, a vector one of a single place; so a linear layer is a 1x1 convolution, and
// one matrix product does nearly all the work.
"use strict";

const PANEL = 8, ROWS = 4; // as in tools/tryit_kernel.py

const roundUp = (n, multiple) => Math.ceil(n / multiple) * multiple;

class Grids {
  /** `space`: how many numbers fit, weights and everything in between. */
  constructor(program, space) {
    const pages = Math.ceil((4 * space) / 65536);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const module = new WebAssembly.Module(program);
    this.program = new WebAssembly.Instance(module, { page: { memory } }).exports;
    this.numbers = new Float32Array(memory.buffer);
    this.places = new Int32Array(memory.buffer); // the same memory, read as addresses
    this.used = 0;
    this.zeros = this.take(4096); // where a product has no bias
  }

  /** The place of the next free numbers. All are 0 at first, later what was there. */
  take(count) {
    const at = this.used;
    this.used += roundUp(count, 16);
    if (this.used > this.numbers.length) throw new Error("The networks need more memory.");
    return at;
  }

  /** Run `work`, then use the memory that it took again. */
  within(work) {
    const before = this.used;
    const result = work();
    this.used = before;
    return result;
  }

  /** An empty grid. `row`: how far its channels lie apart, a multiple of 8. */
  grid(channels, height, width) {
    const row = roundUp(height * width, PANEL);
    return this.view(this.take(roundUp(channels, ROWS) * row), channels, height, width);
  }

  view(at, channels, height, width) {
    const row = roundUp(height * width, PANEL);
    const data = this.numbers.subarray(at, at + channels * row);
    return { at, channels, height, width, row, data };
  }

  /** Some channels of a grid, without a copy. */
  part(x, first, channels) {
    return this.view(x.at + first * x.row, channels, x.height, x.width);
  }

  /** Keep a tensor: matrices in rows that come in fours, as the product wants them. */
  keep(shape, values) {
    const rows = roundUp(shape[0], ROWS);
    const at = this.take((values.length / shape[0]) * rows);
    this.numbers.set(values, at);
    return { at, shape, data: this.numbers.subarray(at, at + values.length) };
  }

  // Convolutions ------------------------------------------------------------------

  /** A convolution, or a linear layer, which is a 1x1 convolution. */
  conv(x, weight, bias, stride = 1) {
    const [channels, , size = 1] = weight.shape;
    const height = Math.ceil(x.height / stride), width = Math.ceil(x.width / stride);
    const out = this.grid(channels, height, width);
    return this.within(() => {
      const inner = x.channels * size * size;
      const panels = this.unfolded(x, size, stride, height, width);
      this.multiply(weight.at, inner, 1, panels, bias.at, out, inner);
      return out;
    });
  }

  /** out = a b + bias; a's rows lie `aRow` numbers apart, its columns `aNext`. */
  multiply(a, aRow, aNext, panels, bias, out, inner) {
    this.program.product(
      4 * a, 4 * aRow, 4 * aNext, 4 * panels, 4 * bias, 4 * out.at, 4 * out.row,
      roundUp(out.channels, ROWS), inner, out.row / PANEL);
  }

  /** What a convolution sees at each place, a column each, in panels of 8 columns. */
  unfolded(x, size, stride, height, width) {
    const inner = x.channels * size * size, places = height * width;
    const at = this.take(inner * roundUp(places, PANEL));
    const edged = this.edged(x, (size - 1) / 2);
    const first = this.take(PANEL), seen = this.take(inner);
    for (let k = 0; k < inner; k++) {
      const channel = Math.floor(k / size ** 2), y = Math.floor(k / size) % size;
      const offset = channel * edged.height * edged.width + y * edged.width + (k % size);
      this.places[seen + k] = 4 * offset;
    }
    for (let panel = 0; panel < places; panel += PANEL) {
      for (let i = 0; i < PANEL; i++) {
        const place = Math.min(panel + i, places - 1), y = Math.floor(place / width);
        const offset = stride * (y * edged.width + (place % width));
        this.places[first + i] = 4 * (edged.at + offset);
      }
      this.program.gather(4 * (at + panel * inner), 4 * first, 4 * seen, inner);
    }
    return at;
  }

  /** A grid with an edge of zeros, its channels close together. */
  edged(x, edge) {
    const height = x.height + 2 * edge, width = x.width + 2 * edge;
    const at = this.take(x.channels * height * width);
    if (edge) this.numbers.fill(0, at, this.used);
    for (let c = 0; c < x.channels; c++) {
      for (let y = 0; y < x.height; y++) {
        const from = x.at + c * x.row + y * x.width;
        const to = at + c * height * width + (y + edge) * width + edge;
        for (let i = 0; i < x.width; i++) this.numbers[to + i] = this.numbers[from + i];
      }
    }
    return { at, height, width };
  }

  // Attention ---------------------------------------------------------------------

  /** softmax(query key^T / sqrt(d)) value, each a grid; every head has its channels. */
  attention(query, key, value, heads) {
    const out = this.grid(query.channels, query.height, query.width);
    const d = query.channels / heads, seen = key.height * key.width;
    for (let head = 0; head < heads; head++) {
      this.within(() => {
        const [q, k, v] = [query, key, value].map((x) => this.part(x, head * d, d));
        // A row for each key, a column for each place that asks.
        const weights = this.grid(seen, query.height, query.width);
        const asked = this.unfolded(q, 1, 1, q.height, q.width);
        this.multiply(k.at, 1, k.row, asked, this.zeros, weights, d);
        this.softmax(weights, 1 / Math.sqrt(d));
        const panels = this.unfolded(weights, 1, 1, q.height, q.width);
        const told = this.part(out, head * d, d);
        this.multiply(v.at, v.row, 1, panels, this.zeros, told, seen);
      });
    }
    return out;
  }

  /** In place: every column positive, with the sum 1. */
  softmax({ data, channels, row }, scale) {
    for (let place = 0; place < row; place++) {
      let most = -Infinity, sum = 0;
      for (let i = place; i < data.length; i += row) most = Math.max(most, data[i]);
      for (let i = place; i < data.length; i += row) {
        data[i] = Math.exp(scale * (data[i] - most));
        sum += data[i];
      }
      for (let i = place; i < data.length; i += row) data[i] /= sum;
    }
  }

  // Norms and the rest ------------------------------------------------------------

  /** Group norm: each group of channels to mean 0 and variance 1. */
  groupNorm(x, weight, bias, groups) {
    const out = this.grid(x.channels, x.height, x.width);
    const size = x.data.length / groups;
    for (let group = 0; group < groups; group++) {
      const { mean, spread } = spreadOf(x.data, group * size, (group + 1) * size, 1);
      for (let i = group * size; i < (group + 1) * size; i++) {
        const channel = Math.floor(i / x.row);
        out.data[i] = ((x.data[i] - mean) / spread) * weight.data[channel] + bias.data[channel];
      }
    }
    return out;
  }

  /** Layer norm: the channels of each place to mean 0 and variance 1. */
  layerNorm(x, weight, bias) {
    const out = this.grid(x.channels, x.height, x.width);
    for (let place = 0; place < x.height * x.width; place++) {
      const { mean, spread } = spreadOf(x.data, place, x.data.length, x.row);
      for (let channel = 0; channel < x.channels; channel++) {
        const i = channel * x.row + place;
        const normal = (x.data[i] - mean) / spread;
        out.data[i] = weight ? normal * weight.data[channel] + bias.data[channel] : normal;
      }
    }
    return out;
  }

  /** A new grid: f of every number. */
  map(x, f) {
    const out = this.grid(x.channels, x.height, x.width);
    for (let i = 0; i < x.data.length; i++) out.data[i] = f(x.data[i]);
    return out;
  }

  sum(x, y) {
    const out = this.grid(x.channels, x.height, x.width);
    for (let i = 0; i < x.data.length; i++) out.data[i] = x.data[i] + y.data[i];
    return out;
  }

  /** The channels of both. */
  both(x, y) {
    const out = this.grid(x.channels + y.channels, x.height, x.width);
    out.data.set(x.data);
    out.data.set(y.data, x.data.length);
    return out;
  }

  /** Twice the height and width, every number four times. */
  twice(x) {
    const out = this.grid(x.channels, 2 * x.height, 2 * x.width);
    for (let i = 0; i < out.data.length; i++) {
      const [channel, y, column] = placeOf(i, out);
      out.data[i] = x.data[channel * x.row + (y >> 1) * x.width + (column >> 1)];
    }
    return out;
  }

  /** Channels to squares of fold x fold places: torch's pixel_shuffle. */
  shuffled(x, fold) {
    const out = this.grid(x.channels / fold ** 2, fold * x.height, fold * x.width);
    for (let i = 0; i < out.data.length; i++) {
      const [channel, y, column] = placeOf(i, out);
      const from = channel * fold ** 2 + (y % fold) * fold + (column % fold);
      const place = Math.floor(y / fold) * x.width + Math.floor(column / fold);
      out.data[i] = x.data[from * x.row + place];
    }
    return out;
  }
}

/** Channel, y and x of a number of a grid. */
function placeOf(i, { row, width }) {
  const place = i % row;
  return [Math.floor(i / row), Math.floor(place / width), place % width];
}

/** The mean and the standard deviation of every `step`th number. */
function spreadOf(data, from, to, step) {
  let sum = 0, squares = 0, count = 0;
  for (let i = from; i < to; i += step, count++) sum += data[i];
  const mean = sum / count;
  for (let i = from; i < to; i += step) squares += (data[i] - mean) ** 2;
  return { mean, spread: Math.sqrt(squares / count + 1e-5) };
}

const silu = (x) => x / (1 + Math.exp(-x));

/** The exact GELU; erf by Abramowitz & Stegun, 7.1.26, right to 1.5e-7. */
function gelu(x) {
  const z = Math.abs(x) / Math.SQRT2, t = 1 / (1 + 0.3275911 * z);
  const p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t
    + 0.254829592) * t;
  const erf = 1 - p * Math.exp(-z * z);
  return 0.5 * x * (1 + Math.sign(x) * erf);
}
