"""The words that people have for what is in a critter picture.

`wording` says each factor in two or three ways, enough to learn from in minutes. People
have more: a rabbit is a hare, night is moonlight, red is scarlet. What stands here is
what they might type; how it becomes a sentence stands in `speech`.

What stands twice in a list is said twice as often.
"""


def either(phrases: str) -> tuple[str, ...]:
    """The phrases between the bars.

    >>> either("a hat | a cap")
    ('a hat', 'a cap')
    """
    return tuple(" ".join(phrase.split()) for phrase in phrases.split("|"))


# What is in a picture -----------------------------------------------------------

NOUNS = {
    "frog": either("frog | frog | frog | froggy | toad"),
    "rabbit": either("rabbit | rabbit | bunny | bunny rabbit | hare"),
    "cat": either("cat | cat | kitty | kitten | kitty cat | pussycat"),
    "bear": either("bear | bear | teddy bear | teddy | bear cub"),
    "bird": either("bird | bird | birdie | birdy | songbird"),
    "fish": either("fish | fish | fishy | fishie"),
    "turtle": either("turtle | turtle | tortoise | sea turtle"),
}
# The two that share a word, _, and what tells the sense.
SENSES = {
    "bat": either("""
        flying _ | furry _ | fruit _ | winged _ | vampire _ | _ with wings |
        _ that flies | _ (the animal) | _ animal | _, the animal, | _ that can fly |
        _ (the flying one) | real _ with wings | _, the flying kind, | _ (the mammal) |
        _ which hangs upside down | _, not the wooden one, | night _ |
        _ with two wings | _, not the baseball bat, | furry flying _ |
        _, the animal obviously, | _, a real one with wings, |
        _, you know, the flying animal, | _ (animal!) | _ that flies around |
        _ the flying sort
    """),
    "club": either("""
        baseball _ | baseball _ | wooden _ | _ beside a ball | _ and a ball |
        _ with a ball | _ for baseball | softball _ | _ for hitting a ball |
        _ for hitting a baseball | _ you hit a ball with | _ and ball |
        _ to hit a ball with | _ that you hit the ball with | sports _ |
        _, not the animal, | _ for playing baseball | _ made of wood |
        _ (the one for baseball) | _ for the ball game | cricket _ |
        _ that players hit with | _ (the sports thing) | _, the one you play with,
    """),
    "crane": either("""
        wading _ | _ with long legs | _ bird | long-legged _ | _ (the bird) |
        _, the bird, | _ with a long beak | bird _ | _ wading in the water |
        _ standing on one leg | _ with feathers | _, the bird with long legs, |
        _ walking through a marsh | _, not the machine, |
        _, the bird and not the machine, | _ that is a bird | _ that wades |
        _ on thin legs | _ but the bird | _, i mean the bird, | _ (bird, not machine) |
        _ like a heron
    """),
    "machine": either("""
        tower _ | construction _ | _ machine | building _ | _ lifting a box |
        _ that lifts heavy things | _, the one that lifts heavy things, | lifting _ |
        _ at a building site | _ from a construction site | _ (machine) |
        _, the machine, | _ with a hook | _ carrying a load | _, not the bird, |
        _ lifting a load | _ for building houses | _ that lifts boxes |
        _ hoisting a box | mechanical _ | _ with a load on its hook | _ (the machine) |
        _, i mean the machine, | _ on a building site | _, the kind that hoists boxes,
    """),
}
SENSED = {"bat": "bat", "club": "bat", "crane": "crane", "machine": "crane"}
COLOURS = {
    "red": either("red | red | red | scarlet | crimson | ruby red | bright red"),
    "orange": either("orange | orange | orange | tangerine | bright orange"),
    "yellow": either("yellow | yellow | yellow | golden | lemon yellow | gold"),
    "green": either("""
        green | green | green | emerald | grass green | emerald green
    """),
    "blue": either("blue | blue | blue | azure | sky blue | navy blue | navy"),
    "purple": either("""
        purple | purple | violet | violet | lilac | lavender | plum
    """),
    "white": either("white | white | white | snow-white | snowy white | ivory"),
    "brown": either("""
        brown | brown | brown | chestnut | chocolate brown | chocolate
    """),
}
LIKE = {  # what everybody knows the colour of
    "red": either("a tomato | a cherry | blood | a rose"),
    "orange": either("an orange | a tangerine | a carrot | a pumpkin"),
    "yellow": either("a lemon | a banana | the sun | butter"),
    "green": either("grass | a leaf | an emerald | peas"),
    "blue": either("the sky | the sea | a sapphire | the ocean"),
    "purple": either("a plum | plums | grapes | lavender"),
    "white": either("snow | milk | a cloud | paper"),
    "brown": either("chocolate | wood | a nut | coffee"),
}
SIZES = {
    "small": either("""
        small | little | tiny | small | little | tiny | mini | miniature | teeny |
        teeny tiny | wee | very small | really tiny | itty-bitty | lil | rather small |
        not big but small | size: s | size s
    """),
    "big": either("""
        big | large | huge | big | large | huge | giant | enormous | gigantic |
        massive | very big | great big | really large | huge huge | not small but big |
        giant giant | size: l | size xl | rather big
    """),
}
LENDERS = {
    "rabbit": either("rabbit | rabbit | bunny | bunny | hare"),
    "cat": either("cat | cat | cat | kitty | kitten | feline"),
    "bear": either("bear | bear | bear | teddy bear | teddy"),
}
# {x} is who lends them.
EARS = either("""
    {x} ears | {x} ears | {x} ears | {x}'s ears | the ears of a {x} | ears like a {x} |
    a {x}'s ears | ears of a {x} | ears like a {x}'s | {x} ears on its head |
    those ears that a {x} has | {x}-like ears | fluffy {x} ears | the ears of {x} |
    ears of {x} | a pair of {x} ears | ears that look like a {x}'s |
    ears borrowed from a {x}
""")
# {e} are the ears, in any of these forms.
HAS_EARS = either("""
    has no ears of its own but {e} | wears the ears of a {x} | has the {x}'s ears |
    whose ears are those of a {x} | whose ears are {x} ears | has {e} | has {e} |
    has got {e} | wears {e} | is wearing {e} | has {e} on | borrowed the ears of a {x} |
    stole the ears of a {x} | got {e} | has, in place of its own ears, {e} |
    got its ears from a {x} | has swapped its ears for {e} |
    has not its own ears but {e}
""")
# Behind the animal, as something that it does, and as a word of a list.
WORN = {
    "stilts": either("""
        on stilts | on stilts | standing on stilts | walking on stilts | with stilts |
        upon stilts | on long stilts | on tall stilts | up on stilts |
        on a pair of stilts | using stilts | on wooden stilts
    """),
    "hat": either("""
        with a hat | with a hat | wearing a hat | in a top hat | with a top hat |
        wearing a top hat | with a hat on | with a hat on its head | in a hat |
        with a black hat | with a tall hat | wearing a topper | with a magician's hat |
        with his hat | having a hat on | and a hat
    """),
    "balloon": either("""
        with a balloon | with a balloon | holding a balloon | carrying a balloon |
        with a red balloon | with a balloon in its hand | and a balloon |
        who holds a balloon | with its balloon | with his balloon | that has a balloon |
        holding a balloon on a string
    """),
    "umbrella": either("""
        with an umbrella | with an umbrella | holding an umbrella | under an umbrella |
        carrying an umbrella | with its umbrella | beneath an umbrella |
        with an open umbrella | sheltering under an umbrella | with a parasol |
        holding a brolly | with an umbrella over its head
    """),
}
WEARS = {
    "stilts": either("""
        is on stilts | walks on stilts | stands on stilts | uses stilts
    """),
    "hat": either("""
        wears a hat | has a hat | is wearing a hat | has a top hat on |
        has a hat on its head | has got a hat | wears a top hat
    """),
    "balloon": either("""
        holds a balloon | has a balloon | is holding a balloon | carries a balloon |
        has got a balloon | is carrying a balloon
    """),
    "umbrella": either("""
        holds an umbrella | has an umbrella | is holding an umbrella |
        carries an umbrella | is under an umbrella | carries a parasol
    """),
}
THINGS_WORN = {
    "stilts": either("stilts"),
    "hat": either("hat | top hat | topper | hat on"),
    "balloon": either("balloon"),
    "umbrella": either("umbrella | parasol | umbrella up"),
}
# {s} is left or right.
SIDES = {
    "at": either("""
        on the {s} | on the {s} | on the {s} side | to the {s} | at the {s} |
        on the {s}-hand side | at the {s} side | on {s} | at the {s} edge |
        on the {s} hand side | in the {s} half | on the {s} side of the picture |
        on the far {s} | in the {s} part of the picture | over on the {s} |
        in the {s} corner | somewhere on the {s} side | on the {s} of the page |
        placed {s} | flush {s} | close to the {s} edge | towards the {s} |
        on the {s} of the sheet | at the far {s} | a bit to the {s}
    """),
    "word": either("""
        {s} | {s} | {s} side | on {s} | far {s} | {s}most | position: {s} | at {s} |
        {s}-hand side | flush {s} | {s} edge
    """),
}
MIDDLE = {
    "at": either("""
        in the middle | in the middle | in the centre | in the center |
        in the middle of the picture | right in the middle | at the centre |
        dead centre | exactly in the center
    """),
    "word": either("middle | centered | center | in the middle | centre"),
}
# Behind all else, as a sentence of its own, and as a word of a list: {p}.
SCENES = {
    "meadow": either("""
        in a meadow | on the grass | in the meadow | in a field | on a meadow |
        in the grass | in a green field | on the lawn | in a grassy field |
        in a grassy meadow | on green grass | in a flowery meadow | in a flowery field |
        in clover | among flowers | in the fields | in the countryside |
        in a field of grass | on a lawn
    """),
    "beach": either("""
        at the beach | by the sea | on the beach | at the seaside | on the sand |
        by the ocean | on the shore | at the seashore | near the sea | by the sea |
        on a sandy beach | on a tropical beach | on a sandy shore | on a quiet shore |
        at the shore | in front of the sea | on the sands | on a sunny beach |
        on the coast | next to the sea | in the sand
    """),
    "snow": either("""
        in the snow | in winter | in the snow | in a snowy landscape | on snow |
        on a snowy day | on a winter day | in the wintertime | in falling snow |
        where it snows | in a winter landscape | on a wintry day | in deep snow |
        where snowflakes fall | in a winter wonderland | in fresh snow |
        while it is snowing | in a snowy field | in the cold snow | in snowfall
    """),
    "night": either("""
        at night | under the moon | at night | in the night | by night |
        in the moonlight | under the stars | at nighttime | at midnight |
        under a starry sky | under the stars of the night | at nite | in the nighttime |
        in the dark | during the night | by moonlight | under the night sky |
        late at night | in a starry night | at night time
    """),
    "sunset": either("""
        at sunset | in the evening | at sunset | at dusk | at sundown | during sunset |
        in the sunset | while the sun goes down | at twilight | when the sun sets |
        where the sun is going down | against the setting sun | as the sun is setting |
        with the sun going down | in front of a sunset | in the evening light |
        in the sunset glow
    """),
}
IT_IS = {
    "meadow": either("""
        it is in a meadow | there is grass | they play in a meadow
    """),
    "beach": either("""
        it is at the beach | we are at the seaside | behind is the sea
    """),
    "snow": either("it is winter | it is snowing | there is snow | it's snowing"),
    "night": either("""
        it is night | it's night time | it is dark | the moon is out
    """),
    "sunset": either("""
        the sun is setting | the sun goes down | it is evening | it's sunset
    """),
}
PLACES = {
    "meadow": either("""
        grassy meadow | flowery field | clover | meadow | grass | field | grassland |
        green meadow | lawn
    """),
    "beach": either("""
        sandy shore | tropical beach | seashore | beach | seaside | sea | shore |
        ocean | sand | sandy beach
    """),
    "snow": either("""
        winter wonderland | snowflakes | fresh snow | snow | winter | snowy | snowfall |
        wintry | snowy landscape
    """),
    "night": either("""
        nocturnal | starry sky | nite | moonlit night | night | moonlight | midnight |
        night sky | nighttime | starry night
    """),
    "sunset": either("""
        sunset glow | evening sun | sun going down | sunset | evening | dusk | sundown |
        twilight | setting sun
    """),
}
BACKDROPS = either("""
    {p} | {p} | {p} | {p} scene | {p} background | scene: {p} | {p} backdrop |
    setting: {p} | bg {p} | {p} bg | time and place: {p} | {p} in the background |
    background {p} | {p} setting | with {p} in the background
""")

# Two animals ----------------------------------------------------------------------

# X is on the `side`, {s} says so, and Y on the other, {o}; x and y are both once more,
# "the cat". In the mirror each form is one of the other side.
IN_ORDER = (
    # X is on the `side` of Y.
    either("""
        {X} to the {side} of {Y} | {X} {side} of {Y} | {X} on the {side} of {Y} |
        {X} on the {side} side of {Y} | {X} standing {side} of {Y} |
        {X} is to the {side} of {Y} | {X} sits to the {side} of {Y} |
        {X} stands to the {side} of {Y} | {X} at the {side} side of {Y} |
        to the {side} of {Y} there is {X} | to the {side} of {Y} is {X} |
        {side} of {Y}, {X} | on the {side} of {Y} stands {X} |
        {Y} with {X} to its {side} | {Y} with {X} on its {side} |
        {Y} and {X} to its {side} | {Y} and to its {side} {X} | {Y}, {side} of it {X} |
        {Y}, and to the {side} of it {X} | {Y}, and {side} of it, {X} |
        {Y} and to the {side} of him {X} | {Y}, to its {side} {X} |
        {Y}, {X} {side} of it | {Y} has {X} on its {side} side |
        {Y} and {side} of {y} {X}
    """)
    # Each on its side of the picture.
    + either("""
        {X} {s} and {Y} {o} | {X} {s} and {Y} {o} | {X} {s}, {Y} {o} |
        {X} is {s} and {Y} is {o} | {s} {X}, {o} {Y} | {s} {X} and {o} {Y} |
        {s} is {X} and {o} is {Y} | {side}: {X}. {other}: {Y} |
        {side}: {X}, {other}: {Y} | {X} {side}, {Y} {other} |
        {X} ({side}), {Y} ({other}) | {side} {X}, {other} {Y} |
        {X} {side} and {Y} {other} | {side} = {X}; {other} = {Y} |
        {X} goes {side}, {Y} goes {other} |
        the {side} one is {X}, the {other} one is {Y}
    """)
    # Both, and then where one of them is.
    + either("""
        {X} and {Y}, {x} {s} | {X} and {Y}, {x} on the {side} | {Y} and {X}, {x} {s} |
        {X} and {Y}, {y} {o} | {Y} and {X}, {y} is {o} | {X} and {Y}, {x} is {s} |
        {X} next to {Y}, with {x} on the {side} | {Y} and {X}. {x} is {s} |
        {X} and {Y}. {x} is {side} of {y} | {Y} beside {X}. {x} stands {s} |
        two animals, {X} {side}, {Y} {other} | two friends: {X} {s} and {Y} {o} |
        {X} {s}, facing {Y} {o} | {Y} has {X} as its {side}-hand neighbour |
        {x}, {s}, is {X}; {y}, {o}, is {Y} | {X} {s}; the {other} belongs to {Y} |
        {X} {s} looks at {Y} {o} | {X} ({letter}) and {Y} | {X} {letter} of {Y}
    """)
    # As it is told.
    + either("""
        {Y} {o} and, keeping it company {s}, {X} | {Y} and, to the {side} of it, {X} |
        {Y}; {side} of it stands {X} | {Y}, with {X} to the {side} of it |
        who is that {side} of {y}? it is {X}, and {y} is {Y} |
        {X}, it goes {side}. then {Y}, {other} | first comes {Y}, then {s} {X} |
        {X} {s} is the neighbour of {Y} | {Y}'s {side} neighbour is {X} |
        {Y} sees {X} to its {side} | {s} i see {X} and {o} {Y} |
        {side} {X} / {other} {Y} | {side}-hand side: {X}, {other}-hand side: {Y} |
        {X} stands {s}, {Y} {o} | {s} we have {X}, and {Y} {o} |
        {Y} has company: {X}, {s} | put {X} {s} and {Y} {o} | {Y} {o}, {X} {s} |
        {X} (on the {side}) with {Y} | {X} to {Y}'s {side} | {X}, {s}, and {Y}
    """)
    # X is there, and Y comes after.
    + either("""
        {X} {s} and {Y} | {X} {s} and {Y} beside it | {X} {s}, next to it {Y} |
        first {X} {s}, then {Y} {o} | {X} {s} together with {Y}
    """)
)
IN_ANY_ORDER = either("""
    {A} next to {B} | {A} beside {B} | {A} and {B} | {A} and {B} | {A} with {B} |
    {A} and {B} side by side | {A} near {B} | {A} and {B} together | {A} + {B} |
    {A} with {B} by its side | {A} alongside {B} | two friends, {A} and {B}, |
    {A} sitting beside {B} | both {A} and {B} | {A} & {B} | {A} meets {B} |
    {A} together with {B} | {A}, {B} | {A} and its friend, {B}, | {A} by {B} |
    {A} is next to {B} | {A} stands beside {B} | two animals: {A}, {B} |
    {A} follows {B} | {A} on one side and {B} on the other | {A} x {B} |
    {A}, and beside it {B} | two neighbours, {A} and {B} | {A} sat beside {B} |
    {A} and {B}, whichever way you like | {A} and {B}, in any order |
    {A} and next to it {B} | {A} hanging out with {B} | {A} and also {B}
""")
# {c} is a colour, {x} the animal once more.
COLOURED_LATER = either("""
    {x} is {c} | {x} {c} | {x} should be {c} | {x} in {c} | {x} being {c} | {x} = {c} |
    {x}: {c} | make {x} {c} | i want {x} {c} | with {x} in {c} | {x} must be {c} |
    {x} has the colour {c} | {x} is a {c} one | {x} itself is {c}
""")
# {w} is who, {e} the ears, {x} whose, {t} a thing to wear: these begin otherwise.
EARS_FIRST = either("""
    give {w} {e} | {e} on {w} | put {e} on {w} | {w} that got {e} | {x} ears for {w} |
    {w} and on its head {e} | {w}, but with {e} |
    imagine {w} with {e} instead of its own
""")
WORN_FIRST = either("""
    {t} for {w} | {t} and {w} | {w} and its {n} | {w} has its {n} | give {w} {t} |
    {t} belongs to {w} | {t} with {w} | {w}, {n} included | {w} loves its {n}
""")
# What somebody does not want: {x} is a hat, {a} with its article.
NO = either("""
    no {x} | no {x} | without {a} | without {x} | without any {x} | but no {x} |
    not wearing {a} | not with {a} | and no {x} | but without {a}
""")
NO_ACCESSORY = either("""
    accessory: none | no accessories | nothing on it | no extras
""")
NO_EARS = either("""
    no {x} ears | without {x} ears | not with {x} ears | no borrowed ears
""")
