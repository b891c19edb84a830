// The page: what is asked for, the pictures, and the strip of steps.
"use strict";

const EXAMPLES = [
  "a frog on stilts",
  "an orange rabbit with an umbrella in the snow",
  "a red bird left of a blue fish",
  "a yellow bird with a top hat at sunset",
  "a white bear with a balloon",
  "a bat on stilts on the beach",
];
const NARROW = matchMedia("(max-width: 56rem)"); // the pictures stand below the form
const SAVED_SIDE = 512; // pixels of a saved picture: each of ours becomes a square

const $ = (id) => document.getElementById(id);
const last = CARD.steps.length - 1;
const known = new Set(CARD.known);
const tokenizer = new Tokenizer(CARD.merges);

let weights = null;
const workers = []; // one at first; four pictures share as many as there are cores
let request = { number: 0 }; // what is being drawn, or was
let drawings = []; // one a picture: {canvas, steps}, each step {t, noisy, guess}
let chosen = 0; // the picture whose steps the strip shows

// Drawing ---------------------------------------------------------------------------

async function draw(pictures) {
  if (!workers.length || !$("form").reportValidity()) return;
  const prompt = $("prompt").value, seed = $("seed").value, scale = Number($("scale").value);
  request = { number: request.number + 1, prompt, seed, pictures, begun: performance.now() };
  const asked = request;
  say("Drawing.");
  showPictures();
  if (NARROW.matches && asked.number > 1) $("pictures").scrollIntoView({ block: "nearest" });
  $("progress").value = 0;
  $("stop").disabled = false;
  $("save").disabled = $("step").disabled = true;
  for (const worker of workers) worker.postMessage({ stop: true });
  await startWorkers(Math.min(pictures, navigator.hardwareConcurrency || 1));
  if (asked !== request) return; // meanwhile another was asked for
  asked.working = Math.min(pictures, workers.length);
  for (let i = 0; i < asked.working; i++) {
    const own = drawings.map((_, picture) => picture).filter((p) => p % asked.working === i);
    const { number } = asked;
    workers[i].postMessage({ draw: { number, prompt, seed: BigInt(seed), pictures: own, scale } });
  }
}

async function startWorkers(count) {
  while (workers.length < count) {
    const worker = await startWorker(weights);
    worker.onmessage = heard;
    workers.push(worker);
  }
}

function heard({ data }) {
  if (data.failed) return say(`It stopped: ${data.failed}`);
  if (data.number !== request.number) return; // of a request that was given up
  if (data.step) return heardStep(data.step);
  request.working -= 1;
  if (request.working === 0) finish();
}

function finish() {
  const whole = drawings.every(({ steps }) => steps.length === last + 1);
  const seconds = (performance.now() - request.begun) / 1000 / request.pictures;
  say(whole ? `Done: ${seconds.toFixed(1)} seconds a picture on this computer.` : "Stopped.");
  $("stop").disabled = true;
  $("step").disabled = $("save").disabled = !whole;
}

function heardStep({ picture, step, t, noisy, guess }) {
  const drawing = drawings[picture];
  drawing.steps[step] = { t, noisy, guess };
  paint(drawing.canvas, noisy);
  if (picture === chosen) {
    paint(cell(0, step), noisy);
    paint(cell(1, step), guess);
    markStep(step);
  }
  const done = drawings.reduce((sum, { steps }) => sum + steps.length, 0);
  $("progress").value = done / ((last + 1) * request.pictures);
  if (picture === chosen) say(`Drawing: step ${step} of ${last}.`);
}

/** The number of no request: what is at work, or about to be, is given up. */
function stop() {
  request = { ...request, number: request.number + 1 };
  for (const worker of workers) worker.postMessage({ stop: true });
  finish();
}

// Pictures --------------------------------------------------------------------------

/** New empty pictures, each with a button to choose it, if there are more than one. */
function showPictures() {
  chosen = 0;
  drawings = Array.from({ length: request.pictures }, () => ({ canvas: newCanvas(), steps: [] }));
  const labels = drawings.map(({ canvas }, i) => {
    canvas.setAttribute("role", "img");
    const words = request.prompt.trim() || "nothing in particular";
    canvas.setAttribute("aria-label", `Picture ${i + 1}, drawn for: ${words}`);
    const label = document.createElement("label"), radio = document.createElement("input");
    Object.assign(radio, { type: "radio", name: "picture", checked: i === 0 });
    radio.onchange = () => choose(i);
    label.append(radio, canvas);
    return label;
  });
  $("pictures").replaceChildren(...labels);
  $("pictures").classList.toggle("several", request.pictures > 1);
  showStrip();
}

function choose(picture) {
  chosen = picture;
  showStrip();
}

function newCanvas() {
  return Object.assign(document.createElement("canvas"), { width: CARD.size, height: CARD.size });
}

function paint(canvas, bytes) {
  canvas.getContext("2d").putImageData(new ImageData(bytes, CARD.size), 0, 0);
}

/** The chosen picture as a file of SAVED_SIDE pixels. */
function save() {
  const large = newCanvas();
  large.width = large.height = SAVED_SIDE;
  const context = large.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(drawings[chosen].canvas, 0, 0, SAVED_SIDE, SAVED_SIDE);
  large.toBlob((blob) => {
    const words = tidy(request.prompt).replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60) || "picture";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${words}-${request.seed}-${chosen}.png`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
}

// The strip of steps ------------------------------------------------------------------

/** A column for each step: the noisy picture above, the guess below. */
function showStrip() {
  const names = ["the noisy picture", "its guess"].map((words) => {
    return Object.assign(document.createElement("span"), { className: "row", textContent: words });
  });
  const columns = CARD.steps.map((_, step) => {
    const column = document.createElement("div");
    column.append(newCanvas(), newCanvas());
    column.onclick = () => showStep(step);
    return column;
  });
  const head = document.createElement("div");
  head.append(...names);
  $("strip").replaceChildren(head, ...columns);
  drawings[chosen].steps.forEach(({ noisy, guess }, step) => {
    paint(cell(0, step), noisy);
    paint(cell(1, step), guess);
  });
  showStep(drawings[chosen].steps.length - 1);
}

function cell(row, step) {
  return $("strip").children[step + 1].children[row];
}

/** Show the pictures as they were at a step. */
function showStep(step) {
  drawings.forEach(({ canvas, steps }) => steps[step] && paint(canvas, steps[step].noisy));
  markStep(step);
}

function markStep(step) {
  const strip = $("strip"), now = strip.children[step + 1];
  for (const column of strip.children) column.classList.toggle("now", column === now && step >= 0);
  strip.scrollLeft = step < 0 ? 0 : now.offsetLeft - strip.clientWidth / 2;
  $("step").value = step;
  $("step-value").textContent = step < 0 ? "" : `step ${step} of ${last}`;
}

// What is asked for -------------------------------------------------------------------

/** A remark on words that it may not follow, before it draws. */
function remark() {
  const prompt = $("prompt").value, words = tokenizer.unknownWords(prompt, known);
  const most = CARD.config.text.length - 2;
  const said = [];
  if (!tidy(prompt)) said.push("An empty prompt asks for nothing: any picture will do.");
  if (words.length) {
    const more = words.length > 5 ? ` and ${words.length - 5} more` : "";
    said.push(`Words that it may not know: ${words.slice(0, 5).join(", ")}${more}.`);
  }
  if (tokenizer.encode(tidy(prompt)).length > most) {
    said.push("The prompt is long: its end is not read.");
  }
  $("remark").textContent = said.join(" ");
}

function showExamples() {
  $("examples").append(...EXAMPLES.map((words) => {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.textContent = words;
    button.onclick = () => {
      $("prompt").value = words;
      remark();
      draw(1);
    };
    return button;
  }));
}

function showScale() {
  const usual = Number($("scale").value) === CARD.guidance_scale ? " (usual)" : "";
  $("scale-value").textContent = $("scale").value + usual;
}

function say(words) {
  $("status").textContent = words;
}

// The beginning -----------------------------------------------------------------------

$("form").onsubmit = (event) => {
  event.preventDefault();
  draw(1);
};
// Enter draws, as in a line of a form; Shift and Enter begin a new line.
$("prompt").onkeydown = (event) => {
  if (event.key !== "Enter" || event.shiftKey) return;
  event.preventDefault();
  draw(1);
};
$("prompt").oninput = remark;
$("four").onclick = () => draw(4);
$("stop").onclick = stop;
$("save").onclick = save;
$("dice").onclick = () => {
  $("seed").value = Math.floor(Math.random() * 1e6);
  draw(1);
};
$("scale").oninput = showScale;
$("step").oninput = () => showStep(Number($("step").value));
$("scale").value = CARD.guidance_scale;
$("numbers").textContent = `${(CARD.numbers / 1e6).toFixed(1)} million`;
$("step").max = last;
showScale();
showExamples();

async function begin() {
  weights = await loadWeights((share) => {
    $("progress").value = share;
    say(`Loading: ${Math.round(100 * share)} %.`);
  });
  await startWorkers(1);
  $("draw").disabled = $("four").disabled = false;
  draw(1); // the page begins with a picture, and knows how long one takes here
}

begin().catch((error) => say(error.message));
