// The painter at work beside the page, so that the page stays alive.
//
// It is sent {start}, {draw} and {stop}, and says {ready}, {step}, {done} and {failed}.
"use strict";

let painter = null;
let drawing = 0; // the number of the request at work; another number stops it

onmessage = async ({ data }) => {
  try {
    if (data.start) {
      const { program, card, weights } = data.start;
      painter = new Painter(program, card, tensorsFrom(card.tensors, weights));
      postMessage({ ready: true });
    } else if (data.stop) {
      drawing = 0;
    } else if (data.draw) {
      await draw(data.draw);
    }
  } catch (error) {
    postMessage({ failed: String(error.message || error) });
  }
};

async function draw({ number, prompt, seed, pictures, scale }) {
  drawing = number;
  for (const step of painter.draw(prompt, seed, pictures, scale)) {
    postMessage({ step, number });
    await new Promise((resolve) => setTimeout(resolve)); // time to hear "stop"
    if (drawing !== number) break;
  }
  postMessage({ done: drawing === number, number });
}

/** The weights by name, as float32. The lower bytes of all come first, then the upper. */
function tensorsFrom(list, bytes) {
  const upper = bytes.length / 2;
  let at = 0;
  const tensors = {};
  for (const { name, shape, type } of list) {
    const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
    const toFloat = type === "bfloat16" ? fromBfloat16 : fromFloat16;
    for (let i = 0; i < values.length; i++, at++) {
      values[i] = toFloat(bytes[at] | (bytes[upper + at] << 8));
    }
    tensors[name] = { shape, values };
  }
  return tensors;
}

const bits = new Uint32Array(1), asFloat = new Float32Array(bits.buffer);

/** bfloat16 is the upper half of a float32. */
function fromBfloat16(half) {
  bits[0] = half << 16;
  return asFloat[0];
}

/** IEEE half precision: 1 bit sign, 5 bits exponent, 10 bits fraction. */
function fromFloat16(half) {
  const sign = half & 0x8000 ? -1 : 1, exponent = (half >> 10) & 31, fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
