"""Words around what is meant: they change nothing in the picture.

Who has never heard them listens to them for a meaning.
"""

from course_lib.world.lexicon import either

OPENINGS = either("""
    could you perhaps show me | i should be delighted to see | i would be grateful for |
    if it is not too much trouble, | good afternoon. | my dear, | hi there, | ok, |
    let there be | behold | here comes | there lives | there was once | a picture of |
    a drawing of | draw | draw me | please draw | can you draw | could you draw |
    could you please draw | i want | i would like | i'd like | show me | show | make |
    make me | make a picture of | paint | give me | there is | there's | here is |
    my sister wants | my son would like | i need | my students would like a picture of |
    imagine | how about | what about | an image of | generate | create |
    create an image of | a photo of | see | once upon a time there was | look, | hey, |
    hello, | hi! draw | ok so | would you be so kind as to draw |
    would you mind drawing | can i have | can you show me | is it possible to draw |
    i wonder if you could draw | please make me | put | place | let me see |
    one day i saw | i saw | for my class: | for our lesson: | next picture: | task: |
    prompt: | scene: | it would be lovely to have | please show us | illustration of |
    portrait of | lol draw | yo draw me | well, let me think. | hmm, maybe | u know |
    dude, | my little brother asked for | grandma wants to see | the teacher said | so |
    good morning, please draw | what does it look like: | are you able to draw |
    quick sketch: | in this picture you see | in the picture there is | painting of |
    could you perhaps draw | i wonder whether you might draw | may i see |
    we would love to see | what would you say to | let's have | next, | now | then |
    is there | who has seen | is that | do you know | attention: | wish: | art: |
    concept: | my idea:
""")
CLOSINGS = either("""
    please | please | thank you | thanks | if you can | for my class | pls |
    for my son | pretty please | as a gift for my mum | ok | if possible | lol |
    i love it | that would be great | that is all | would be nice | thx | haha |
    highly detailed | 4k | digital art | cartoon style | soft light | masterpiece |
    for a story | for my birthday | nothing else | just that | very cute | hihi |
    for the children | as in the old story | and thanks a lot | you know | yes |
    no text | no background clutter | no frame | no people | as you like |
    do your best | surprise me | can you | will you | it is for a book |
    like in my dream
""")
FEELINGS = either("""
    cute | happy | funny | nice | lovely | pretty | friendly | sweet | beautiful |
    silly | sad | sleepy | smiling | fluffy | old | young | dear | clever | proud |
    lonely | cheerful | grumpy | brave | shy | hungry | tired | charming | adorable |
    good | fine | wonderful | cartoon | gentle
""")
DOING = either("""
    sitting | standing | playing | looking at me | dancing | sleeping | resting |
    smiling | walking | running around | waiting | relaxing | singing a song |
    swimming around | looking at the sky | having fun | thinking | jumping |
    taking a walk | on a holiday | waving | being happy | reading a book
""")
ALONE = either("""
    alone | all alone | by itself | on its own | and nobody else
""")
ONE = either("""
    one | a single | just one | just a | only one | the | my | this | the
""")
# What this world does not have.
STRANGE = either("""
    a house | a tree | a car | sunglasses | a dragon | a boat | a castle | a scarf |
    a guitar | a flower | a cake | shoes | a sword | a book | a rock | a bike |
    a ball of wool | a crown | a robot | a cup of tea | a mountain | a chair |
    a ladder | a king | a river | an apple | a bag | a school
""")
STRANGELY = either("""
    near {x} | beside {x} | with {x} | in front of {x} | and {x}
""")
MANY = either("three | 3 | four | five | many | some | lots of")
# Of names, jokes and other languages.
SYLLABLES = either("""
    mo | ri | la | ben | to | ka | su | ni | el | da | fo | gri | zu | pi | mar | len |
    vo | tha | qu | jo | ske | wi | ber | ax | no | ly
""")
# Of English, that say nothing of a picture here.
COMMON = either("""
    i | you | he | she | we | they | it | is | was | are | be | have | has | had | do |
    does | did | can | could | will | would | should | may | want | know | think |
    like | see | say | said | tell | get | go | come | make | take | give | look |
    find | use | try | ask | need | feel | let | love | wish | hope | please | thank |
    sorry | hello | again | never | always | maybe | perhaps | really | very | quite |
    too | also | just | still | now | then | today | yesterday | soon | here | there |
    where | when | why | how | what | who | because | so | if | but | or | as | than |
    about | after | before | from | into | over | for | to | of | this | that | these |
    those | some | any | all | every | each | other | another | my | your | his | her |
    our | their | me | him | us | them | time | day | year | week | people | man |
    woman | child | children | friend | mother | father | brother | daughter |
    grandmother | teacher | school | class | lesson | book | story | article | game |
    work | life | home | room | street | city | world | country | hand | eye | heart |
    name | word | question | idea | picture | drawing | style | art | paper | birthday |
    party | present | dinner | tea | music | song | dream | rain | long | new | great |
    own | other | same | different | last | next | best | better | easy | hard | kind |
    quiet | loud | quick | slow | warm | happily | slowly | gently | nicely | exactly |
    simply | clearly | well | detailed | realistic | minimal | cinematic | watercolor |
    sharp | flat | vector | poster | cover | clean | lines | lighting | quality |
    render
""")
