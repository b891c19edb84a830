"""What moves in a film: where an actor is, how it bends, and what it holds, over time.

A motion is a function of time, 0 to 1, to the pose of each frame. Time is a share of
the film, so a motion is the same in 8 frames and in 16. What makes drawn things look
alive is old craft (Thomas and Johnston, "The Illusion of Life", 1981): squash and
stretch, anticipation (crouch before the leap), arcs, and slow beginnings and ends.

Every pose is a dict of tensors, each (M,), M frames in all. Angles are in radians, and
what is called a share lies in 0..1.
"""

import math

import torch
from torch import Tensor

from course_lib.world.accessories import STILTS
from course_lib.world.drawing import LIFT, WIDTH

MOTIONS = (
    *("none", "stand", "walk", "hop", "swim", "fly"),
    *("bounce", "wave", "rise", "sunset"),
)
DIRECTIONS = ("none", "left", "right")
TRAVELS = ("walk", "hop", "swim", "fly")  # these have a direction
FROM_THE_SIDE = ("bird", "fish", "turtle")
HOVERS = ("fish", "bat")  # without feet of their own
WINGED = ("bird", "bat")
STRIDE = 0.44  # the longest way of a traveller, in widths of the picture
ACTOR_NUMBERS = 8
WATER = 0.22  # the height of the water in front of a swimmer

Pose = dict[str, Tensor]


def wave_of(share: Tensor) -> Tensor:
    """A sine that repeats when `share` grows by 1."""
    return torch.sin(2 * math.pi * share)


def eased(share: Tensor) -> Tensor:
    """From 0 to 1 with a slow beginning and a slow end (smoothstep)."""
    share = share.clamp(0, 1)
    return share * share * (3 - 2 * share)


def at_rest(subject: Tensor, heading: Tensor, u: Tensor) -> Pose:
    """The pose of actors that stand and breathe; the motions change it.

    Args:
        subject: (M,)
        heading: (M,) -1 to the left, 1 to the right, 0 for neither
        u: (M, ACTOR_NUMBERS) in [0, 1), the same in all frames of a film
    """
    zero, one = torch.zeros(len(u)), torch.ones(len(u))
    side = torch.where(u[:, 0] < 0.5, -one, one)
    lift = LIFT[subject]
    scale = 0.195 * (1 + 0.06 * (u[:, 1] - 0.5))
    floor = 0.07 + 0.07 * u[:, 2]
    return {
        "x": 0.5 + 0.06 * (u[:, 3] - 0.5),
        "floor": floor,
        "height": lift * scale,  # of the feet above the floor
        "scale": scale,
        "angle": zero,
        "tall": one,  # stretched above 1, squashed below it
        "facing": torch.where(heading == 0, side, heading),
        "side": side,
        "look": 0.1 * (u[:, 4] - 0.5),
        "light": 0.95 + 0.1 * u[:, 5],
        "step": zero,  # -1..1: which foot is up, and how far
        "stride": zero,  # -1..1: which foot is in front
        "flap": zero,  # -1..1: wings down or up
        "wag": zero,  # -1..1: the tail to one side or the other
        "arm": zero,  # the angle of a raised arm
        "legs": zero,  # the height of the stilts
        "ball_x": zero,
        "ball_y": zero,
        "ball_tall": one,
        "sun": zero,  # the share of its way that the sun has gone
        "width": WIDTH[subject],
    }


# Each takes the pose at rest, the time of every frame (M,) in 0..1, the heading and u,
# and returns what changes.


def stand(rest: Pose, time: Tensor, heading: Tensor, u: Tensor) -> Pose:
    """Two calm breaths."""
    return {"tall": 1 + 0.025 * wave_of(2 * time + u[:, 6])}


def across(rest: Pose, share: Tensor, heading: Tensor, beside: float) -> Tensor:
    """The x of a traveller that has gone this share of its way.

    Args:
        beside: the room at its sides for wings and wide landings, in its own units
    """
    # The wider it is, the shorter its way: nobody leaves the picture.
    room = 1 - 2 * (rest["width"] + beside) * rest["scale"]
    return 0.5 + heading * room.clamp(max=STRIDE) * (share - 0.5)


def walk(rest: Pose, time: Tensor, heading: Tensor, u: Tensor) -> Pose:
    """Four steps: the feet take turns, the body waddles and bobs twice as often."""
    cycle = 2 * time + 0.5 * torch.floor(2 * u[:, 6])
    step = wave_of(cycle)
    return {
        "x": across(rest, time, heading, 0.32),
        "height": rest["height"] + 0.022 * step.abs(),
        "angle": 0.09 * step - 0.03 * heading,
        "tall": 1 + 0.04 * wave_of(2 * cycle - 0.25),
        "step": step,
        "stride": wave_of(cycle + 0.25),
    }


def hop(rest: Pose, time: Tensor, heading: Tensor, u: Tensor) -> Pose:
    """Two hops: crouch, leap in an arc, land softly. It travels only in the air."""
    hops = 2 * time
    phase = hops - hops.floor()
    air = ((phase - 0.25) / 0.55).clamp(0, 1)  # from take-off to landing
    arc = 4 * air * (1 - air)
    flying = (phase > 0.25) & (phase < 0.8)
    crouch = torch.where(phase <= 0.25, eased(phase / 0.25), 0.0)
    landing = torch.where(phase >= 0.8, 1 - eased((phase - 0.8) / 0.2), 0.0)
    stretch = torch.where(flying, 0.13 * (1 - 2 * air).abs(), 0.0)
    return {
        "x": across(rest, (hops.floor() + air) / 2, heading, 0.52),
        "height": rest["height"] + 0.26 * arc,
        # Nose up on the way up, down on the way down.
        "angle": torch.where(flying, 0.2 * heading * (1 - 2 * air), 0.0),
        "tall": 1 - 0.15 * crouch - 0.13 * landing + stretch,
    }


def swim(rest: Pose, time: Tensor, heading: Tensor, u: Tensor) -> Pose:
    """Through the water, low and rocking; a fish dives lower and wags its tail."""
    deep = torch.where(rest["height"] > 0, 0.36, 0.42)  # of the actor's own units
    rocking = wave_of(2 * time + u[:, 6])
    return {
        "x": across(rest, time, heading, 0.2),
        "floor": WATER - deep * rest["scale"] - rest["height"],
        "height": rest["height"] + 0.018 * rocking,
        "angle": 0.09 * wave_of(2 * time + u[:, 6] + 0.25) + 0.05 * heading,
        "wag": wave_of(4 * time + u[:, 6]),
    }


def fly(rest: Pose, time: Tensor, heading: Tensor, u: Tensor) -> Pose:
    """High up, four beats of the wings; each beat lifts the body a little."""
    beat = wave_of(4 * time + 0.25)
    return {
        "x": across(rest, time, heading, 0.7),
        "height": 0.27 + 0.05 * wave_of(time + u[:, 6]) - 0.016 * beat,
        "angle": -0.12 * heading,
        "flap": beat,
        "wag": 0.5 * beat,
    }


def bounce(rest: Pose, time: Tensor, heading: Tensor, u: Tensor) -> Pose:
    """A ball beside the actor bounces twice; the actor dips with it."""
    bounces = 2 * time
    phase = bounces - bounces.floor()
    arc = 4 * phase * (1 - phase)  # a parabola, as gravity makes it
    low = (1 - 4 * arc).clamp(min=0)  # on the ground the ball is flat
    x = 0.5 - 0.17 * rest["side"]
    return {
        "x": x,
        "facing": rest["side"],
        "tall": 1 + 0.07 * (arc - 0.6),
        "angle": -0.06 * rest["side"] * (1 - arc),
        "ball_x": x + rest["side"] * (rest["width"] * rest["scale"] + 0.125),
        "ball_y": rest["floor"] + 0.075 * (1 - 0.22 * low) + 0.4 * arc,
        "ball_tall": 1 - 0.22 * low + 0.12 * (1 - arc) * (low == 0),
    }


def wave(rest: Pose, time: Tensor, heading: Tensor, u: Tensor) -> Pose:
    """A raised arm swings twice, and the body leans away from it."""
    swing = wave_of(2 * time + u[:, 6])
    return {
        "x": 0.5 - 0.05 * rest["side"] + 0.06 * (u[:, 3] - 0.5),
        "facing": rest["side"],
        "arm": 0.75 + 0.5 * swing,
        "angle": 0.05 * rest["side"] * (1 + swing),
        "tall": 1 + 0.02 * swing,
    }


def rise(rest: Pose, time: Tensor, heading: Tensor, u: Tensor) -> Pose:
    """Crouch, then up on growing stilts, a little too far and back, swaying."""
    up = ((time - 0.12) / 0.6).clamp(0, 1)
    legs = STILTS * (eased(up) + 0.1 * wave_of(up / 2) * up**2)
    crouch = eased(time / 0.12) * (1 - eased((time - 0.12) / 0.2))
    return {
        "legs": legs,
        # Who hovers comes down to the ground first.
        "height": (legs * rest["scale"]).maximum(rest["height"] * (1 - eased(up))),
        "tall": 1 - 0.16 * crouch,
        "angle": 0.07 * wave_of(2 * time) * eased(up),
    }


def sunset(rest: Pose, time: Tensor, heading: Tensor, u: Tensor) -> Pose:
    """The actor breathes and watches; only the sun goes its way."""
    return stand(rest, time, heading, u) | {"sun": time}


ACTS = {
    "stand": stand,
    "walk": walk,
    "hop": hop,
    "swim": swim,
    "fly": fly,
    "bounce": bounce,
    "wave": wave,
    "rise": rise,
    "sunset": sunset,
}


def pose_at(
    motion: Tensor, subject: Tensor, heading: Tensor, time: Tensor, u: Tensor
) -> Pose:
    """The pose of every frame: a dict of tensors, each (M,).

    Args:
        motion, subject, heading, time: (M,), those of each frame's film, and its time
        u: (M, ACTOR_NUMBERS)
    """
    pose = at_rest(subject, heading, u)
    rest = dict(pose)
    for number, name in enumerate(MOTIONS):
        if name == "none":
            continue
        here = motion == number
        # All frames, then a choice: a few sines for frames that do not need them cost
        # less than taking the tensors apart.
        for key, values in ACTS[name](rest, time, heading, u).items():
            pose[key] = torch.where(here, values, pose[key])
    pose["y"] = pose["floor"] + pose["height"]
    return pose
