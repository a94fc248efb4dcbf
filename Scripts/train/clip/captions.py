"""What is said about a picture: the grammar for scenes, the templates for photographs, and what each sentence implies.

A caption comes with the attributes that it names, so that it is known which pictures of a batch it describes. Some
wordings are kept out of the training to measure how the model takes sentences of a build that it has never read.
"""

import scenes
from scenes import BACKGROUND, COLOUR, COUNT, GROUP, POSITION, SHAPE, SIZE, TEXTURE

# Singular and plural; the first of each is the one that labels use.
NOUNS = {
    "circle": [("circle", "circles"), ("circle", "circles"), ("disc", "discs")],
    "square": [("square", "squares"), ("square", "squares"), ("box", "boxes")],
    "triangle": [("triangle", "triangles")],
    "star": [("star", "stars")],
    "cross": [("cross", "crosses"), ("cross", "crosses"), ("plus sign", "plus signs")],
    "ring": [("ring", "rings"), ("ring", "rings"), ("hoop", "hoops")],
}
ANY_NOUN = [("shape", "shapes"), ("object", "objects"), ("figure", "figures")]

COLOUR_WORDS = {"cyan": ["cyan", "cyan", "turquoise"], "purple": ["purple", "purple", "violet"]}
TEXTURE_WORDS = {"plain": ["plain", "plain", "solid"], "spotted": ["spotted", "spotted", "dotted"]}
TEXTURE_TAILS = {
    "plain": ["without a pattern", "in one colour"],
    "striped": ["with stripes", "with a striped pattern"],
    "spotted": ["with spots", "with dots", "with a spotted pattern"],
}
SIZE_WORDS = {
    "small": ["small", "small", "little", "tiny"],
    "medium": ["medium", "medium-sized"],
    "large": ["large", "large", "big", "huge"],
}
COUNT_WORDS = {
    "one": ["one", "a single"],
    "two": ["two", "two", "2", "a pair of"],
    "three": ["three", "three", "3"],
    "four": ["four", "four", "4"],
}
POSITION_WORDS = {
    "left": ["on the left", "on the left", "on the left side", "at the left edge"],
    "right": ["on the right", "on the right", "on the right side", "at the right edge"],
    "top": ["at the top", "at the top", "in the upper part", "at the upper edge"],
    "bottom": ["at the bottom", "at the bottom", "in the lower part", "at the lower edge"],
    "centre": ["in the centre", "in the centre", "in the middle", "in the center"],
}
BACKGROUND_FRAMES = [
    "on a {} background",
    "on a {} background",
    "on {}",
    "against a {} background",
    "in front of a {} background",
]

# A noun phrase: {a} article or number, {s}ize, {t}exture, {c}olour, {n}oun; {w} is the texture as it is said behind the
# noun.
PHRASES = [
    "{a} {s} {t} {c} {n}",
    "{a} {s} {t} {c} {n}",
    "{a} {s} {c} {t} {n}",
    "{a} {s} {c} {n} {w}",
    "{a} {n} that {is} {s} {t} {c}",
    "{a} {t} {n} that {is} {s} {c}",
    "{a} {n}, {s} {c} {t}",
    "{a} {s} {n} in {c}, {t}",
]
UNSEEN_PHRASES = [
    "{a} {s} {c} {n} that {is} {t}",
    "{a} {n} in {c}, {s} {t}",
    "{a} {t} {n}, {c} {s}",
    "{a} {n} {w}, {s} {c}",
]
# A sentence: noun {p}hrase, {l}ocation, {b}ackground.
SENTENCES = [
    "{p} {l} {b}",
    "{p} {l} {b}",
    "{p} {b} {l}",
    "a picture of {p} {l} {b}",
    "an image of {p} {b} {l}",
    "a drawing of {p} {l} {b}",
    "there {is} {p} {l} {b}",
    "{l} {p} {b}",
    "{b} {p} {l}",
    "this shows {p} {l} {b}",
    "you can see {p} {b} {l}",
    "{p} {l}, {b}.",
    "a picture of {p} {l} {b}.",
]
UNSEEN_SENTENCES = [
    "{b} there {is} {p} {l}",
    "{l} you can see {p} {b}",
    "this drawing shows {p} {b} {l}.",
    "an image: {p}, {l} {b}",
]

PHOTO_NOUNS = {
    "airplane": ["airplane", "airplane", "plane", "aeroplane", "aircraft", "jet"],
    "automobile": ["automobile", "automobile", "car", "car"],
    "bird": ["bird"],
    "cat": ["cat", "cat", "cat", "kitten"],
    "deer": ["deer"],
    "dog": ["dog", "dog", "dog", "puppy"],
    "frog": ["frog", "frog", "toad"],
    "horse": ["horse", "horse", "horse", "pony"],
    "ship": ["ship", "ship", "ship", "boat"],
    "truck": ["truck", "truck", "lorry"],
}
KINDS = {
    "animal": ["bird", "cat", "deer", "dog", "frog", "horse"],
    "vehicle": ["airplane", "automobile", "ship", "truck"],
}
PHOTO_TEMPLATES = [
    "a photo of {a} {n}.",
    "a photo of {a} {n}",
    "a photo of the {n}.",
    "a picture of {a} {n}",
    "an image of {a} {n}",
    "{a} {n}",
    "{n}",
    "the {n}",
    "this is {a} {n}.",
    "there is {a} {n} in the picture",
    "a small photo of {a} {n}",
    "a blurry photo of {a} {n}.",
    "a close-up photo of {a} {n}.",
    "a good photo of {a} {n}.",
    "a bad photo of the {n}.",
    "a low resolution photo of {a} {n}",
    "a cropped photo of {a} {n}.",
    "you can see {a} {n}",
    "a photograph showing {a} {n}",
    "one {n}",
]
UNSEEN_PHOTO_TEMPLATES = [
    "in the picture you can see {a} {n}",
    "this is a good picture of {a} {n}",
    "the photo shows {a} {n}, close-up",
]


def article(word):
    return "an" if word[0] in "aeiou" else "a"


def tidy(words):
    """Removes what omitted parts leave behind: double spaces, commas without a clause, and the wrong article."""
    text = " ".join(words.split())
    for extra, proper in ((" ,", ","), (",,", ","), (" .", "."), (",.", ".")):
        text = text.replace(extra, proper)
    parts = text.strip(" ,").split(" ")
    for index, part in enumerate(parts[:-1]):
        if part == "a":
            parts[index] = article(parts[index + 1])
    return " ".join(parts)


def choose(random, options):
    return options[int(random.random() * len(options))]


def joined(words):
    """The adjectives after a noun: "red", "red and striped", "small, red and striped"."""
    words = [word for word in words if word]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def describe(scene, named, random, unseen=False):
    """A sentence about a scene.

    `named` are the attributes it speaks of; the number is always one of them, because a noun has a number. `random`
    is a `random.Random` that picks the wording. Gives the text and a list of seven: the value named, or -1.
    """
    mentioned = [value if attribute in named or attribute == COUNT else -1 for attribute, value in enumerate(scene)]
    if scene[SIZE] == GROUP:
        mentioned[SIZE] = mentioned[TEXTURE] = -1
    if scene[POSITION] >= len(scenes.POSITIONS):
        mentioned[POSITION] = -1
    plural = scene[COUNT] > 0

    def word(attribute, table):
        values = scenes.VALUES[attribute]
        name = values[min(scene[attribute], len(values) - 1)]  # a place without a name is not mentioned
        picked = choose(random, table.get(name, [name]))
        return picked if mentioned[attribute] >= 0 else ""

    noun = choose(random, NOUNS[scenes.SHAPES[scene[SHAPE]]] if mentioned[SHAPE] >= 0 else ANY_NOUN)[plural]
    count = word(COUNT, COUNT_WORDS)
    number = count if plural or random.random() < 0.1 else "a"
    size, colour = word(SIZE, SIZE_WORDS), word(COLOUR, COLOUR_WORDS)
    texture, tail = word(TEXTURE, TEXTURE_WORDS), word(TEXTURE, TEXTURE_TAILS)
    frame = choose(random, UNSEEN_PHRASES if unseen else PHRASES)
    verb = "are" if plural else "is"
    phrase = fill_phrase(frame, {"a": number, "n": noun, "is": verb, "s": size, "c": colour, "t": texture, "w": tail})
    place = word(POSITION, POSITION_WORDS)
    backdrop = ""
    if mentioned[BACKGROUND] >= 0:
        backdrop = choose(random, BACKGROUND_FRAMES).format(scenes.BACKGROUNDS[scene[BACKGROUND]])
    sentence = choose(random, UNSEEN_SENTENCES if unseen else SENTENCES)
    return tidy(sentence.format(p=phrase, l=place, b=backdrop, **{"is": verb})), mentioned


def fill_phrase(frame, words):
    """A noun phrase. Adjectives behind the noun are joined with "and"; what introduces them goes if there are none."""
    for marker in (" that {is} ", " in ", ", "):
        head, found, behind = frame.partition(marker)
        if not found or "{n}" not in head:
            continue
        if marker == " in ":  # "a small ring in red, striped": without the colour there is nothing to be in
            colour, _, rest = behind.partition(", ")
            listed = joined([words[key] for key in "sctw" if "{" + key + "}" in rest])
            listed = ("" if not words["c"] else f"in {words['c']}") + (f", {listed}" if listed else "")
            return f"{head.format(**words)} {listed}"
        keys = [part.strip("{}") for part in behind.split()]
        listed = joined([words[key] for key in keys])
        return head.format(**words) + (marker.format(**words) + listed if listed else "")
    return frame.format(**words)


def named_attributes(random):
    """Which attributes a training caption speaks of: all in three of ten, most in three, few in four.

    Captions that name one or two attributes teach what each is by itself, whatever it is seen together with.
    """
    kind = random.random()
    if kind < 0.3:
        return set(range(7))
    few = kind >= 0.6
    shares = {
        SHAPE: 0.4 if few else 0.85,
        COLOUR: 0.4 if few else 0.85,
        TEXTURE: 0.4 if few else 0.7,
        SIZE: 0.2 if few else 0.5,
        POSITION: 0.5 if few else 0.6,
        BACKGROUND: 0.2 if few else 0.4,
    }
    return {attribute for attribute, share in shares.items() if random.random() < share}


def change_one(scene, named, random):
    """A scene that differs in one of the named attributes and is no held-out one, or None if none was found.

    A group always differs in the number: without many such captions a network does not learn to count.
    """
    choices = [COUNT] if scene[SIZE] == GROUP else [attribute for attribute in named if attribute != COUNT]
    for _ in range(8):
        if not choices:
            return None
        attribute = choose(random, choices)
        low, high = (1, 4) if attribute == COUNT else (0, GROUP if attribute == SIZE else len(scenes.VALUES[attribute]))
        changed = list(scene)
        changed[attribute] = low + int(random.random() * (high - low))
        if changed[attribute] == scene[attribute]:
            continue
        look, group_place = tuple(changed[:3]), (changed[COUNT], changed[POSITION])
        if not scenes.LOOKS_TABLE[look] and not scenes.GROUPS_TABLE[group_place]:
            return changed
    return None


def photo_caption(label, random, kinds=0.06):
    """A sentence about a photograph of a class (a name), and the list of classes that it is true of."""
    noun, classes = choose(random, PHOTO_NOUNS[label]), [label]
    if random.random() < kinds:
        noun, classes = next((kind, members) for kind, members in KINDS.items() if label in members)
    return choose(random, PHOTO_TEMPLATES).format(a=article(noun), n=noun), classes


def look_label(look, wording="a {t} {c} {n}"):
    """The sentence that stands for a (shape, colour, texture) in a list of labels."""
    shape, colour, texture = look
    name = scenes.TEXTURES[texture]
    words = {"n": scenes.SHAPES[shape], "c": scenes.COLOURS[colour], "t": name, "w": TEXTURE_TAILS[name][0]}
    return tidy(wording.format(**words))


def group_label(group, wording="{count} {n} {l}"):
    """The sentence that stands for a (count, position) in a list of labels."""
    count, position = group
    place = POSITION_WORDS[scenes.POSITIONS[position]][0]
    return tidy(wording.format(count=scenes.COUNTS[count], n="shapes" if count else "shape", l=place))
