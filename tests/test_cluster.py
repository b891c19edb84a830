"""The files for a cluster are what accelerate and a shell can read."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from accelerate.commands.config.config_args import load_config_from_file

CLUSTER = Path(__file__).resolve().parents[1] / "cluster"
SCRIPT = CLUSTER / "train.slurm"


def test_accelerate_reads_its_file():
    file = CLUSTER / "accelerate.yaml"
    assert load_config_from_file(str(file)).num_processes == 8
    # Precision and devices are the trainer's own affair.
    assert yaml.safe_load(file.read_text())["mixed_precision"] == "no"


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_the_script_starts_the_same_training_on_every_machine(tmp_path):
    for name in ("srun", "scontrol"):
        said = "echo one" if name == "scontrol" else 'echo "$@"'
        (tmp_path / name).write_text(f"#!/bin/bash\n{said}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "activate").write_text("")
    environment = dict(PATH=f"{tmp_path}:/usr/bin:/bin", SLURM_NNODES="2")
    environment |= dict(SLURM_JOB_NODELIST="one,two", SLURM_JOB_ID="7")
    command = ["bash", str(SCRIPT), "text", "--iterations", "9"]
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("torchrun --nnodes 2 --nproc_per_node 8")
    assert ran.stdout.rstrip().endswith("course_lib train text --iterations 9 --resume")
