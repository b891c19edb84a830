"""The words that people have for what is in a critter picture.

`wording` says each factor in two or three ways, enough to learn from in minutes. People
have more: a rabbit is a hare, night is moonlight, red is scarlet. What stands here is
what they typed, or might have; how it becomes a sentence stands in `speech`.

A table gives for each value three kinds of phrases: behind the animal ("with a hat"),
as a sentence about it ("it wears a hat") and as a word of a list ("hat").
"""

# What stands twice is said twice as often.
NOUNS = {
    "frog": ("frog", "frog", "frog", "froggy", "toad"),
    "rabbit": ("rabbit", "rabbit", "bunny", "bunny rabbit", "hare"),
    "cat": ("cat", "cat", "kitty", "kitten", "kitty cat", "pussycat"),
    "bear": ("bear", "bear", "teddy bear", "teddy", "bear cub"),
    "bird": ("bird", "bird", "birdie", "birdy", "songbird"),
    "fish": ("fish", "fish", "fishy", "fishie"),
    "turtle": ("turtle", "turtle", "tortoise", "sea turtle"),
}
# The two that share a word: what tells the sense stands before it or behind it.
SENSES = {
    "bat": (
        *(
            ("flying", ""),
            ("furry", ""),
            ("fruit", ""),
            ("winged", ""),
            ("vampire", ""),
        ),
        *(("", "with wings"), ("", "that flies"), ("", "(the animal)"), ("", "animal")),
        *(("", ", the animal,"), ("", "that can fly"), ("", "(the flying one)")),
        *(("real", "with wings"), ("", ", the flying kind,"), ("", "(the mammal)")),
        *(
            ("", "which hangs upside down"),
            ("", ", not the wooden one,"),
            ("night", ""),
        ),
        *(
            ("", "with two wings"),
            ("", ", not the baseball bat,"),
            ("furry flying", ""),
        ),
    ),
    "club": (
        *(("baseball", ""), ("baseball", ""), ("wooden", ""), ("", "beside a ball")),
        *(
            ("", "and a ball"),
            ("", "with a ball"),
            ("", "for baseball"),
            ("softball", ""),
        ),
        *(("", "for hitting a ball"), ("", "for hitting a baseball"), ("", "and ball")),
        *(
            ("", "to hit a ball with"),
            ("", "that you hit the ball with"),
            ("sports", ""),
        ),
        *(
            ("", ", not the animal,"),
            ("", "for playing baseball"),
            ("", "made of wood"),
        ),
        *(("", "(the one for baseball)"), ("", "for the ball game"), ("cricket", "")),
    ),
    "crane": (
        *(("wading", ""), ("", "with long legs"), ("", "bird"), ("long-legged", "")),
        *(
            ("", "(the bird)"),
            ("", ", the bird,"),
            ("", "with a long beak"),
            ("bird", ""),
        ),
        *(
            ("", "wading in the water"),
            ("", "standing on one leg"),
            ("", "with feathers"),
        ),
        *(("", ", the bird with long legs,"), ("", "walking through a marsh")),
        *(("", ", not the machine,"), ("", ", the bird and not the machine,")),
        *(("", "that is a bird"), ("", "that wades"), ("", "on thin legs")),
    ),
    "machine": (
        *(("tower", ""), ("construction", ""), ("", "machine"), ("building", "")),
        *(("", "lifting a box"), ("", "that lifts heavy things"), ("lifting", "")),
        *(
            ("", "at a building site"),
            ("", "from a construction site"),
            ("", "(machine)"),
        ),
        *(("", ", the machine,"), ("", "with a hook"), ("", "carrying a load")),
        *(("", ", not the bird,"), ("", "lifting a load"), ("", "for building houses")),
        *(("", "that lifts boxes"), ("", "hoisting a box"), ("mechanical", "")),
    ),
}
SENSED = {"bat": "bat", "club": "bat", "crane": "crane", "machine": "crane"}
COLOURS = {
    "red": ("red", "red", "red", "scarlet", "crimson", "ruby red", "bright red"),
    "orange": ("orange", "orange", "orange", "tangerine", "bright orange"),
    "yellow": ("yellow", "yellow", "yellow", "golden", "lemon yellow", "gold"),
    "green": ("green", "green", "green", "emerald", "grass green", "emerald green"),
    "blue": ("blue", "blue", "blue", "azure", "sky blue", "navy blue", "navy"),
    "purple": ("purple", "purple", "violet", "violet", "lilac", "lavender", "plum"),
    "white": ("white", "white", "white", "snow-white", "snowy white", "ivory"),
    "brown": ("brown", "brown", "brown", "chestnut", "chocolate brown", "chocolate"),
}
SIZES = {
    "small": (
        *("small", "little", "tiny", "small", "little", "tiny", "mini", "miniature"),
        *(
            "teeny",
            "teeny tiny",
            "wee",
            "very small",
            "really tiny",
            "itty-bitty",
            "lil",
        ),
    ),
    "big": (
        *("big", "large", "huge", "big", "large", "huge", "giant", "enormous"),
        *("gigantic", "massive", "very big", "great big", "really large", "huge huge"),
    ),
}
LENDERS = {
    "rabbit": ("rabbit", "rabbit", "bunny", "bunny", "hare"),
    "cat": ("cat", "cat", "cat", "kitty", "kitten", "feline"),
    "bear": ("bear", "bear", "bear", "teddy bear", "teddy"),
}
EARS = (  # {x} is who lends them
    *("{x} ears", "{x} ears", "{x} ears", "{x}'s ears", "the ears of a {x}"),
    *("ears like a {x}", "a {x}'s ears", "ears of a {x}", "ears like a {x}'s"),
    *("{x} ears on its head", "fluffy {x} ears", "the ears of {x}", "ears of {x}"),
    *("a pair of {x} ears", "ears that look like a {x}'s", "ears borrowed from a {x}"),
)
HAS_EARS = (
    *("has {e}", "has {e}", "has got {e}", "wears {e}", "is wearing {e}", "has {e} on"),
    *("borrowed the ears of a {x}", "stole the ears of a {x}", "got {e}"),
)
WORN = {
    "stilts": (
        *("on stilts", "on stilts", "standing on stilts", "walking on stilts"),
        *("with stilts", "upon stilts", "on long stilts", "on tall stilts"),
        *("up on stilts", "on a pair of stilts", "using stilts", "on wooden stilts"),
    ),
    "hat": (
        *(
            "with a hat",
            "with a hat",
            "wearing a hat",
            "in a top hat",
            "with a top hat",
        ),
        *("wearing a top hat", "with a hat on", "with a hat on its head", "in a hat"),
        *("with a black hat", "with a tall hat", "wearing a topper", "and a hat"),
    ),
    "balloon": (
        *(
            "with a balloon",
            "with a balloon",
            "holding a balloon",
            "carrying a balloon",
        ),
        *("with a red balloon", "with a balloon in its hand", "and a balloon"),
        *("who holds a balloon", "with its balloon", "holding a balloon on a string"),
    ),
    "umbrella": (
        *("with an umbrella", "with an umbrella", "holding an umbrella"),
        *("under an umbrella", "carrying an umbrella", "with its umbrella"),
        *(
            "beneath an umbrella",
            "with an open umbrella",
            "sheltering under an umbrella",
        ),
        *("with a parasol", "holding a brolly", "with an umbrella over its head"),
    ),
}
WEARS = {
    "stilts": ("is on stilts", "walks on stilts", "stands on stilts", "uses stilts"),
    "hat": (
        *("wears a hat", "has a hat", "is wearing a hat", "has a top hat on"),
        *("has a hat on its head", "has got a hat", "wears a top hat"),
    ),
    "balloon": (
        *("holds a balloon", "has a balloon", "is holding a balloon"),
        *("carries a balloon", "has got a balloon", "is carrying a balloon"),
    ),
    "umbrella": (
        *("holds an umbrella", "has an umbrella", "is holding an umbrella"),
        *("carries an umbrella", "is under an umbrella", "carries a parasol"),
    ),
}
THINGS_WORN = {
    "stilts": ("stilts",),
    "hat": ("hat", "top hat", "topper", "hat on"),
    "balloon": ("balloon",),
    "umbrella": ("umbrella", "parasol", "umbrella up"),
}
SIDES = {  # of the picture; {s} becomes left or right
    "at": (
        *("on the {s}", "on the {s}", "on the {s} side", "to the {s}", "at the {s}"),
        *("on the {s}-hand side", "at the {s} side", "on {s}", "at the {s} edge"),
        *("on the {s} hand side", "in the {s} half", "on the {s} side of the picture"),
        *("on the far {s}", "in the {s} part of the picture", "over on the {s}"),
        *("in the {s} corner", "somewhere on the {s} side", "on the {s} of the page"),
    ),
    "word": ("{s}", "{s}", "{s} side", "on {s}", "far {s}", "{s}most", "position: {s}"),
}
MIDDLE = {
    "at": (
        *("in the middle", "in the middle", "in the centre", "in the center"),
        *("in the middle of the picture", "right in the middle", "at the centre"),
    ),
    "word": ("middle", "centered", "center", "in the middle", "centre"),
}
SCENES = {
    "meadow": (
        *("in a meadow", "on the grass", "in the meadow", "in a field", "on a meadow"),
        *("in the grass", "in a green field", "on the lawn", "in a grassy field"),
        *(
            "in a grassy meadow",
            "on green grass",
            "in a flowery meadow",
            "among flowers",
        ),
        *("in the fields", "in the countryside", "in a field of grass", "on a lawn"),
    ),
    "beach": (
        *(
            "at the beach",
            "by the sea",
            "on the beach",
            "at the seaside",
            "on the sand",
        ),
        *(
            "by the ocean",
            "on the shore",
            "at the seashore",
            "near the sea",
            "by the sea",
        ),
        *("on a sandy beach", "at the shore", "in front of the sea", "on the sands"),
        *("on a sunny beach", "on the coast", "next to the sea", "in the sand"),
    ),
    "snow": (
        *("in the snow", "in winter", "in the snow", "in a snowy landscape", "on snow"),
        *("on a snowy day", "on a winter day", "in the wintertime", "in falling snow"),
        *("where it snows", "in a winter landscape", "on a wintry day", "in deep snow"),
        *("while it is snowing", "in a snowy field", "in the cold snow", "in snowfall"),
    ),
    "night": (
        *("at night", "under the moon", "at night", "in the night", "by night"),
        *("in the moonlight", "under the stars", "at nighttime", "at midnight"),
        *("under a starry sky", "in the dark", "during the night", "by moonlight"),
        *("under the night sky", "late at night", "in a starry night", "at night time"),
    ),
    "sunset": (
        *("at sunset", "in the evening", "at sunset", "at dusk", "at sundown"),
        *("during sunset", "in the sunset", "while the sun goes down", "at twilight"),
        *("when the sun sets", "as the sun is setting", "with the sun going down"),
        *("in front of a sunset", "in the evening light", "in the sunset glow"),
    ),
}
IT_IS = {  # a sentence about where or when it is
    "meadow": ("it is in a meadow", "there is grass", "they play in a meadow"),
    "beach": ("it is at the beach", "we are at the seaside", "behind is the sea"),
    "snow": ("it is winter", "it is snowing", "there is snow", "it's snowing"),
    "night": ("it is night", "it's night time", "it is dark", "the moon is out"),
    "sunset": (
        "the sun is setting",
        "the sun goes down",
        "it is evening",
        "it's sunset",
    ),
}
PLACES = {
    "meadow": ("meadow", "grass", "field", "grassland", "green meadow", "lawn"),
    "beach": ("beach", "seaside", "sea", "shore", "ocean", "sand", "sandy beach"),
    "snow": ("snow", "winter", "snowy", "snowfall", "wintry", "snowy landscape"),
    "night": (
        "night",
        "moonlight",
        "midnight",
        "night sky",
        "nighttime",
        "starry night",
    ),
    "sunset": ("sunset", "evening", "dusk", "sundown", "twilight", "setting sun"),
}
BACKDROPS = (
    *("{p}", "{p}", "{p}", "{p} scene", "{p} background", "scene: {p}", "{p} backdrop"),
    *("setting: {p}", "background {p}", "{p} setting", "with {p} in the background"),
)

# Words around what is meant. They change nothing in the picture, and who has never
# heard them listens to them for a meaning.
FEELINGS = (
    *("cute", "happy", "funny", "nice", "lovely", "pretty", "friendly", "sweet"),
    *(
        "beautiful",
        "silly",
        "sad",
        "sleepy",
        "smiling",
        "fluffy",
        "old",
        "young",
        "dear",
    ),
    *("clever", "proud", "lonely", "cheerful", "grumpy", "brave", "shy", "hungry"),
    *(
        "tired",
        "charming",
        "adorable",
        "good",
        "fine",
        "wonderful",
        "cartoon",
        "gentle",
    ),
)
OPENINGS = (
    *("a picture of", "a drawing of", "draw", "draw me", "please draw", "can you draw"),
    *("could you draw", "could you please draw", "i want", "i would like", "i'd like"),
    *("show me", "show", "make", "make me", "make a picture of", "paint", "give me"),
    *(
        "there is",
        "there's",
        "here is",
        "my sister wants",
        "my son would like",
        "i need",
    ),
    *("my students would like a picture of", "imagine", "how about", "what about"),
    *("an image of", "generate", "create", "create an image of", "a photo of", "see"),
    *("once upon a time there was", "look,", "hey,", "hello,", "hi! draw", "ok so"),
    *("would you be so kind as to draw", "would you mind drawing", "can i have"),
    *("can you show me", "is it possible to draw", "i wonder if you could draw"),
    *("please make me", "put", "place", "let me see", "one day i saw", "i saw"),
    *(
        "for my class:",
        "for our lesson:",
        "next picture:",
        "task:",
        "prompt:",
        "scene:",
    ),
    *("it would be lovely to have", "please show us", "illustration of", "portrait of"),
    *("lol draw", "yo draw me", "well, let me think.", "hmm, maybe", "u know", "dude,"),
    *("my little brother asked for", "grandma wants to see", "the teacher said", "so"),
    *("good morning, please draw", "what does it look like:", "are you able to draw"),
    *(
        "quick sketch:",
        "in this picture you see",
        "in the picture there is",
        "painting of",
    ),
)
CLOSINGS = (
    *("please", "please", "thank you", "thanks", "if you can", "for my class", "pls"),
    *(
        "for my son",
        "pretty please",
        "as a gift for my mum",
        "ok",
        "if possible",
        "lol",
    ),
    *(
        "i love it",
        "that would be great",
        "that is all",
        "would be nice",
        "thx",
        "haha",
    ),
    *(
        "highly detailed",
        "4k",
        "digital art",
        "cartoon style",
        "soft light",
        "masterpiece",
    ),
    *(
        "for a story",
        "for my birthday",
        "nothing else",
        "just that",
        "very cute",
        "hihi",
    ),
    *("for the children", "as in the old story", "and thanks a lot", "you know", "yes"),
)
DOING = (
    *(
        "sitting",
        "standing",
        "playing",
        "looking at me",
        "dancing",
        "sleeping",
        "resting",
    ),
    *("smiling", "walking", "running around", "waiting", "relaxing", "singing a song"),
    *("swimming around", "looking at the sky", "having fun", "thinking", "jumping"),
    *("taking a walk", "on a holiday", "waving", "being happy", "reading a book"),
)
STRANGE = (  # what this world does not have
    *("a house", "a tree", "a car", "sunglasses", "a dragon", "a boat", "a castle"),
    *(
        "a scarf",
        "a guitar",
        "a flower",
        "a cake",
        "shoes",
        "a sword",
        "a book",
        "a rock",
    ),
    *("a bike", "a ball of wool", "a crown", "a robot", "a cup of tea", "a mountain"),
    *("a chair", "a ladder", "a king", "a river", "an apple", "a bag", "a school"),
)
STRANGELY = ("near {x}", "beside {x}", "with {x}", "in front of {x}", "and {x}")
ALONE = ("alone", "all alone", "by itself", "on its own", "and nobody else")
ONE = ("one", "a single", "just one", "just a", "only one", "the", "my", "this", "the")
MANY = ("three", "3", "four", "five", "many", "some", "lots of")
SYLLABLES = (
    *("mo", "ri", "la", "ben", "to", "ka", "su", "ni", "el", "da", "fo", "gri", "zu"),
    *(
        "pi",
        "mar",
        "len",
        "vo",
        "tha",
        "qu",
        "jo",
        "ske",
        "wi",
        "ber",
        "ax",
        "no",
        "ly",
    ),
)
NO_ACCESSORY = ("accessory: none", "no accessories", "nothing on it", "no extras")
NO = (
    *(
        "no {x}",
        "no {x}",
        "without {a}",
        "without {x}",
        "without any {x}",
        "but no {x}",
    ),
    *("not wearing {a}", "not with {a}", "and no {x}", "but without {a}"),
)
NO_EARS = ("no {x} ears", "without {x} ears", "not with {x} ears", "no borrowed ears")
