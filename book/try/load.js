// Loading: the weights come as scripts, because a page that was opened from a folder may
// load nothing else, and the worker comes from a text, for the same reason.
"use strict";

/** The weights as bytes. `tell` hears how much of them is there, 0..1. */
async function loadWeights(tell) {
  if (!("DecompressionStream" in self) || !("WebAssembly" in self)) throw tooOld();
  if (!WebAssembly.validate(bytesOf(PROGRAM))) throw tooOld();
  for (let i = 0; i < CARD.pieces; i++) {
    tell(i / CARD.pieces);
    await loadScript(`weights-${i}.js`);
  }
  tell(1);
  return unpacked(PIECES.splice(0).join(""));
}

/** A worker that is ready to draw. */
async function startWorker(weights) {
  const worker = new Worker(URL.createObjectURL(new Blob([WORKER])));
  const ready = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.ready ? resolve() : reject(new Error(data.failed)));
    worker.onerror = (event) => reject(new Error(event.message));
  });
  worker.postMessage({ start: { program: bytesOf(PROGRAM), card: CARD, weights } });
  await ready;
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
