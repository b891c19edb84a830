// From a prompt to tokens: byte-pair encoding, as in course_lib/networks/tokenizer.py.
"use strict";

const START = 1, END = 2, FIRST_BYTE = 3;

// What Python's str.split() splits at, and what nobody can see (course_lib/typed.py).
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029"
  + "\\u202f\\u205f\\u3000";
const UNSEEN = new RegExp(`(?![${SPACE}])[\\p{Cc}\\p{Cf}\\u034f\\ufe0e\\ufe0f]`, "gu");
const SPACES = new RegExp(`[${SPACE}]+`, "u");
// Words with the space before them, and punctuation. Python's \w has no accents alone.
const PIECE = / ?[\p{L}\p{N}_]+| ?[^\s\p{L}\p{N}_]+|\s/gu;
const WORD = /[\p{L}\p{N}_]+/gu;

/** A prompt in lower case, with single spaces and without invisible characters. */
function tidy(prompt) {
  const seen = prompt.replace(UNSEEN, "").toLowerCase();
  return seen.split(SPACES).filter(Boolean).join(" ");
}

class Tokenizer {
  /** `merges`: the pairs of tokens that become one, in the order of learning. */
  constructor(merges) {
    this.madeBy = new Map(merges.map((pair, i) => [String(pair), FIRST_BYTE + 256 + i]));
  }

  /** The tokens of one piece: its bytes, then every merge that fits, oldest first. */
  encodePiece(piece) {
    let tokens = Array.from(new TextEncoder().encode(piece), (byte) => FIRST_BYTE + byte);
    for (;;) {
      let oldest = Infinity;
      for (let i = 0; i + 1 < tokens.length; i++) {
        const made = this.madeBy.get(`${tokens[i]},${tokens[i + 1]}`);
        if (made < oldest) oldest = made;
      }
      if (oldest === Infinity) return tokens;
      tokens = this.merged(tokens, oldest);
    }
  }

  /** Replace each pair that makes the token `made`, from left to right. */
  merged(tokens, made) {
    const after = [];
    for (let i = 0; i < tokens.length; i++) {
      const pair = `${tokens[i]},${tokens[i + 1]}`;
      if (this.madeBy.get(pair) === made) {
        after.push(made);
        i++;
      } else {
        after.push(tokens[i]);
      }
    }
    return after;
  }

  /** The tokens of a tidy text. */
  encode(text) {
    return (text.match(PIECE) || []).flatMap((piece) => this.encodePiece(piece));
  }

  /** What the network reads: START, the text, END, cut to the length that it knows. */
  read(prompt, length) {
    return [START, ...this.encode(tidy(prompt)).slice(0, length - 2), END];
  }

  /** Words of a prompt that have no token of their own and are not in `known`. */
  unknownWords(prompt, known) {
    const words = new Set(tidy(prompt).match(WORD) || []);
    const isNew = (word) => !known.has(word) && this.encodePiece(" " + word).length > 1;
    return [...words].filter(isNew);
  }
}
