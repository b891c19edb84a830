"""What a shell makes of a variable that is not set: "", refused wherever it names."""

import pytest
from test_cli import cli, here, words, world, written  # noqa: F401

COMMANDS = {
    "generate 'a frog' --out": "--out",
    "generate 'a frog' --out f.png --weights": "--weights",
    "edit 'a frog' --image p.png --out": "--out",
    "edit 'a frog' --out f.png --image": "--image",
    "edit 'a frog' --image p.png --out f.png --mask": "--mask",
    "edit 'a frog' --image p.png --out f.png --weights": "--weights",
    "train --iterations 1 --out": "--out",
    "train --iterations 1 --out t --data": "--data",
    "train --iterations 1 --out t --what text --start": "--start",
    "train --iterations 1 --out t --what text --pair": "--pair",
    "train --iterations 1 --out t --what latent --autoencoder": "--autoencoder",
    "average critters mine --out": "--out",
    "average critters --out a": "weights",
    "evaluate --weights": "--weights",
    "export": "out",
    "evaluate --weights words --prompts": "--prompts",
    "export e --weights": "--weights",
}


@pytest.mark.parametrize("empty", ["''", "' '"])
@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_name_is_bad_input(cli, here, words, command, empty):  # noqa: F811
    code, out, err = cli(f"{command} {empty}")
    assert (code, out, len(err)) == (2, [], 1) and written(here) == []
    assert f"'{COMMANDS[command]}': it is empty" in err[0]
