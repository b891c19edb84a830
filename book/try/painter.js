// From noise to pictures: guidance and the sampler, as in course_lib/diffusion.
"use strict";

class Painter {
  /** `card`: what tools/tryit.py wrote; `tensors`: name to {shape, values}. */
  constructor(program, card, tensors) {
    let weights = 0;
    for (const { values } of Object.values(tensors)) weights += values.length + 1024;
    this.g = new Grids(program, weights + SPACE_TO_WORK);
    this.networks = new Networks(this.g, tensors, card.config);
    this.card = card;
    this.tokenizer = new Tokenizer(card.merges);
  }

  /**
   * Draw some pictures of a seed for one prompt, all together; `pictures` has their
   * numbers. Yields after each step of each: {picture, step, t, noisy, guess}, the
   * latter two as bytes RGBA. n steps yield n + 1 times, and the last is the picture.
   */
  *draw(prompt, seed, pictures, scale) {
    const { card } = this;
    const text = this.read(prompt), nothing = this.read("");
    const count = card.channels * card.side ** 2;
    const drawings = pictures.map((picture) => {
      const noise = new PictureNoise(seed, picture);
      return { picture, noise, x: noise.next(count), last: null };
    });
    for (let step = 0; step < card.steps.length; step++) {
      const now = card.steps[step], next = card.steps[step + 1];
      for (const drawing of drawings) {
        const x_t = drawing.x;
        let guess = x_t; // at t = 0 nothing is left to guess
        if (next) {
          guess = this.guess(x_t, now, text, nothing, scale);
          const withChance = card.sampler === "dpm_solver_sde" && next.t > 0;
          const fresh = withChance ? drawing.noise.next(count) : null;
          drawing.x = solverStep(x_t, guess, drawing.last, now, next, fresh);
          drawing.last = { guess, at: now };
        }
        const noisy = this.decode(x_t);
        const clean = next ? this.decode(guess) : noisy;
        yield { picture: drawing.picture, step, t: now.t, noisy, guess: clean };
      }
    }
  }

  /** What the text encoder says of a prompt: its numbers, and how many tokens it has. */
  read(prompt) {
    const tokens = this.tokenizer.read(prompt, this.card.config.text.length);
    return this.g.within(() =>
      ({ numbers: this.networks.readText(tokens).data.slice(), width: tokens.length }));
  }

  /** x_0_hat: the guess of the clean latent, guided by the text. */
  guess(x_t, now, text, nothing, scale) {
    const output = this.predict(x_t, now.t, text);
    if (now.guided && scale !== 1) {
      const without = this.predict(x_t, now.t, nothing);
      for (let i = 0; i < output.length; i++) {
        output[i] = without[i] + scale * (output[i] - without[i]);
      }
    }
    return output.map((out, i) => cleanGuess(this.card.target, out, x_t[i], now));
  }

  predict(x_t, t, text) {
    const { g, card } = this;
    return g.within(() => {
      const x = g.grid(card.channels, card.side, card.side);
      x.data.set(x_t);
      const told = g.grid(card.config.text.width, 1, text.width);
      told.data.set(text.numbers);
      return this.networks.denoise(x, t, told).data.slice();
    });
  }

  /** A latent as a picture: bytes RGBA. */
  decode(latent) {
    const { g, card } = this;
    return g.within(() => {
      const z = g.grid(card.channels, card.side, card.side);
      z.data.set(latent.map((x) => x / card.latent_scale));
      const { data, row } = this.networks.decode(z);
      const bytes = new Uint8ClampedArray(4 * row).fill(255);
      for (let i = 0; i < row; i++) {
        // Assigning rounds half to even and clamps, as torch does.
        for (let c = 0; c < 3; c++) bytes[4 * i + c] = (data[c * row + i] + 1) * 127.5;
      }
      return bytes;
    });
  }
}

const SPACE_TO_WORK = 2 ** 23; // numbers, 32 MiB; the decoder needs about half

/** x_0_hat from what the network was trained to predict (objective.py). */
function cleanGuess(target, output, x_t, { a, b, b_dot }) {
  if (target === "x_0") return output;
  if (target === "eps") return (x_t - b * output) / a;
  return b_dot * x_t - b * output;
}

/**
 * One step of DPM-Solver++ 2M (Lu et al. 2022), from `now` to `next` (samplers.py); with
 * `fresh` noise that of SDE-DPM-Solver++. Both end in the guess itself.
 */
function solverStep(x_t, guess, last, now, next, fresh) {
  const halfLogSnr = ({ a, b }) => Math.log(a / b);
  // Along the line through the last guess and this one, to the middle of the step.
  const further = last && next.t > 0
    ? (halfLogSnr(next) - halfLogSnr(now)) / (halfLogSnr(now) - halfLogSnr(last.at)) / 2
    : 0;
  const ahead = guess.map((x, i) => further === 0 ? x : x + further * (x - last.guess[i]));
  if (!fresh) {
    const keep = next.b / now.b;
    return x_t.map((x, i) => keep * x + (next.a - now.a * keep) * ahead[i]);
  }
  // How much of the noise there was is kept; fresh noise makes up for the rest.
  const shrunk = (now.a * next.b) / (now.b * next.a), other = 1 - shrunk ** 2;
  const keep = (shrunk * next.b) / now.b, loud = next.b * Math.sqrt(other);
  return x_t.map((x, i) => keep * x + next.a * other * ahead[i] + loud * fresh[i]);
}
