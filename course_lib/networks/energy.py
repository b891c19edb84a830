"""What a piece of work costs in energy: read from the processor, or estimated.

Many processors count the energy that they use (RAPL, "running average power limit"),
and Linux shows the counter as a file. Often only an administrator may read it, since
its last digits betray what other programs compute. Where it cannot be read we estimate,
and say from what.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
# One core at work, with its part of cache, memory and power supply. Data sheets of
# server processors give 3 to 6 watts a core, of laptops 5 to 15.
WATTS_A_CORE = 6.0
OVERHEAD = 1.2  # a data centre's cooling and losses: 1.1 to 1.6 times; at home 1.0
GRAMS_A_KWH = 400.0  # CO2 of a kilowatt-hour of electricity; 20 to 800 by country


@dataclass(frozen=True)
class Energy:
    """The energy of a piece of work, and how we know.

    Args:
        joules: watt-seconds; 3.6 million are a kilowatt-hour
        measured: True for a counter, False for an estimate
        assumptions: what an estimate rests on, or what a counter counts
    """

    joules: float
    measured: bool
    assumptions: str

    @property
    def kwh(self) -> float:
        return self.joules / 3.6e6

    @property
    def grams(self) -> float:
        """Grams of CO2, at GRAMS_A_KWH."""
        return self.kwh * GRAMS_A_KWH

    def __str__(self) -> str:
        how = "measured" if self.measured else "estimated"
        return f"{self.joules:.3g} J, {how} ({self.assumptions})"


def counters(folder: Path = POWERCAP) -> list[Path]:
    """The counters of whole processors that may be read; [] if there are none."""
    # intel-rapl:0 is a processor, intel-rapl:0:1 a part of it, counted there already.
    # AMD's processors use the same names.
    found = []
    for package in sorted(folder.glob("intel-rapl:[0-9]*")):
        file = package / "energy_uj"
        try:
            if package.name.count(":") == 1 and int(file.read_text()) >= 0:
                found.append(file)
        except (OSError, ValueError):
            continue
    return found


def spent(file: Path, before: int) -> int:
    """Microjoules since a counter stood at `before`; counters start again at 0."""
    now = int(file.read_text())
    if now >= before:
        return now - before
    return now - before + int((file.parent / "max_energy_range_uj").read_text())


def energy_of(work: Callable[[], object], folder: Path = POWERCAP) -> Energy:
    """Do the work, and say what energy it took.

    A counter counts the whole processor, other programs included. An estimate counts
    the CPU time of this process.
    """
    files = counters(folder)
    before = [int(file.read_text()) for file in files]
    started = time.process_time()
    work()
    seconds = time.process_time() - started
    if files:
        micro = sum(spent(*pair) for pair in zip(files, before, strict=True))
        return Energy(micro / 1e6, True, "all programs on this processor")
    return estimated(seconds)


def estimated(core_seconds: float, overhead: float = 1.0) -> Energy:
    """The energy of so many seconds of one core.

    >>> print(estimated(10.0))
    60 J, estimated (6 W a core)
    >>> print(estimated(10.0, OVERHEAD))
    72 J, estimated (6 W a core, 1.2 times for cooling and losses)
    """
    told = f"{WATTS_A_CORE:g} W a core"
    if overhead != 1:
        told += f", {overhead:g} times for cooling and losses"
    return Energy(core_seconds * WATTS_A_CORE * overhead, False, told)
