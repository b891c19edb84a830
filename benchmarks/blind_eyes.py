"""What do people see who do not know which pictures are real? Sheets, and their tally.

    python benchmarks/blind_eyes.py sheets runs/blind
    python benchmarks/blind_eyes.py tally runs/blind grades.json

`sheets` mixes the painter's pictures with real ones on numbered sheets. Give a stranger
the sheets, never key.json, and ask for one line a picture: {"picture": 7, "flaw": 2,
"why": "no head", "subjects": ["turtle"]}. A flaw of 0 is none, 1 a blemish, 2 a clear
flaw, 3 a picture that is broken. `tally` takes the files of several strangers.
"""

import argparse
import json
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from course_lib.chance import TRIAL, generator_for
from course_lib.device import data_folder, use_all_cores
from course_lib.figures.figure import Row, png_bytes, sheet
from course_lib.judging.choosing import best_of
from course_lib.judging.evaluation import FRESH
from course_lib.judging.fidelity import Prompts, prompts_of
from course_lib.judging.inspection import shared_inspector
from course_lib.judging.metrics import Share
from course_lib.judging.people import read_prompts
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.painters.pipeline import TextToImage

KINDS = ("one animal", "two animals", "accessory", "ears")
PEOPLE = data_folder() / "prompts" / "people.json"
COLUMNS, ROWS = 6, 4
CLEAR = 2  # the grade from which a flaw counts


def asked_of(n: int, seed: int) -> dict[str, Prompts]:
    """n prompts of each kind, and as many that people wrote."""
    asked = {kind: prompts_of(kind, n, FRESH + seed, 64) for kind in KINDS}
    everyone = read_prompts(PEOPLE)
    order = torch.randperm(len(everyone.texts), generator=generator_for(seed, TRIAL))
    chosen = order[:n].tolist()
    return asked | {
        "people": Prompts(
            [everyone.texts[i] for i in chosen], [everyone.asked[i] for i in chosen]
        )
    }


def make_sheets(folder: Path, weights: str, n: int, seed: int, pick: int = 1) -> None:
    """Draw, mix and number; the key says what each number is."""
    painter = TextToImage.from_pretrained(weights)
    seeds = range(seed, seed + pick)
    pictures, key = [], []  # key[i] is about pictures[i], until they are mixed
    for kind, prompts in asked_of(n, seed).items():
        pictures.extend(
            best_of(partial(painter, prompts.texts), prompts.texts, seeds)[0]
        )
        key += [{"kind": kind, "prompt": text} for text in prompts.texts]
        if prompts.real is not None:
            half = n // 2
            pictures.extend(prompts.real[:half])
            key += [{"kind": "real", "prompt": text} for text in prompts.texts[:half]]
    order = torch.randperm(len(key), generator=generator_for(seed + 1, TRIAL)).tolist()
    pictures = torch.stack([pictures[i] for i in order])
    for number, is_clean in enumerate(shared_inspector(64).clean(pictures).tolist()):
        key[order[number]] |= {"picture": number, "clean": is_clean}
    write_sheets(folder, pictures)
    key.sort(key=lambda one: one["picture"])
    (folder / "key.json").write_text(json.dumps(key, indent=1), encoding="utf-8")


def write_sheets(folder: Path, pictures: Tensor) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(range(0, len(pictures), COLUMNS * ROWS), 1):
        stop = min(start + COLUMNS * ROWS, len(pictures))
        rows = [
            Row("", pictures[at:to], [str(i) for i in range(at, to)])
            for at in range(start, stop, COLUMNS)
            for to in [min(at + COLUMNS, stop)]
        ]
        (folder / f"sheet_{number}.png").write_bytes(png_bytes(sheet(rows, zoom=4)))


def tally(folder: Path, files: list[Path]) -> dict[str, Share]:
    """What the strangers saw, all their lines together."""
    key = json.loads((folder / "key.json").read_text(encoding="utf-8"))
    graded = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    seen = [line | key[line["picture"]] for lines in graded for line in lines]
    verdicts = [set() for _ in key]  # of all strangers, on each picture
    for line in seen:
        verdicts[line["picture"]].add(line["flaw"] >= CLEAR)
    alike = sum(len(said) == 1 for said in verdicts)
    found = {"strangers_agree": Share(alike, len(key))}
    for kind in dict.fromkeys(line["kind"] for line in key):
        found |= flawed([line for line in seen if line["kind"] == kind], kind)
    ours = [line for line in seen if line["kind"] != "real"]
    clean = sum(line["clean"] for line in ours)
    agreed = sum(line["clean"] == (line["flaw"] < CLEAR) for line in ours)
    return (
        flawed(ours, "ours")
        | found
        | {
            "ours_clean_to_the_inspector": Share(clean, len(ours)),
            "inspector_agrees": Share(agreed, len(ours)),
        }
    )


def flawed(lines: list[dict], kind: str) -> dict[str, Share]:
    """The share with a clear flaw, and the share where the stranger saw none at all."""
    name = kind.replace(" ", "_")
    clear = sum(line["flaw"] >= CLEAR for line in lines)
    none = sum(line["flaw"] == 0 for line in lines)
    return {
        f"{name}_clear_flaw": Share(clear, len(lines)),
        f"{name}_flawless": Share(none, len(lines)),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("sheets", "tally"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("grades", type=Path, nargs="*", help="files of the strangers")
    parser.add_argument("--weights", default="latent")
    parser.add_argument("--n", type=int, default=16, help="prompts of each kind")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--pick", type=int, default=1, help="as of generate")
    add_save(parser)
    options = parser.parse_args(arguments)
    if options.what == "sheets":
        use_all_cores()
        how = (options.weights, options.n, options.seed, options.pick)
        return make_sheets(options.folder, *how)
    if not options.grades:
        raise SystemExit("Name the files with the strangers' grades.")
    found = tally(options.folder, options.grades)
    for name, value in found.items():
        print(f"{name}={100 * value.value:.1f}  # {value}")
    if options.save:
        command = script_command(arguments)
        save_results(options.save, found, command, [options.weights, "inspector-64"])


if __name__ == "__main__":
    main()
