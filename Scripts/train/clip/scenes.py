"""Scenes of simple shapes: what can be in one, which combinations are held out, and how one is drawn.

A scene is a row of seven numbers, one an attribute (`ATTRIBUTES`), each an index into the names below. It holds one
object of any size and texture, or a group of two to four small plain ones that are alike.
"""

from itertools import product

import numpy as np

SHAPES = ["circle", "square", "triangle", "star", "cross", "ring"]
COLOURS = ["red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink"]
TEXTURES = ["plain", "striped", "spotted"]
SIZES = ["small", "medium", "large", "group"]
COUNTS = ["one", "two", "three", "four"]
POSITIONS = ["left", "right", "top", "bottom", "centre"]
BACKGROUNDS = ["white", "black", "grey", "brown"]

ATTRIBUTES = ["shape", "colour", "texture", "size", "count", "position", "background"]
VALUES = [SHAPES, COLOURS, TEXTURES, SIZES, COUNTS, POSITIONS, BACKGROUNDS]
SHAPE, COLOUR, TEXTURE, SIZE, COUNT, POSITION, BACKGROUND = range(7)

PLAIN = TEXTURES.index("plain")
GROUP = SIZES.index("group")

RGB = np.array(
    [
        (218, 36, 36),
        (246, 138, 22),
        (244, 222, 40),
        (38, 158, 60),
        (44, 208, 214),
        (36, 76, 220),
        (128, 44, 172),
        (246, 130, 190),
    ],
    np.float32,
)
BACKGROUND_RGB = np.array([(244, 244, 244), (14, 14, 14), (128, 128, 128), (112, 74, 44)], np.float32)

# The side of a picture in the units that lengths are given in here, whatever its number of pixels.
SIDE = 32


def held_out_looks(test=22, validation=8, seed=7):
    """The (shape, colour, texture) triples that training never shows, as (test, validation).

    No two of them share shape and colour, so every pair of attributes is seen in training, and each texture is held
    out about equally often.
    """
    random = np.random.RandomState(seed)
    pairs = np.array(list(product(range(len(SHAPES)), range(len(COLOURS)))))
    pairs = pairs[random.permutation(len(pairs))[: test + validation]]
    textures = random.permutation(np.arange(test + validation) % len(TEXTURES))
    looks = [(int(shape), int(colour), int(texture)) for (shape, colour), texture in zip(pairs, textures)]
    return looks[:test], looks[test:]


UNSEEN_LOOKS, VALIDATION_LOOKS = held_out_looks()

# (count, position) of the groups that training never shows.
UNSEEN_GROUPS = [
    (COUNTS.index(count), POSITIONS.index(place))
    for count, place in (("two", "right"), ("three", "top"), ("four", "left"))
]


# Groups may also lie at places that no word is for: between the centre and each side, and in each corner. There all
# numbers are shown, so that a number is learned by itself, and not as what it is at a place.
UNNAMED_PLACES = 8


def is_unnamed(scenes):
    """Which rows show a group at a place that no word is for."""
    return scenes[:, POSITION] >= len(POSITIONS)


def table(sizes, held_out):
    """True at the index tuples in `held_out`."""
    flags = np.zeros(sizes, bool)
    flags[tuple(np.array(held_out).T)] = True
    return flags


LOOKS_TABLE = table((len(SHAPES), len(COLOURS), len(TEXTURES)), UNSEEN_LOOKS + VALIDATION_LOOKS)
GROUPS_TABLE = table((len(COUNTS), len(POSITIONS) + UNNAMED_PLACES), UNSEEN_GROUPS)


def is_held_out(scenes):
    """Which rows show a held-out combination."""
    look = LOOKS_TABLE[scenes[:, SHAPE], scenes[:, COLOUR], scenes[:, TEXTURE]]
    return look | GROUPS_TABLE[scenes[:, COUNT], scenes[:, POSITION]]


def any_scenes(count, random, group_share):
    """Scenes with every attribute drawn evenly, held-out combinations among them."""
    scenes = np.stack([random.randint(len(values), size=count) for values in VALUES], 1)
    groups = random.rand(count) < group_share
    scenes[:, SIZE] = np.where(groups, GROUP, scenes[:, SIZE] % GROUP)
    scenes[:, COUNT] = np.where(groups, 1 + scenes[:, COUNT] % 3, 0)
    scenes[groups, TEXTURE] = PLAIN
    return scenes


def seen_scenes(count, random, group_share=0.35, unnamed_share=0.0):
    """Scenes without held-out combinations; a share of the groups are at places that no word is for."""
    scenes = any_scenes(2 * count + 200, random, group_share)
    if unnamed_share > 0:
        elsewhere = (scenes[:, SIZE] == GROUP) & (random.rand(len(scenes)) < unnamed_share)
        scenes[elsewhere, POSITION] = len(POSITIONS) + random.randint(UNNAMED_PLACES, size=elsewhere.sum())
    return scenes[~is_held_out(scenes)][:count]


def scenes_with_looks(looks, each, random):
    """Single objects with the given shape, colour and texture; the rest is drawn."""
    scenes = any_scenes(len(looks) * each, random, group_share=0.0)
    scenes[:, :3] = np.repeat(np.array(looks), each, 0)
    return scenes


def scenes_with_groups(groups, each, random):
    """Groups with the given count and position, of a look that training may show."""
    scenes = seen_scenes(len(groups) * each, random, group_share=1.0)
    scenes[:, [COUNT, POSITION]] = np.repeat(np.array(groups), each, 0)
    return scenes


def single_places(position, radius, random):
    """Centres [N, 1, 2] of single objects. `slack` is how far an object can be from the middle without leaving."""
    count, slack = len(position), SIDE / 2 - radius
    side = radius - 0.5 + random.uniform(0, 0.3, count) * slack
    across = SIDE / 2 + random.uniform(-0.25, 0.25, count) * slack
    middle = SIDE / 2 + random.uniform(-0.2, 0.2, (count, 2)) * slack[:, None]
    x = np.select([position == 0, position == 1, position < 4], [side, SIDE - side, across], middle[:, 0])
    y = np.select([position < 2, position == 2, position == 3], [across, side, SIDE - side], middle[:, 1])
    return np.stack([x, y], -1)[:, None]


# Left, top, right and bottom of the part of the picture that a group at each position lies in.
GROUP_AREAS = np.array(
    [
        (0.5, 0.5, 15, 31.5),
        (17, 0.5, 31.5, 31.5),
        (0.5, 0.5, 31.5, 15),
        (0.5, 17, 31.5, 31.5),
        (6.5, 6.5, 25.5, 25.5),
        # Between the centre and the left, the right, the top, the bottom.
        (3.5, 3.5, 20, 28.5),
        (12, 3.5, 28.5, 28.5),
        (3.5, 3.5, 28.5, 20),
        (3.5, 12, 28.5, 28.5),
        # In the corners.
        (0.5, 0.5, 20, 20),
        (12, 0.5, 31.5, 20),
        (0.5, 12, 20, 31.5),
        (12, 12, 31.5, 31.5),
    ]
)
SIDES = GROUP_AREAS[:4]


def lies_at_a_side(points, missing, radius):
    """Which draws [N, tries] of groups could be said to be at a side: all members in the area of one."""
    x, y = points[..., 0, None], points[..., 1, None]
    r = radius[:, None, None, None]
    inside = (x - r >= SIDES[:, 0]) & (x + r <= SIDES[:, 2]) & (y - r >= SIDES[:, 1]) & (y + r <= SIDES[:, 3])
    return (inside | missing[:, None, :, None]).all(2).any(-1)


def group_places(position, number, radius, random, tries=64):
    """Centres [N, 4, 2] of the members of groups, apart from each other: the first draw that is, or else the best.

    A group at a place that no word is for never lies where one could be used.
    """
    count = len(position)
    area = GROUP_AREAS[position]
    low, high = area[:, :2] + radius[:, None], area[:, 2:] - radius[:, None]
    points = low[:, None, None] + random.rand(count, tries, 4, 2) * (high - low)[:, None, None]
    distance = np.linalg.norm(points[:, :, :, None] - points[:, :, None], axis=-1)
    missing = np.arange(4) >= number[:, None]
    apart = distance + 99 * (missing[:, None, :, None] | missing[:, None, None, :] | np.eye(4, dtype=bool))
    closest = apart.min((2, 3))
    ambiguous = lies_at_a_side(points, missing, radius) & (position >= len(POSITIONS))[:, None]
    closest = np.where(ambiguous, -1, closest)
    good = closest > 2 * radius[:, None] + 1
    chosen = np.where(good.any(1), good.argmax(1), closest.argmax(1))
    return points[np.arange(count), chosen]


def inside(shape, u, v):
    """Which points are inside a shape of radius about one; `v` points down."""
    if shape == "circle":
        return u * u + v * v < 0.92
    if shape == "square":
        return np.maximum(abs(u), abs(v)) < 0.84
    if shape == "triangle":
        return (v < 0.68) & (abs(u) * 0.866 - v * 0.5 < 0.52)
    if shape == "star":
        sector = abs((np.arctan2(u, -v) + np.pi / 5) % (2 * np.pi / 5) - np.pi / 5)
        distance = np.hypot(u, v)
        return distance * (np.cos(sector) + 1.95 * np.sin(sector)) < 1.1
    if shape == "cross":
        across, along = np.minimum(abs(u), abs(v)), np.maximum(abs(u), abs(v))
        return (across < 0.32) & (along < 0.96)
    distance = np.hypot(u, v)
    return (distance < 1) & (distance > 0.52)


def markings(texture, x, y, random):
    """Where the second colour goes, for points [N, S, S] in picture units."""
    count = len(x)
    pitch = random.uniform(3.6, 4.8, (count, 1, 1)).astype(np.float32)
    shift = random.rand(2, count, 1, 1).astype(np.float32)
    if texture == "striped":
        angle = (random.randint(4, size=(count, 1, 1)) * np.pi / 4).astype(np.float32)
        return ((x * np.cos(angle) + y * np.sin(angle)) / pitch + shift[0]) % 1 < 0.45
    u, v = (x / pitch + shift[0]) % 1 - 0.5, (y / pitch + shift[1]) % 1 - 0.5
    return u * u + v * v < 0.105


def draw(scenes, random, size=SIDE, supersampling=4):
    """Pictures uint8 [N, size, size, 3] of scenes, a few hundred at most at once.

    Colours, light, size, place and angle vary within what the scene's words allow.
    """
    count, fine = len(scenes), size * supersampling
    axis = ((np.arange(fine) + 0.5) * (SIDE / fine)).astype(np.float32)
    limits = np.array([(4.7, 5.7), (7.3, 8.7), (10.2, 11.6), (3.0, 3.7)])[scenes[:, SIZE]]
    radius = (limits[:, 0] + random.rand(count) * (limits[:, 1] - limits[:, 0])).astype(np.float32)
    number = scenes[:, COUNT] + 1
    places = np.zeros((count, 4, 2), np.float32)
    group = scenes[:, SIZE] == GROUP
    places[~group] = single_places(scenes[~group, POSITION], radius[~group], random)
    places[group] = group_places(scenes[group, POSITION], number[group], radius[group], random)

    tint = random.uniform(-12, 12, (count, 1)) + random.uniform(-5, 5, (count, 3))
    backdrop = np.clip(BACKGROUND_RGB[scenes[:, BACKGROUND]] + tint, 0, 255)
    tint = random.uniform(-10, 10, (count, 3))
    colour = np.clip((RGB[scenes[:, COLOUR]] + tint) * random.uniform(0.9, 1.06, (count, 1)), 0, 255)
    lighter = random.rand(count, 1) < 0.5
    second = np.where(lighter, 255 - 0.25 * (255 - colour), 0.3 * colour)
    pixels = np.empty((count, fine, fine, 3), np.float32)
    pixels[:] = backdrop[:, None, None]
    y, x = np.broadcast_arrays(axis[None, :, None], axis[None, None, :])
    for shape, texture in product(range(len(SHAPES)), range(len(TEXTURES))):
        for slot in range(4):
            rows = np.flatnonzero((scenes[:, SHAPE] == shape) & (scenes[:, TEXTURE] == texture) & (number > slot))
            if len(rows) == 0:
                continue
            angle = random.uniform(-0.2, 0.2, (len(rows), 1, 1)).astype(np.float32)
            dx = (x - places[rows, slot, 0][:, None, None]) / radius[rows][:, None, None]
            dy = (y - places[rows, slot, 1][:, None, None]) / radius[rows][:, None, None]
            u, v = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
            mask = inside(SHAPES[shape], u, v)
            row, line, column = np.nonzero(mask)
            fill = colour[rows[row]]
            if texture != PLAIN:
                points = np.broadcast_to(x, mask.shape), np.broadcast_to(y, mask.shape)
                marked = markings(TEXTURES[texture], *points, random)
                fill = np.where(marked[row, line, column][:, None], second[rows[row]], fill)
            pixels[rows[row], line, column] = fill
    pixels = pixels.reshape(count, size, supersampling, size, supersampling, 3).mean((2, 4))
    coarse = ((np.arange(size) + 0.5) / size - 0.5).astype(np.float32)
    slope = random.uniform(-0.1, 0.1, (2, count, 1, 1, 1)).astype(np.float32)
    light = 1 + slope[0] * coarse[None, :, None, None] + slope[1] * coarse[None, None, :, None]
    noise = random.normal(0, random.uniform(0.5, 5, (count, 1, 1, 1)), pixels.shape)
    return np.clip(pixels * light + noise, 0, 255).round().astype(np.uint8)


def draw_all(scenes, seed, chunk=64):
    """Pictures uint8 [N, 3, 32, 32] of any number of scenes."""
    pictures = np.empty((len(scenes), 3, SIDE, SIDE), np.uint8)
    for start in range(0, len(scenes), chunk):
        random = np.random.RandomState((seed, start))
        pictures[start : start + chunk] = draw(scenes[start : start + chunk], random).transpose(0, 3, 1, 2)
    return pictures
