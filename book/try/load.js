// Loading: the weights come as scripts, because a page that was opened from a folder may
// load nothing else, and the worker comes from a text, for the same reason.
"use strict";

/** A worker that is ready to draw. `tell` hears how much of the weights is there, 0..1. */
async function loadPainter(tell) {
  if (!("DecompressionStream" in self) || !("WebAssembly" in self)) throw tooOld();
  for (let i = 0; i < CARD.pieces; i++) {
    tell(i / CARD.pieces);
    await loadScript(`weights-${i}.js`);
  }
  const weights = await unpacked(PIECES.splice(0).join(""));
  const worker = new Worker(URL.createObjectURL(new Blob([WORKER])));
  const program = bytesOf(PROGRAM);
  if (!WebAssembly.validate(program)) throw tooOld();
  const ready = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.ready ? resolve() : reject(new Error(data.failed)));
    worker.onerror = (event) => reject(new Error(event.message));
  });
  // The buffer moves: two copies of the weights would be one too many.
  worker.postMessage({ start: { program, card: CARD, weights } }, [weights.buffer]);
  await ready;
  tell(1);
  return worker;
}

function tooOld() {
  return new Error("This browser is too old for this page: use one from 2023 or later.");
}

function loadScript(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = name;
    script.onload = resolve;
    script.onerror = () =>
      reject(new Error(`${name} is missing: copy the whole folder of this page.`));
    document.body.append(script);
  });
}

/** The bytes of a base64 text. */
function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** The bytes of a gzip archive in base64. */
async function unpacked(text) {
  const stream = new Blob([bytesOf(text)]).stream();
  const plain = stream.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}
