"""The command `evaluate`: how good are trained weights?"""

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from course_lib.cards import kind_of
from course_lib.checkpoint import load_weights
from course_lib.commands.options import (
    AsJson,
    AsTyped,
    Guidance,
    Sampler,
    Weights,
    bad_input,
    path,
    say_json,
)
from course_lib.device import best_device, use_all_cores
from course_lib.painters.painter import usual_calls
from course_lib.painters.pipeline import BY_LABEL, LabelToImage, TextToImage
from course_lib.painters.rivals import LOADERS as RIVALS
from course_lib.shown import remark, tell

MEASURED_BY = {  # the kinds that are measured beside another network, by a script
    **dict.fromkeys(RIVALS, "rivals"),
    **dict.fromkeys(("lora", "word", "control"), "finetuning"),
    **dict.fromkeys(("film denoiser", "film judge"), "films"),
    "autoencoder": "autoencoder_table",
}
JUDGED = ("critters", "cifar10")  # what a judge must judge to be measured
LARGEST = 256  # pixels along a side, at which a judge may be tested


def evaluate(
    called: typer.Context,
    # One command for all kinds of network: the card names the kind, so the user need
    # not. An option that is meant for another kind is refused, never ignored.
    weights: Weights = BY_LABEL,
    n: Annotated[
        int | None,
        typer.Option(
            help="Pictures a seed: 2048; 1000 for a pair, 500 a kind of prompt."
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="How often to repeat, each time with another seed.")
    ] = 3,
    calls: Annotated[
        int | None,
        typer.Option(
            help="Network calls a picture. By default 50, 20 for prompts; 4 after "
            "`distil`."
        ),
    ] = None,
    guidance: Guidance = None,
    sampler: Sampler = None,
    size: Annotated[
        int | None,
        typer.Option(help="Picture size on which to test a reader: its own."),
    ] = None,
    prompts: Annotated[
        Path | None,
        typer.Option(
            parser=path, help="A text file of prompts, or .json with what they ask for."
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Only this kind of prompt, such as ears; repeatable."),
    ] = None,
    two_sample: Annotated[
        bool,
        typer.Option(
            "--two-sample", help="Train a network to tell ours from real ones."
        ),
    ] = False,
    fid: Annotated[
        bool,
        typer.Option(
            "--fid", help="The Frechet distance of papers, with Inception's features."
        ),
    ] = False,
    as_typed: AsTyped = False,
    save: Annotated[
        Path | None,
        typer.Option(parser=path, help="Save the results: benchmarks/results/X.json."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure trained weights: how good their pictures, or their answers, are.

    Example: python -m course_lib evaluate --weights critters --n 2048 --seeds 3
    """
    use_all_cores()
    with bad_input():
        card = load_weights(weights)[1]
        kind = card.get("kind")
        if kind in MEASURED_BY:
            script = f"python benchmarks/{MEASURED_BY[kind]}.py"
            what = f"{weights} holds {kind_of(card)}"
            raise ValueError(f"{what}, a kind that {script} measures.")
        # A measurement takes minutes, so whatever could fail after it is tried before
        # it.
        if save:
            from course_lib.judging.results import check_place

            check_place(save)
        if (prompts or only or two_sample) and kind != "text denoiser":
            raise ValueError(
                "--prompts, --only and --two-sample need weights that take prompts, "
                f"not {weights}."
            )
        if prompts and only:
            raise ValueError("--only chooses among our prompts: leave out --prompts.")
        if two_sample and (prompts or only):
            raise ValueError("--two-sample draws prompts of its own: it stands alone.")
        if fid and kind != "denoiser":
            raise ValueError(
                f"--fid needs weights that draw labels, which have real pictures to "
                f"compare with, not {weights}."
            )
        if as_typed and kind != "text denoiser":
            raise ValueError(
                f"--as-typed needs weights that take prompts, not {weights}."
            )
        if size is not None and kind not in ("judge", "inspector"):
            raise ValueError(f"--size needs weights that judge, not {weights}.")
    settings = dict(guidance_scale=guidance, sampler=sampler)
    # For a pair, n is also the number of pictures among which a text must find its own.
    # For prompts, n counts each kind, so `evaluate_prompts` has a smaller default.
    pictures = n if n is not None else {"pair": 1000}.get(kind, 2048)
    if kind == "inspector":
        found, lines = evaluate_inspector(weights, pictures, seeds, size)
    elif kind == "judge":
        found, lines = evaluate_judge(weights, pictures, seeds, size)
    elif kind == "text denoiser":
        # Calls and not steps: samplers and guidance take one to four calls per step,
        # and a picture costs its calls, so only these can be compared.
        settings["calls"] = usual_calls(card, 20) if calls is None else calls
        with bad_input():
            painter = TextToImage.from_pretrained(weights, best_device(), as_typed)
        if two_sample:
            found, lines = evaluate_apart(painter, n, seeds, settings)
        else:
            found, lines = evaluate_prompts(painter, n, seeds, settings, prompts, only)
    elif kind == "pair":
        found, lines = evaluate_pair(weights, pictures, seeds)
    else:
        settings["calls"] = usual_calls(card, 50) if calls is None else calls
        found, lines = evaluate_denoiser(weights, pictures, seeds, settings, fid)
    tell(*lines)
    if save:
        from course_lib.judging import results

        with bad_input():
            told, names = results.figures(found), taking_part(weights, card)
            results.save_results(save, told, command_line(called), names, seeds)
    if as_json:
        say_json(dict(weights=weights) | found)


def command_line(called: typer.Context) -> str:
    """The command as typed, without options that change no number."""
    words = ["python", "-m", "course_lib", called.command.name]
    for option in called.command.params:
        # Only what was typed: this goes into a file of results, for typing again.
        source = called.get_parameter_source(option.name)
        if source.name != "COMMANDLINE" or option.name in ("save", "as_json"):
            continue
        given = called.params[option.name]
        for one in given if isinstance(given, list | tuple) else [given]:
            words += [option.opts[0]] if one is True else [option.opts[0], str(one)]
    return shlex.join(words)


def taking_part(weights: str, card: dict) -> list[str]:
    """The weights that are measured, those that they draw through, and their judges."""
    # A result depends on all of these: once one of them is replaced,
    # tools/fill_numbers.py calls the result stale. A judge or a pair has no judge.
    size = 64 if card.get("size") == 64 else 32
    of_prompts = [f"reader-{size}", f"inspector-{size}"]
    judges = {"judge": [], "inspector": [], "pair": [], "text denoiser": of_prompts}
    judge = "cifar10-classifier" if card.get("data") == "cifar10" else "reader-32"
    through = [card["autoencoder"]] if card.get("autoencoder") else []
    return [weights, *through, *judges.get(card["kind"], [judge])]


def evaluate_judge(weights: str, n: int, seeds: int, size: int | None):
    """Return the results as a dict, and as lines for people."""
    from course_lib.judging import evaluation as ev
    from course_lib.networks.judge import load_judge

    with bad_input():
        ev.check_size(n, seeds)
        judge, data = load_judge(weights), load_weights(weights)[1].get("data")
        if data not in JUDGED:
            raise ValueError(
                f"{weights} judges pictures of {data!r}, and only judges of "
                f"{' and '.join(JUDGED)} are measured here."
            )
        own = judge.config["size"]
        size = max(own, 32) if size is None else size
        # A judge shrinks larger pictures by a whole factor, and cannot add detail.
        if not own <= size <= LARGEST or size < 32 or size % own:
            raise ValueError(
                f"--size must be 32, 64, ... for this judge, a multiple of {own}, at "
                f"most {LARGEST}; got {size}."
            )
        # Loaded in here, so that missing photos are reported as bad input.
        if data == "cifar10":
            ev.load_cifar10("test")
    found = ev.measure_judge(judge, data, n, seeds, size)
    return found, ev.as_table(found)


def evaluate_inspector(weights: str, n: int, seeds: int, size: int | None):
    """Return the results as a dict, and as lines for people."""
    from course_lib.judging import inspection as ins

    with bad_input():
        ins.check_size(n, seeds)
        inspector = ins.Inspector.from_pretrained(weights)
        own = inspector.network.config["size"]
        if size not in (None, own):
            raise ValueError(f"--size must be {own} for this inspector; got {size}.")
    found = ins.measure_inspector(inspector, n, seeds)
    return found, ins.inspection_table(found)


def evaluate_pair(weights: str, n: int, seeds: int):
    """Return the results as a dict, and as lines for people."""
    from course_lib.judging import retrieval as rt
    from course_lib.networks.contrastive import Matcher

    with bad_input():
        rt.check_size(n, seeds)
        matcher = Matcher.from_pretrained(weights, best_device())
    found = rt.measure_pair(matcher, n, seeds)
    return found, rt.pair_table(found)


def evaluate_denoiser(weights: str, n: int, seeds: int, settings: dict, fid: bool):
    """Return the results as a dict, and as lines for people.

    Args:
        fid: measure the official distance, and nothing else
    """
    from course_lib.judging import evaluation as ev

    # Everything that can be refused is refused in here, before the first picture is
    # drawn; from then on a ValueError is our own mistake, and keeps its traceback.
    with bad_input():
        painter = LabelToImage.from_pretrained(weights, best_device())
        how = {name: x for name, x in settings.items() if name != "calls"}
        how["steps"] = painter.way_within(**settings).steps
        ev.check_denoiser(painter, n, seeds, how)
        if fid:
            from course_lib.judging.official_fid import FidError, inception_metric

            try:  # before anything is drawn, which takes minutes
                inception_metric()
            except FidError as missing:
                raise ValueError(str(missing)) from missing
    if fid:
        from course_lib.judging.official_fid import measure_fid

        found = measure_fid(painter, n, seeds, how)
        return found, [f"FID, n = {n}: {found['fid']['mean']:.2f}"]
    found = ev.measure_denoiser(painter, n, seeds, **settings)
    return found, ev.as_table(found)


def evaluate_prompts(
    painter: TextToImage,
    n: int | None,
    seeds: int,
    settings: dict,
    file: Path | None,
    only: list[str] | None,
):
    """Measure a painter by the prompts in a file, or by all or some kinds of prompt.

    Args:
        n: prompts of each kind, or of the file, if not all
        settings: guidance_scale, sampler, calls
        only: the kinds, if not all

    Returns:
        the results as a dict, and as lines for people
    """
    from course_lib.judging import evaluation as ev
    from course_lib.judging import fidelity as fi

    with bad_input():
        how = {name: x for name, x in settings.items() if name != "calls"}
        way = painter.way_within(**settings)
        # Any prompt will do: this tests whether steps, guidance and sampler go
        # together.
        painter.prepare([""], way.steps, **how)
        if file:
            ev.check_seeds(seeds)
            if n is not None and n > ev.MOST:
                raise ValueError(f"--n must lie in 1..{ev.MOST}; got {n}.")
            asked = asked_in(file, n)
    # The values used, so that a file of results says more than "the default".
    facts = dict(kind="text denoiser", seeds=seeds, as_typed=painter.as_typed)
    facts |= settings | asdict(way)
    if file:
        # There are no real pictures for somebody's own prompts, and so no ceiling.
        shares = fi.measure_prompts(painter, asked, seeds, **settings)
        facts |= dict(n=len(asked.texts), factors=shares)
        facts["all_factors"] = shares["all_factors"]["share"]
        return facts, fi.factors_table(shares)
    n = 500 if n is None else n
    with bad_input():
        ev.check_size(n, seeds)
        for kind in only or []:
            if kind not in fi.KINDS:
                raise ValueError(
                    f"There is no kind {kind!r} of prompts, but {'; '.join(fi.KINDS)}."
                )
    kinds = tuple(only or fi.KINDS)
    found = fi.measure_kinds(painter, n, seeds, **settings, kinds=kinds)
    return facts | dict(n=n, kinds=found), fi.kinds_table(found)


def evaluate_apart(painter: TextToImage, n: int | None, seeds: int, settings: dict):
    """How well a network can tell its pictures from real ones: a dict, and lines."""
    from course_lib.judging import evaluation as ev
    from course_lib.judging.two_samples import measure_apart

    n = 1024 if n is None else n
    with bad_input():
        ev.check_size(n, seeds)
        way = painter.way_within(**settings)
    how = {name: x for name, x in settings.items() if name != "calls"}
    apart = measure_apart(painter, n, seeds, steps=way.steps, **how)
    facts = dict(kind="text denoiser", n=n, seeds=seeds, calls=settings["calls"])
    facts |= asdict(way) | {"told_apart": {k: ev.as_facts(s) for k, s in apart.items()}}
    lines = [
        "a network trained to tell them from real pictures is right about",
        *(f"{name:10}{ev.spoken(ev.as_facts(s))}" for name, s in apart.items()),
    ]
    return facts, lines


def asked_in(file: Path, n: int | None):
    """The prompts of a file and what they ask for, as a .json says or as we read it."""
    from course_lib.judging import fidelity as fi
    from course_lib.judging.people import read_prompts

    if file.suffix == ".json":
        return read_prompts(file, n)
    lines = read_lines(file)
    prompts = fi.prompts_from(lines, n)
    for sentence in fi.remarks(lines):
        remark(sentence)
    return prompts


def read_lines(file: Path) -> list[str]:
    """The lines of a text file, without a byte order mark; ValueError if unreadable."""
    try:
        # Editors on Windows begin a file with a byte order mark, which would become the
        # first letter of the first prompt.
        return file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ValueError(f"--prompts must be a text file; {file}: {why}.") from error
