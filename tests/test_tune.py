"""The commands `vote`, `train reward` and `tune`: from votes to a painter of taste."""

import json

import pytest
from test_train import assert_same

from course_lib.checkpoint import save_weights
from course_lib.commands import tune as tune_command
from course_lib.commands import vote as vote_command
from course_lib.networks.reward import Reward
from course_lib.painters.pipeline import TextToImage
from course_lib.training.votes import read_votes

DPO = "tune dpo --votes v.jsonl --iterations 2 --batch 4 --threads 1 --out x"
VOTE = "vote --taste hats --n 2 --of 4 --out v.jsonl "


@pytest.fixture
def here(here, words, monkeypatch):
    """A folder with a file of votes; voters here see differences everywhere."""
    from course_lib.judging import voters

    monkeypatch.setenv("COURSE_CACHE", str(here / "cache"))
    monkeypatch.setattr(voters, "CLOSE", -1.0)
    return here


@pytest.fixture
def voted(cli, here):
    assert cli(VOTE)[0] == 0
    return here


def test_a_simulated_voter_adds_its_votes_to_the_file(cli, here):
    code, out, _ = cli(VOTE + "--who ada --json")
    assert code == 0 and "4 votes by ada" in out[0]
    facts = json.loads(out[-1])
    assert facts["votes"] == 4 == len(read_votes("v.jsonl"))
    assert {vote.who for vote in read_votes("v.jsonl")} == {"ada"}
    assert any(vote.duel.drawn_as for vote in read_votes("v.jsonl"))
    (here / "prompts.txt").write_text("a frog on stilts\n\n", encoding="utf-8")
    of_mine = "vote --n 9 --of 2 --prompts prompts.txt --out v.jsonl"
    assert cli(of_mine)[0] == 0
    last = read_votes("v.jsonl")
    assert len(last) == 5 and last[-1].duel.prompt == "a frog on stilts"


def test_votes_train_a_reward_and_tune_a_painter_three_ways(cli, voted):
    few = "--iterations 2 --batch 4 --threads 1 "
    code, out, _ = cli(f"train reward --votes v.jsonl {few} --out reward --json")
    assert code == 0 and json.loads(out[-1])["card"]["votes"] == 4
    for way in ("dpo --beta 9", "weighted --reward reward", "draft --reward reward"):
        name = way.split()[0]
        command = f"tune {way} --votes v.jsonl {few} --out {name} "
        code, out, err = cli(command)
        assert code == 0, err
        assert "2 iterations, about" in out[0] and "float32" in out[0]
        painter = TextToImage.from_pretrained(voted / name)
        assert painter.card["method"] == name
        assert f"tune {name}" in painter.card["command"]
        assert cli(f"generate frog --steps 1 --weights {name} --out {name}.png")[0] == 0


def test_a_tuning_is_resumed(cli, voted):
    tune = "tune dpo --votes v.jsonl --iterations 3 --batch 4 --threads 1 "
    assert cli(tune + "--out whole")[0] == 0
    assert cli(tune + "--out parts --until 1")[0] == 0
    code, _, err = cli(tune + "--out parts")
    assert code == 2 and "--resume" in err[0]
    assert cli(tune + "--out parts --resume")[0] == 0
    assert_same("whole", "parts")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("vote --taste beauty --out v.jsonl", "--taste must be one of clean, hats"),
        ("vote --n 0 --out v.jsonl", "--n must lie in 1..10000; got 0"),
        ("vote --of 1 --out v.jsonl", "--of must lie in 2..64; got 1"),
        ("vote --wrong 2 --out v.jsonl", "--wrong is a share"),
        ("vote --seed -1 --out v.jsonl", "--seed must be 0..4611686018427387904"),
        ("vote --seed 9223372036854775000 --out v.jsonl", "--seed must be 0..461"),
        ("vote --prompts none.txt --out v.jsonl", "none.txt: No such file"),
        ("vote --prompts latin.txt --out v.jsonl", "a text file; latin.txt: 'utf-8'"),
        ("vote --prompts long.txt --out v.jsonl", "is too long for a vote"),
        ("vote --n 1 --of 2 --out diary.txt", "Line 1 of diary.txt is no vote"),
        ("vote --prompts empty.txt --out v.jsonl", "no prompt in empty.txt"),
        ("vote --out folder", "Cannot write to folder: it is a folder"),
        ("train reward --votes none.jsonl --iterations 2 --out x", "cannot be read"),
        ("tune dpo --votes empty.txt --iterations 2 --out x", "vote first"),
        ("tune dpo --votes torn.txt --iterations 2 --out x", "Line 1 of torn.txt"),
        ("tune dpo --votes v.jsonl --out x", "Say how long"),
        (f"{DPO} --beta nan", "--beta must be above 0, up to 1000000; got nan"),
        ("tune dpo --votes none.jsonl --beta 0 --out x", "--beta must be above 0"),
        (f"{DPO} --anchor -1", "--anchor must be 0 or above, up to 1000000; got -1"),
        (f"{DPO} --anchor inf", "--anchor must be 0 or above"),
        (
            "tune draft --votes v.jsonl --reward reward --last 99 --iterations 2 "
            "--out x",
            "--last must be 1..13; got 99",
        ),
        (
            "tune dpo --votes v.jsonl --weights words --iterations 2 --out x",
            "4 of 4 votes in v.jsonl are about pictures of another painter",
        ),
        (
            "tune draft --votes v.jsonl --reward latent --iterations 2 --out x",
            "latent holds a text denoiser, not a reward model",
        ),
    ],
)
def test_bad_input_is_a_sentence_and_nothing_is_written(cli, voted, command, sentence):
    (voted / "empty.txt").write_text("\n", encoding="utf-8")
    (voted / "torn.txt").write_text("a cat\n", encoding="utf-8")
    (voted / "latin.txt").write_bytes(b"a gr\xfcn frog")
    (voted / "long.txt").write_text("a cat " * 2000, encoding="utf-8")
    (voted / "diary.txt").write_text("Dear diary", encoding="utf-8")
    (voted / "folder").mkdir()
    reward = Reward(64, (8, 8))
    card = {"kind": "reward", "config": reward.config}
    save_weights(voted / "reward", reward.state_dict(), card)
    votes = (voted / "v.jsonl").read_bytes()
    code, _, err = cli(command)
    assert code == 2 and sentence in " ".join(err)
    assert not (voted / "x").exists() and (voted / "v.jsonl").read_bytes() == votes
    assert (voted / "diary.txt").read_text(encoding="utf-8") == "Dear diary"


def test_the_largest_seed_and_a_full_disk_are_no_surprise(cli, here, monkeypatch):
    assert cli(VOTE + "--seed 4611686018427387904")[0] == 0
    assert len(read_votes("v.jsonl")) == 4
    from course_lib.training import votes

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(votes.os, "fsync", full)
    code, _, err = cli(VOTE)
    assert code == 1 and "could not be written to v.jsonl: No space left" in err[-1]


def test_the_commands_are_those_of_these_files():
    assert {one.callback.__name__ for one in tune_command.TUNE.registered_commands} == {
        *("dpo", "weighted", "draft")
    }
    assert vote_command.vote.__doc__
