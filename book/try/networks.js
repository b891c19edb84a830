// The three networks: text encoder, U-Net and decoder. They are those of
// course_lib/networks (text_encoder.py, unet.py, autoencoder.py), layer by layer, and
// their weights have the same names.
"use strict";

class Networks {
  /** `tensors`: name to {shape, values}. `config`: text and unet from the card, decoder. */
  constructor(grids, tensors, config) {
    this.g = grids;
    this.config = config;
    this.weights = {};
    for (const [name, { shape, values }] of Object.entries(tensors)) {
      this.weights[name] = grids.keep(shape, values);
    }
  }

  // Layers, by the name of their weights --------------------------------------------

  layer(name, x, stride) {
    return this.g.conv(x, this.weights[`${name}.weight`], this.weights[`${name}.bias`], stride);
  }

  groupNorm(name, x) {
    const groups = commonDivisor(8, x.channels);
    const { [`${name}.weight`]: weight, [`${name}.bias`]: bias } = this.weights;
    return this.g.groupNorm(x, weight, bias, groups);
  }

  layerNorm(name, x) {
    return this.g.layerNorm(x, this.weights[`${name}.weight`], this.weights[`${name}.bias`]);
  }

  // The text encoder ----------------------------------------------------------------

  /** Tokens to one vector each: a grid of height 1, as wide as there are tokens. */
  readText(tokens) {
    const { g, weights, config } = this;
    const { width, blocks, heads } = config.text;
    const token = weights["text_encoder.token.weight"].data;
    const place = weights["text_encoder.place.weight"].data;
    let x = g.grid(width, 1, tokens.length);
    tokens.forEach((number, i) => {
      for (let c = 0; c < width; c++) {
        x.data[c * x.row + i] = token[number * width + c] + place[i * width + c];
      }
    });
    for (let i = 0; i < blocks; i++) x = this.textBlock(`text_encoder.blocks.${i}`, x, heads);
    return this.layerNorm("text_encoder.norm", x);
  }

  textBlock(name, x, heads) {
    const { g } = this;
    const together = this.layer(`${name}.to_query_key_value`, this.layerNorm(`${name}.norm_1`, x));
    const [query, key, value] = this.split(together, 3);
    x = g.sum(x, this.layer(`${name}.out`, g.attention(query, key, value, heads)));
    const wide = g.map(this.layer(`${name}.wide`, this.layerNorm(`${name}.norm_2`, x)), gelu);
    return g.sum(x, this.layer(`${name}.narrow`, wide));
  }

  /** The channels of a grid in equal parts. */
  split(x, parts) {
    const channels = x.channels / parts;
    return Array.from({ length: parts }, (_, i) => this.g.part(x, i * channels, channels));
  }

  // The U-Net -----------------------------------------------------------------------

  /** Predict the target for x_t, a grid, at step t, told a text by `readText`. */
  denoise(x_t, t, text) {
    const { g } = this;
    const { widths, blocks } = this.config.unet;
    const last = widths.length - 1;
    const told = g.map(g.sum(this.timeVector(t), this.gist(text)), silu);
    let h = this.layer("unet.into", x_t);
    const skips = [];
    for (let i = 0; i <= last; i++) {
      for (let j = 0; j < blocks; j++) {
        h = this.residual(`unet.down.${i}.blocks.${j}`, h, told);
        skips.push(h);
      }
      if (i === last) {
        h = this.listen(`unet.down.${i}.listen`, this.look(`unet.down.${i}.look`, h), text);
      } else {
        h = this.layer(`unet.shrink.${i}`, h, 2);
      }
    }
    h = this.residual("unet.middle", h, told);
    for (let i = 0; i <= last; i++) {
      for (let j = 0; j < blocks; j++) {
        h = this.layer(`unet.up.${i}.merges.${j}`, g.both(h, skips.pop()));
        h = this.residual(`unet.up.${i}.blocks.${j}`, h, told);
      }
      if (i === 0) h = this.look("unet.up.0.look", h);
      h = this.listen(`unet.up.${i}.listen`, h, text);
      if (i < last) h = this.layer(`unet.grow.${i}`, g.twice(h));
    }
    h = this.layer("unet.out", g.map(h, silu));
    h = this.layer("unet.refine", g.both(g.map(h, silu), x_t));
    return this.layer("unet.last", g.map(h, silu));
  }

  /** The step as a vector: sines and cosines, then two layers. */
  timeVector(t) {
    const { g } = this, half = this.config.unet.widths[0];
    const wave = g.grid(2 * half, 1, 1);
    for (let i = 0; i < half; i++) {
      const angle = t * Math.exp((-Math.log(10000) * i) / half);
      wave.data[i * wave.row] = Math.cos(angle);
      wave.data[(half + i) * wave.row] = Math.sin(angle);
    }
    return this.layer("unet.time.2", g.map(this.layer("unet.time.0", wave), silu));
  }

  /** The whole text as a vector: the mean over its tokens, projected. */
  gist(text) {
    const { g } = this;
    const mean = g.grid(text.channels, 1, 1);
    for (let c = 0; c < text.channels; c++) {
      const token = text.data.subarray(c * text.row, c * text.row + text.width);
      mean.data[c * mean.row] = token.reduce((sum, x) => sum + x, 0) / text.width;
    }
    return this.layer("unet.gist.out", g.layerNorm(this.layer("unet.gist.turn", mean)));
  }

  /** Two convolutions; time and text scale and shift the channels in between. */
  residual(name, x, told) {
    const { g } = this;
    let h = this.layer(`${name}.conv_1`, g.map(this.groupNorm(`${name}.norm_1`, x), silu));
    h = this.groupNorm(`${name}.norm_2`, h);
    const [scale, shift] = this.split(this.layer(`${name}.scale_and_shift`, told), 2);
    for (let i = 0; i < h.data.length; i++) {
      const c = Math.floor(i / h.row);
      h.data[i] = silu(h.data[i] * (1 + scale.data[c * scale.row]) + shift.data[c * shift.row]);
    }
    return g.sum(x, this.layer(`${name}.conv_2`, h));
  }

  /** Self-attention: every place looks at all others. */
  look(name, x) {
    const together = this.layer(`${name}.to_query_key_value`, this.groupNorm(`${name}.norm`, x));
    const seen = this.g.attention(...this.split(together, 3), 4);
    return this.g.sum(x, this.layer(`${name}.out`, seen));
  }

  /** Cross-attention: every place looks at the words. */
  listen(name, x, text) {
    const query = this.layer(`${name}.to_query`, this.groupNorm(`${name}.norm`, x));
    const [key, value] = this.split(this.layer(`${name}.to_key_value`, text), 2);
    return this.g.sum(x, this.layer(`${name}.out`, this.g.attention(query, key, value, 4)));
  }

  // The decoder ---------------------------------------------------------------------

  /** A latent, a grid, to a picture of three channels, roughly in [-1, 1]. */
  decode(z) {
    const { g } = this;
    const { widths, decoder_blocks } = this.config.decoder;
    let h = this.bounded("decoder.0", z);
    // The numbers of its layers, as torch counts them: blocks, enlarge, convolve.
    for (let i = widths.length - 1, number = 1; i >= 0; i--, number += 3) {
      for (let j = 0; j < decoder_blocks; j++) {
        const name = `decoder.${number}.${j}`;
        const inside = this.bounded(`${name}.conv_1`, g.map(h, silu));
        h = g.sum(h, this.bounded(`${name}.conv_2`, g.map(inside, silu)));
      }
      if (i > 0) h = this.bounded(`decoder.${number + 2}`, g.twice(h));
    }
    h = g.shuffled(this.bounded("unfold", g.map(h, silu)), 2);
    h = this.bounded("refine", g.map(h, silu));
    return this.layer("last", g.map(h, silu));
  }

  /** A convolution whose channels stay within the range that they had in training. */
  bounded(name, x) {
    const out = this.layer(name, x);
    const low = this.weights[`${name}.low`].data, high = this.weights[`${name}.high`].data;
    for (let i = 0; i < out.data.length; i++) {
      const c = Math.floor(i / out.row);
      out.data[i] = Math.min(Math.max(out.data[i], low[c]), high[c]);
    }
    return out;
  }
}

const commonDivisor = (a, b) => (b === 0 ? a : commonDivisor(b, a % b));
