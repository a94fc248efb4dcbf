"""The words that the model knows, and the sentences made of them.

Of words that sound alike only the more frequent one is in the list (no "ate", "sea", "write"), so that what is said can
be written from its sound.
"""

from random import Random

DIGITS = "zero one two three four five six seven eight nine".split()
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()

# Classes of words; a class's name in braces stands for one of its words in the sentences below.
CLASSES = {
    "who": "i you we they he she",
    "name": "anna peter mary john emma david sarah tom lucy james alice henry",
    "person": """mother father sister brother daughter uncle aunt cousin grandmother grandfather friend neighbour
        teacher doctor nurse farmer driver baker student boy girl man woman king queen artist writer singer player
        pilot sailor soldier captain boss worker lawyer judge cook waiter guest visitor stranger child baby""",
    "people": "children people parents friends students workers tourists teachers neighbours players",
    "animal": """dog cat horse cow sheep pig chicken duck bird fish mouse rabbit lion tiger bear elephant monkey
        snake frog butterfly goat wolf fox donkey""",
    "food": """bread butter cheese milk rice soup salad meat sugar salt pepper coffee tea water juice wine cake
        chocolate honey fruit""",
    "fruits": "apples oranges bananas lemons potatoes tomatoes onions carrots eggs biscuits sandwiches",
    "meal": "breakfast lunch dinner supper",
    "room": "house kitchen bathroom bedroom garden garage cellar hall",
    "thing": """door window table chair bed lamp clock mirror picture carpet sofa shelf cupboard key box bag basket
        bottle cup glass plate bowl spoon knife fork fridge oven telephone computer radio television letter
        newspaper book pen pencil map camera umbrella ball present ticket hammer candle guitar piano blanket pillow
        towel ladder bucket""",
    "things": "books keys letters pictures tickets flowers stones bottles boxes chairs glasses stamps",
    "clothes": "shirt dress hat coat jacket scarf jumper belt",
    "shoes": "shoes socks gloves trousers boots",
    "body": "head hair ear nose mouth hand finger arm leg foot knee shoulder heart neck",
    "place": """school hospital station airport market bank library church museum office shop restaurant hotel
        theatre cinema park beach river lake mountain forest island bridge street road village town city farm field
        factory castle tower square harbour valley""",
    "vehicle": "car bus train bicycle plane boat ship taxi truck tractor",
    "sky": "sun moon sky rain snow wind cloud storm ocean weather fire",
    "plant": "tree flower grass rose leaf bush",
    "season": "summer winter spring autumn",
    "colour": "red blue green yellow black white brown grey orange pink purple golden silver",
    "adjective": """big small old new young good bad happy sad long short tall high low fast slow quick strong rich
        poor clean dirty dry wet heavy dark bright quiet loud soft hard strange empty full broken beautiful cheap
        expensive dangerous famous favourite important lovely simple little large round""",
    "state": """hungry thirsty tired angry afraid ready late early busy free safe sick well open closed cold hot
        warm cool sweet fresh difficult easy wonderful terrible wrong""",
    "did": """opened bought sold found lost carried made broke cleaned washed painted moved wanted liked loved
        needed saw watched took brought gave sent kept forgot remembered showed used stole""",
    "do": """open close buy sell find carry make clean wash paint move want like love need watch take bring send
        keep forget remember show use""",
    "went": """walked ran slept swam danced sang laughed smiled cried worked played travelled waited arrived stayed
        sat stood lived fell talked jumped rested""",
    "go": """go come walk run sleep swim dance sing laugh smile cry work play travel wait stay sit stand live talk
        jump rest""",
    "near": "in under behind on beside above across from around inside outside opposite",
    "every": "every each this that another the",
    "my": "my your his her the",
    "when": "today tomorrow yesterday tonight now soon later again",
    "often": "always never often sometimes usually",
    "part": "morning afternoon evening night",
    "period": "second minute hour day week month year",
    "periods": "seconds minutes hours days weeks months years",
    "weekday": "monday tuesday wednesday thursday friday saturday sunday",
    "month": "january february march april may june july august september october november december",
    "ordinal": "first second third fourth fifth sixth seventh eighth ninth tenth last next",
    "can": "can could will would should must",
    "cannot": "can't don't won't",
    "direction": "left right north south east west up down",
    "switch": "on off",
    "and": "and but or because",
    "with": "with without for",
    "very": "very really quite so",
    "money": "pounds dollars euros cents",
    "measure": "metres miles kilograms litres percent degrees",
    "hello": "hello goodbye please sorry thanks yes no",
    "how": "where when why",
}

# Words of the sentences that belong to no class.
OTHER_WORDS = """a all am an any are at ask be been call come degrees did do does dear end everybody excuse false
    give had half has have help hundred i'm if into is isn't it it's let's many me million minus more much music
    name not nothing number o'clock of off oh one other past per play plus point price quarter question room says
    set some something start stop story talk tell than thank that's them then there there's these thousand time
    times to together true turn us waiting was were what what's who world volume answer code key phone message
    doesn't zero without""".split()

TEMPLATES = """
the {adjective} {animal} {went} {near} the {place}
the {colour} {animal} {did} the {adjective} {thing}
{my} {person} {did} {a} {adjective} {thing} {when}
{my} {person} and {name} {went} {near} the {place}
{who} {did} {a} {colour} {thing} for {my} {person}
{who} {can} {do} the {thing} {near} the {room}
{who} {cannot} {do} the {adjective} {thing} {when}
{name} {did} {number} {fruits} at the {place}
{name} {did} some {food} and {food} for {meal}
{name} and {name} {often} {go} to the {place}
{name} {went} {near} the {place} with {my} {person}
please {do} the {thing} and the {thing}
please {do} the {thing} {near} the {room}
please turn {switch} the {thing} {near} the {room}
turn the {thing} {switch} at {time}
turn {direction} at the {place} and then {go} {direction}
where is {my} {colour} {thing}
where are the {number} {things}
how many {things} are {near} the {thing}
how much is the {adjective} {thing}
what time is it now
what's the time please
what's the weather like {when}
it is {time}
it's {time} {when}
it was {time} {near} the {part}
the {vehicle} to the {place} leaves at {time}
the {vehicle} is {very} {state} {when}
the {sky} is {very} {adjective} {when}
the {sky} and the {sky} were {adjective}
there is {a} {adjective} {thing} {near} the {thing}
there are {number} {things} {near} the {room}
there were {number} {people} {near} the {place}
{my} {clothes} is {colour} and {my} {shoes} are {colour}
{my} {body} is {state} and {my} {body} is {state}
{my} {animal} is {very} {state} {and} {my} {animal} is {state}
i'm {very} {state} {when}
i'm {state} {and} {who} {did} nothing
{hello} {name} how are you {when}
{hello} {name} this is {my} {person}
{hello} {who} {can} {do} it {when}
thank you for the {adjective} {thing}
{how} did {name} {do} the {thing}
{how} {can} {name} {go} to the {place}
{how} does {my} {person} {go} {near} {season}
who {did} {my} {adjective} {thing}
who {can} {do} {number} {things} for me
let's {go} to the {place} {when}
let's {do} some {food} for {my} {person}
{people} {often} {go} {near} the {place}
the {people} {did} {number} {things} {when}
the {people} are {very} {state} {and} the {people} are {state}
on {weekday} {part} {who} {went} {near} the {place}
on {weekday} {who} {can} {go} with {name}
{weekday} the {ordinal} of {month}
{my} {person} comes on the {ordinal} of {month}
{near} {season} the {plant} is {colour} and {adjective}
the {plant} {near} the {room} is {colour}
{every} {period} {who} {did} the {thing}
{every} {weekday} {who} {did} {a} {adjective} {animal}
{number} {periods} and {number} {periods}
{who} {went} for {number} {periods}
the {thing} costs {number} {money}
the {ordinal} {thing} costs {number} {money} and {number} cents
it is {number} {measure} to the {place}
it's {number} degrees {near} {month}
{number} plus {number} is {number}
{number} minus {number} is {number}
{number} times {number}
{number} point {digits}
{number} percent of the {people}
call {name} at {digits}
my number is {digits}
{digits}
{digits}
room {number} on the {ordinal} floor
the code is {digits}
set the volume to {number} percent
play some music {near} the {room}
stop the music {when}
tell me {a} {adjective} story
that's {a} {adjective} question
the answer is {number}
{who} {did} more {food} than {food}
{my} {thing} isn't {state} {and} it's {adjective}
the {person} says that the {thing} is {state}
if {who} {do} the {thing} then {who} {go} {direction}
all the {things} were {adjective} and {colour}
something is wrong {with} {my} {thing}
{words}
{words}
{words}
{words}
{words}
{words}
{words}
{words}
{words}
{words}
{words}
{words}
""".split("\n")[1:-1]

ALL_WORDS = sorted(
    set(
        DIGITS
        + TEENS
        + TENS
        + OTHER_WORDS
        + [word for words in CLASSES.values() for word in words.split()]
        + [word for template in TEMPLATES for word in template.split() if not word.startswith("{")]
    )
)
_LISTS = {name: words.split() for name, words in CLASSES.items()}


def below_hundred(number):
    """0...99 in words."""
    if number < 10:
        return [DIGITS[number]]
    if number < 20:
        return [TEENS[number - 10]]
    return [TENS[number // 10 - 2], *([DIGITS[number % 10]] if number % 10 else [])]


def number_words(number):
    """0...999,999 in words, without "and"."""
    if number < 100:
        return below_hundred(number)
    if number < 1000:
        rest = number % 100
        return [DIGITS[number // 100], "hundred", *(below_hundred(rest) if rest else [])]
    rest = number % 1000
    return [*number_words(number // 1000), "thousand", *(number_words(rest) if rest else [])]


def random_number(random):
    """A number in words; small ones are more frequent."""
    limit = random.choice([10, 20, 100, 100, 1000, 10_000, 1_000_000])
    return number_words(random.randrange(limit))


def random_digits(random, shortest=1, longest=8):
    """Digits said one by one."""
    return [random.choice(DIGITS) for _ in range(random.randint(shortest, longest))]


def random_time(random):
    hour = number_words(random.randint(1, 12))
    form = random.randrange(4)
    if form == 0:
        return [*hour, "o'clock"]
    if form == 1:
        return [random.choice(["half", "quarter"]), "past", *hour]
    if form == 2:
        return [*number_words(random.choice([5, 10, 20])), random.choice(["past", "to"]), *hour]
    return [*hour, *number_words(random.randint(10, 59))]


def sentence(random: Random):
    """A sentence as a string of words, lower case, without punctuation."""
    words = []
    for part in random.choice(TEMPLATES).split():
        slot = part[1:-1]
        if not part.startswith("{"):
            words.append(part)
        elif slot == "a":
            words.append(None)
        elif slot == "number":
            words += random_number(random)
        elif slot == "digits":
            words += random_digits(random)
        elif slot == "time":
            words += random_time(random)
        elif slot == "words":
            words += random.sample(ALL_WORDS, random.randint(2, 7))
        else:
            words.append(random.choice(_LISTS[slot]))
    for place, word in enumerate(words):
        if word is None:
            words[place] = "an" if words[place + 1][0] in "aeiou" else "a"
    return " ".join(words)


def sentences(count, seed, without=frozenset()):
    """So many different sentences, none of which is in `without`."""
    random, found = Random(seed), {}
    while len(found) < count:
        text = sentence(random)
        if text not in without:
            found[text] = None
    return list(found)
