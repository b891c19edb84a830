"""The board pictures: one a lesson, to be drawn with chalk in two minutes.

python lessons/boards/make.py            writes NN_name.svg and README.md beside it
"""

import math
from pathlib import Path

from chalk import Board


def start() -> Board:
    b = Board(
        "00_start",
        "Easy one way, hard the other",
        "A face in a frame, and a frame full of scribble. The arrow from the face "
        "to the scribble says: mix in noise, easy. The arrow back says: guess, a "
        "little at a time. Below stands x_t = a x_0 + b eps.",
    )
    b.box(50, 130, 210, 210)
    b.circle(155, 245, 62)
    b.circle(120, 190, 20)
    b.circle(190, 190, 20)
    b.line((120, 255), (155, 278), (190, 255))
    b.box(540, 130, 210, 210)
    b.line(
        *[(550 + 24 * (i % 9) * 0.93, 150 + (i * 67) % 180) for i in range(28)],
        thin=True,
    )
    b.arc((275, 160), (525, 160), 38)
    b.arc((525, 320), (275, 320), -38)
    b.label(400, 70, "mix in noise: easy")
    b.label(400, 420, "guess, a little at a time")
    b.label(400, 250, "x_t = a x_0 + b ε")
    return b


def pixels() -> Board:
    b = Board(
        "01_pixels",
        "A pixel is three numbers",
        "A picture as a grid; one of its squares leads to three numbers, red, green "
        "and blue. Below, a line from -1, black, over 0, the middle, to 1, full, "
        "with the bytes 0, 127.5 and 255.",
    )
    grid = []
    for i in range(6):
        grid += [f"M50 {40 + 44 * i} H270", f"M{50 + 44 * i} 40 V260"]
    b.path(" ".join(grid), thin=True)
    b.path("M138 84 h44 v44 h-44 z", filled=True)
    b.arrow((195, 106), (430, 106))
    b.label(450, 75, "red      1.0", anchor="start")
    b.label(450, 120, "green -0.2", anchor="start")
    b.label(450, 165, "blue   0.4", anchor="start")
    b.line((80, 390), (720, 390))
    b.line((80, 375), (80, 405))
    b.line((400, 375), (400, 405))
    b.line((720, 375), (720, 405))
    for x, number, byte in ((80, "-1", "0"), (400, "0", "127.5"), (720, "1", "255")):
        b.label(x, 355, number)
        b.label(x, 450, byte)
    return b


def noise() -> Board:
    b = Board(
        "02_noise",
        "Standard deviations add like the sides of a triangle",
        "A triangle with a right angle: the short sides are 3 and 4, the long one "
        "is 5, not 7. Beside it, many small steps from x_0 to x_t, and one jump "
        "over all.",
    )
    b.line((60, 330), (340, 330), (340, 120), (60, 330))
    b.line((316, 330), (316, 306), (340, 306), thin=True)
    b.label(200, 375, "4")
    b.label(362, 240, "3", anchor="start")
    b.label(165, 205, "5, not 7", anchor="end")
    b.label(215, 450, "3² + 4² = 5²")
    xs = [450, 510, 570, 630, 690, 750]
    b.dot(*[(x, 300) for x in xs])
    for x in xs[:-1]:
        b.arc((x + 4, 312), (x + 56, 312), -14, thin=True)
    b.arc((450, 285), (750, 285), 85)
    b.label(600, 170, "one jump")
    b.label(450, 385, "x_0")
    b.label(750, 385, "x_t")
    b.label(600, 450, "a² + b² = 1")
    return b


def denoise() -> Board:
    b = Board(
        "03_denoise",
        "Two neurons and the bend make an S",
        "Three small curves in a row. The first is flat and then rises; the second, "
        "too, but begins later. The first minus the second is an S: flat, rising, "
        "flat. Without the bend every curve is a straight line.",
    )
    for x, curve in (
        (40, [(0, 0), (70, 0), (190, -170)]),
        (300, [(0, 0), (110, 0), (200, -128)]),
        (570, [(0, 0), (70, 0), (125, -90), (200, -90)]),
    ):
        b.line((x - 8, 300), (x + 205, 300), thin=True)
        b.line(*[(x + dx, 296 + dy) for dx, dy in curve])
    b.label(262, 260, "−", 60)
    b.label(535, 260, "=", 60)
    b.label(130, 350, "neuron 1")
    b.label(400, 350, "neuron 2")
    b.label(670, 350, "an S")
    b.label(400, 70, "multiply, add, bend")
    b.label(400, 440, "without the bend: a straight line")
    return b


def unet() -> Board:
    b = Board(
        "04_unet",
        "Down, up, and across",
        "A U: the left leg goes down from 32 over 16 to 8, the right leg up again. "
        "Two dashed arrows, the skips, lead across from left to right. x_t goes in "
        "at the left, the guess comes out at the right.",
    )
    b.box(170, 70, 110, 80)
    b.box(235, 200, 80, 70)
    b.box(370, 330, 60, 60)
    b.box(485, 200, 80, 70)
    b.box(520, 70, 110, 80)
    b.arrow((245, 155), (265, 195))
    b.arrow((300, 276), (362, 345))
    b.arrow((438, 345), (500, 276))
    b.arrow((535, 195), (555, 155))
    b.arrow((290, 110), (510, 110), dashed=True)
    b.arrow((325, 235), (475, 235), dashed=True)
    b.arrow((70, 110), (160, 110))
    b.label(400, 95, "skip")
    b.label(225, 122, "32")
    b.label(275, 247, "16")
    b.label(400, 372, "8")
    b.label(115, 85, "x_t")
    b.label(640, 122, " guess", anchor="start")
    b.label(150, 350, "see the whole")
    b.label(640, 350, "keep each pixel")
    b.label(400, 450, "the coarser, the further it sees")
    return b


def training() -> Board:
    b = Board(
        "05_training",
        "The velocity points from the picture to the noise",
        "A straight line from the picture x_0 to the noise eps. On it lies x_t, a "
        "part u of the way. An arrow above, from x_0 to eps, is v. An arrow from "
        "x_t back to x_0 is u times v.",
    )
    b.line((110, 350), (690, 150))
    b.dot((110, 350), (690, 150), (458, 230))
    b.arrow((95, 290), (660, 95))
    b.arrow((440, 272), (140, 375), dashed=True)
    b.label(80, 395, "x_0")
    b.label(725, 160, "ε")
    b.label(480, 280, "x_t", anchor="start")
    b.label(330, 165, "v = ε − x_0", 38)
    b.label(350, 375, "u · v", anchor="start")
    b.label(400, 460, "x_0 = x_t − u · v", 38)
    return b


def sampling() -> Board:
    b = Board(
        "06_sampling",
        "Part of the way to the guess, then ask again",
        "A curve from noise, above left, to a picture, below right. At x_t a dashed "
        "line leads straight to the first guess, which lies beside the picture; a "
        "step goes a part of it, to x_next. From there a second dashed line leads "
        "to a better guess.",
    )
    b.path("M70 75 C290 109 470 190 690 370", thin=True)
    b.dot((70, 75), (265, 105), (690, 370))
    b.line((290, 109), (620, 160), dashed=True, thin=True)
    b.line((275, 110), (620, 242), dashed=True, thin=True)
    b.arrow((80, 77), (250, 103))
    b.label(60, 130, "x_t")
    b.label(265, 80, "x_{next}")
    b.label(632, 172, "first guess", 30, "start")
    b.label(632, 258, "second", 30, "start")
    b.label(665, 410, "picture", anchor="end")
    b.label(240, 290, "a guess is a mean")
    b.label(240, 335, "of what is possible")
    b.label(400, 480, "x_{next} = a_{next} · guess + b_{next} · noise", 32)
    return b


def editing() -> Board:
    b = Board(
        "07_editing",
        "Strength is a place on the path",
        "A line from the picture, t = 0, to noise, t = T. A mark on it says s times "
        "T. One jump leads from the old picture to the mark; small steps lead back, "
        "to the new picture.",
    )
    b.line((90, 270), (710, 270))
    b.dot((90, 270), (460, 270), (710, 270))
    b.arc((92, 255), (456, 250), 80)
    for x in (455, 365, 275, 185):
        b.arc((x, 283), (x - 82, 283), -16)
    b.label(270, 145, "one jump: add noise")
    b.label(400, 390, "small steps back, with the prompt")
    b.label(470, 245, " t = s · T", anchor="start")
    b.label(80, 335, "picture", 30)
    b.label(710, 335, "noise", 30)
    b.label(400, 450, "more strength: further right, more is new")
    return b


def words() -> Board:
    b = Board(
        "08_words",
        "Words look at each other",
        "The words a, bat, beside, a, ball in a row. Bat looks at all of them: one "
        "thick arrow leads to ball, thin ones to the others. Below: compare query "
        "and key, weights sum to 1, mix the values.",
    )
    xs = {"a": 80, "bat": 210, "beside": 385, "a ": 540, "ball": 690}
    for word, x in xs.items():
        b.label(x, 270, word.strip(), 42)
    b.arc((205, 225), (85, 230), 22, thin=True)
    b.arc((220, 225), (375, 230), 30, thin=True)
    b.arc((220, 220), (535, 230), 52, thin=True)
    b.arc((215, 215), (685, 228), 92)
    b.arc((216, 211), (690, 222), 97)
    b.label(455, 90, "most")
    b.label(90, 345, "query: what I look for", 32, "start")
    b.label(90, 395, "key: what I am", 32, "start")
    b.label(90, 445, "value: what I hand over", 32, "start")
    b.label(660, 395, "weights", 32)
    b.label(660, 435, "sum to 1", 32)
    return b


def image_text() -> Board:
    b = Board(
        "09_image_text",
        "A table with its diagonal",
        "A table of four pictures, the rows, and four texts, the columns. The "
        "squares on the diagonal are filled: what belongs together. An arrow along "
        "a row says that a picture chooses a text; one down a column, that a text "
        "chooses a picture.",
    )
    left, top, side = 250, 110, 72
    far = 4 * side
    grid = []
    for i in range(5):
        grid += [f"M{left} {top + side * i} h{far}", f"M{left + side * i} {top} v{far}"]
    b.path(" ".join(grid), thin=True)
    squares = [
        f"M{left + side * i + 8} {top + side * i + 8} h{side - 16} v{side - 16} "
        f"h-{side - 16} z"
        for i in range(4)
    ]
    b.path(" ".join(squares), filled=True)
    b.arrow((left + far + 15, top + 36), (left + far + 80, top + 36))
    b.arrow((left + 36, top + far + 10), (left + 36, top + far + 60))
    b.label(left + far / 2, 85, "texts")
    b.label(left - 20, top + far / 2, "pictures", anchor="end")
    b.label(left + far + 15, top + 90, "each picture", 30, "start")
    b.label(left + far + 15, top + 130, "chooses a text", 30, "start")
    b.label(left + 60, top + far + 50, "each text chooses a picture", 30, "start")
    b.label(left + far + 15, top + 220, "know nothing:", 30, "start")
    b.label(left + far + 15, top + 260, "loss = log B", 30, "start")
    return b


def text_to_image() -> Board:
    b = Board(
        "10_text_to_image",
        "Guidance prolongs the arrow",
        "A point, the guess without words, w = 0. An arrow leads from it to the "
        "guess with words, w = 1. The same arrow, dashed, goes on in the same "
        "direction to w = 3.",
    )
    b.dot((130, 355), (310, 289), (680, 150))
    b.arrow((130, 355), (298, 293))
    b.arrow((320, 285), (668, 154), dashed=True)
    b.label(140, 405, "without words")
    b.label(120, 325, "w = 0", 30)
    b.label(325, 335, "with words", anchor="start")
    b.label(290, 258, "w = 1", 30)
    b.label(670, 115, "w = 3", 30)
    b.label(400, 60, "more of what the words change")
    b.label(540, 250, "too far: loud", anchor="start")
    b.label(400, 475, "without + w · (with − without)", 38)
    return b


def autoencoder() -> Board:
    def bell(middle: float, spread: float, high: float) -> str:
        xs = [middle + spread * (i / 8 - 3) for i in range(49)]
        ys = [300 - high * math.exp(-(((x - middle) / spread) ** 2) / 2) for x in xs]
        points = [f"{x:.4g} {y:.4g}" for x, y in zip(xs, ys, strict=True)]
        return "M" + " L".join(points)

    b = Board(
        "11_autoencoder",
        "A cloud, and a pull",
        "A line with 0 in its middle, and over it a dashed bell, N(0, 1). To its "
        "left and right a narrow cloud each, picture A and picture B, with the "
        "middle mu and the spread sigma. Two arrows pull the clouds towards the "
        "bell.",
    )
    b.line((40, 300), (760, 300))
    b.path(bell(400, 85, 120), dashed=True, thin=True)
    b.path(bell(150, 30, 150))
    b.path(bell(650, 30, 150))
    b.arrow((200, 245), (270, 245))
    b.arrow((600, 245), (530, 245))
    b.line((150, 292), (150, 310))
    b.line((650, 292), (650, 310))
    b.label(150, 130, "A")
    b.label(650, 130, "B")
    b.label(150, 345, "μ, spread σ")
    b.label(650, 345, "μ, spread σ")
    b.label(400, 160, "N(0, 1)")
    b.label(400, 345, "0")
    b.label(400, 70, "cloud: z = μ + σ ε")
    b.label(400, 410, "no pull: holes between the clouds")
    b.label(400, 465, "too much pull: all pictures the same")
    return b


def latent_diffusion() -> Board:
    b = Board(
        "12_latent_diffusion",
        "The whole system",
        "The prompt goes through the text encoder into the U-Net. Noise of 16 by 16 "
        "goes into the U-Net as well, which is asked again and again, shown by a "
        "loop. What comes out, a latent, goes once through the decoder and is a "
        "picture of 64 by 64.",
    )
    b.box(250, 60, 190, 80)
    b.box(290, 250, 150, 110)
    b.box(545, 265, 150, 80)
    b.arrow((165, 100), (240, 100))
    b.arrow((360, 145), (360, 240))
    b.arrow((165, 305), (280, 305))
    b.arrow((448, 305), (535, 305))
    b.path("M420 368 C430 440 300 440 312 376 M303 393 L312 376 L326 390")
    b.arrow((620, 252), (620, 185))
    b.box(570, 60, 105, 110)
    b.label(155, 112, "prompt", anchor="end")
    b.label(345, 112, "text encoder", 28)
    b.label(155, 300, "noise", anchor="end")
    b.label(155, 340, "16 × 16", 28, "end")
    b.label(365, 317, "U-Net")
    b.label(365, 460, "some steps")
    b.label(620, 317, "decoder", 30)
    b.label(620, 385, "once", 30)
    b.label(622, 125, "64 × 64", 26)
    return b


def finetuning() -> Board:
    b = Board(
        "13_finetuning",
        "A thin change beside a frozen weight",
        "What comes in goes two ways. Above, through a large hatched box, the frozen "
        "weight W. Below, through two thin ones: down, from many numbers to a few, the "
        "rank, and up, from the few to many. Below it is multiplied by alpha / rank. "
        "Then the two are added.",
    )
    b.box(290, 60, 220, 150)
    b.path(
        "M300 150 L390 66 M300 200 L340 164 M420 204 L500 124 M460 110 L496 76",
        thin=True,
    )
    b.path("M250 285 L250 405 L320 365 L320 325 z")
    b.path("M480 325 L480 365 L550 405 L550 285 z")
    b.arrow((100, 135), (280, 135))
    b.line((520, 135), (600, 135))
    b.path("M160 138 L162 345 L238 345 M226 338 L238 345 L226 352")
    b.arrow((330, 345), (470, 345))
    b.arrow((560, 345), (630, 345), (632, 168))
    b.circle(632, 135, 24)
    b.arrow((660, 135), (750, 135))
    b.label(400, 48, "frozen")
    b.label(80, 147, "x")
    b.label(632, 147, "+")
    b.label(400, 150, "W", 42)
    b.label(230, 440, "down")
    b.label(570, 440, "up")
    b.label(400, 330, "rank", 30)
    b.label(650, 280, "α / rank", 32, "start")
    b.label(400, 485, "W + α / rank · up · down", 38)
    return b


def feedback() -> Board:
    def curve() -> str:
        places = [-7 + i / 4 for i in range(57)]
        points = [f"{400 + 45 * x:.4g} {height(x):.4g}" for x in places]
        return "M" + " L".join(points)

    def height(x: float) -> float:
        return 310 - 200 / (1 + math.exp(-x))

    b = Board(
        "14_feedback",
        "A vote becomes a number",
        "A curve that rises from 0 on the left to 1 on the right, through one half in "
        "the middle: the chance that A wins, over how far A is ahead. A dot on its "
        "left: a surprise, push hard. A dot on its right: expected, leave it.",
    )
    b.arrow((70, 310), (740, 310))
    b.arrow((400, 330), (400, 70))
    b.path(curve())
    b.line((70, 110), (730, 110), dashed=True, thin=True)
    b.dot((265, height(-3)), (535, height(3)))
    b.arrow((265, 255), (345, 255))
    b.label(415, 60, "chance that A wins", anchor="start")
    b.label(60, 120, "1", 30, "end")
    b.label(60, 320, "0", 30, "end")
    b.label(420, 235, "1/2", 30, "start")
    b.label(740, 355, "A ahead by r_A − r_B", 30, "end")
    b.label(200, 225, "surprise: push hard", 30)
    b.label(535, 170, "expected: leave it", 30, "start")
    b.label(400, 415, "loss = − log (chance of the winner)", 34)
    b.label(400, 470, "a painter's r = − β (error − error of the reference)", 30)
    return b


def other_roads() -> Board:
    b = Board(
        "15_other_roads",
        "A game of two",
        "Random numbers z go into the generator, which draws a picture. Drawn and real "
        "pictures go to the critic, which gives a score. Two arrows lead back from the "
        "score: real up and drawn down, to the critic; drawn up, to the generator.",
    )
    b.label(50, 167, "z", 36)
    b.arrow((72, 155), (130, 155))
    b.box(140, 105, 170, 100)
    b.label(225, 165, "generator", 30)
    b.arrow((320, 155), (440, 155))
    b.label(380, 140, "drawn", 26)
    b.label(225, 315, "real pictures", 30)
    b.arrow((325, 305), (440, 215))
    b.box(450, 105, 140, 130)
    b.label(520, 180, "critic", 30)
    b.arrow((600, 170), (665, 170))
    b.label(675, 180, "score", 30, "start")
    b.arc((710, 195), (560, 245), -45)
    b.label(770, 310, "real up, drawn down", 26, "end")
    b.arc((710, 145), (225, 95), 62)
    b.label(470, 45, "drawn up", 26)
    b.label(400, 415, "critic: softplus(−real) + softplus(drawn)", 32)
    b.label(400, 470, "generator: softplus(−drawn)", 32)
    return b


def few_steps() -> Board:
    b = Board(
        "16_few_steps",
        "Two halves make a whole",
        "A bent curve from x_T, above left, to the picture, below right. Two straight "
        "arrows follow it, one to its middle and one from there to its end: v_1 and "
        "v_2. A third, long arrow leads straight from the beginning to the end, and is "
        "their mean. A dashed line goes on along v_1 and misses the end.",
    )
    b.path("M90 90 C330 80 500 150 640 370", thin=True)
    b.dot((90, 90), (420, 152), (640, 370))
    b.arrow((100, 92), (405, 149))
    b.arrow((426, 163), (631, 356))
    b.arrow((96, 99), (622, 366))
    b.line((432, 154), (720, 208), dashed=True, thin=True)
    b.label(75, 70, "x_T")
    b.label(300, 72, "v_1", 36)
    b.label(625, 262, "v_2", 36)
    b.label(735, 240, "one call", 28, "end")
    b.label(665, 405, "picture", 30)
    b.label(250, 255, "(v_1 + v_2) / 2", 36)
    b.label(400, 480, "one jump must end where two halves end", 36)
    return b


def video() -> Board:
    b = Board(
        "17_video",
        "One place, all frames",
        "Four frames one behind the other, each with a dark square at the same place. "
        "A line runs through the four squares, along time. Beside it: the squares in a "
        "row are one sequence, and they look at each other.",
    )
    for i in range(4):
        b.box(40 + 90 * i, 220 - 50 * i, 150, 150)
    b.path(
        " ".join(f"M{95 + 90 * i} {280 - 50 * i} h28 v28 h-28 z" for i in range(4)),
        filled=True,
    )
    b.arrow((60, 330), (480, 97))
    b.label(90, 415, "1", 30)
    b.label(400, 265, "4", 30)
    b.label(525, 85, "time", 34)
    b.path(" ".join(f"M{520 + 62 * i} 270 h46 v46 h-46 z" for i in range(4)))
    b.arc((543, 258), (729, 258), 40)
    b.label(640, 375, "H · W sequences", 30)
    b.label(640, 415, "of F frames", 30)
    b.label(400, 485, "given: clean, and t = 0", 36)
    return b


def responsibility() -> Board:
    b = Board(
        "18_responsibility",
        "Near, compared with what?",
        "Left: a drawing, one training picture near it and the others far away: a "
        "copy. Right: a drawing with two training pictures equally near: none. Below: "
        "nearest by second nearest, less than one third.",
    )
    b.dot((200, 230), (230, 215), (80, 90), (330, 380), (90, 370))
    b.circle(200, 230, 18)
    b.line((200, 230), (230, 215))
    b.line((200, 230), (90, 370), dashed=True)
    b.label(260, 190, "d_1", 30, "start")
    b.label(120, 300, "d_2", 30, "end")
    b.label(200, 50, "a copy")
    b.dot((580, 230), (505, 300), (660, 150), (700, 370))
    b.circle(580, 230, 18)
    b.line((580, 230), (505, 300))
    b.line((580, 230), (660, 150), dashed=True)
    b.label(525, 255, "d_1", 30, "end")
    b.label(640, 215, "d_2", 30, "start")
    b.label(580, 50, "no copy")
    b.label(400, 470, "a copy if  d_1 / d_2 < 1/3", 38)
    return b


def graduate() -> Board:
    b = Board(
        "19_graduate",
        "One batch on many machines",
        "Five squares in a row, a batch. Three of them go to a machine above, two to "
        "a machine below. From each comes a gradient, g_1 and g_2. Both go into one "
        "box: times 3 and times 2, added, divided by 5. Out of it comes one step.",
    )
    b.path(" ".join(f"M40 {60 + 76 * i} h60 v60 h-60 z" for i in range(5)))
    b.arrow((115, 160), (255, 130))
    b.arrow((115, 360), (255, 390))
    b.box(270, 80, 130, 100)
    b.box(270, 340, 130, 100)
    b.label(335, 142, "3")
    b.label(335, 402, "2")
    b.arrow((415, 130), (540, 220))
    b.arrow((415, 390), (540, 300))
    b.label(500, 140, "g₁", 38)
    b.label(500, 400, "g₂", 38)
    b.box(550, 210, 210, 100)
    b.label(655, 272, "(3 g₁ + 2 g₂) / 5", 26)
    b.arrow((655, 325), (655, 400))
    b.label(655, 440, "one step, on both", 28)
    b.label(185, 45, "5 pictures", 30)
    return b


BOARDS = (
    *(start, pixels, noise, denoise, unet, training, sampling, editing),
    *(words, image_text, text_to_image, autoencoder, latent_diffusion),
    *(finetuning, feedback, other_roads, few_steps, video, responsibility, graduate),
)
HEAD = """# Board pictures

One drawing a lesson: few strokes, big labels, two minutes with chalk. `make slides`
shows each on its lesson's slides. Made by `python lessons/boards/make.py`.

| | |
| --- | --- |
"""


def gallery(boards: list[Board]) -> str:
    """README.md: the drawings in two columns."""
    cells = [
        f"[{b.name[:2]} · {b.title}](../{b.name}.md)<br>![{b.words}]({b.name}.svg)"
        for b in boards
    ]
    cells += [""] * (len(cells) % 2)
    rows = [f"| {a} | {b} |" for a, b in zip(cells[::2], cells[1::2], strict=True)]
    return HEAD + "\n".join(rows) + "\n"


def files() -> dict[str, str]:
    """Every file that this script writes: its name and its content."""
    boards = [draw() for draw in BOARDS]
    made = {f"{board.name}.svg": board.svg() for board in boards}
    return {**made, "README.md": gallery(boards)}


if __name__ == "__main__":
    for name, text in files().items():
        file = Path(__file__).with_name(name)
        file.write_text(text, encoding="utf-8", newline="\n")
