#!/usr/bin/env python3
"""Draws the sample pictures in samples/: one a CIFAR-10 class, in the file formats that a decoder has to know.

    python Scripts/render_samples.py --output samples

Every subject is built from a few outlines. An outline is filled, blurred into a height field and lit from the upper
left, which makes it look round; noise gives it fur, grass or cloud. All of it is drawn at twice the size and reduced.
Needs only Pillow and numpy; the same versions of those give the same files.
"""

import argparse
import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SUPERSAMPLING = 2
LIGHT = np.array([-0.45, -0.65, 0.62])


class Canvas:
    """A picture in the making: linear 0...1 colours at SUPERSAMPLING times the final size."""

    def __init__(self, width, height, seed):
        self.width, self.height = width, height
        self.random = np.random.RandomState(seed)
        self.shape = height * SUPERSAMPLING, width * SUPERSAMPLING
        self.pixels = np.zeros(self.shape + (3,), np.float32)
        self.y, self.x = np.mgrid[0 : self.shape[0], 0 : self.shape[1]].astype(np.float32) / SUPERSAMPLING

    # Masks: float arrays, 1 inside.

    def polygon(self, points):
        image = Image.new("L", self.shape[::-1])
        ImageDraw.Draw(image).polygon([(x * SUPERSAMPLING, y * SUPERSAMPLING) for x, y in points], fill=255)
        return np.asarray(image, np.float32) / 255

    def blob(self, points):
        """A smooth closed outline through the points (Catmull-Rom)."""
        return self.polygon(spline(points, closed=True))

    def stroke(self, points, widths):
        """A smooth line through the points, with a width at each of them."""
        path = spline(points, closed=False)
        thickness = np.interp(np.linspace(0, 1, len(path)), np.linspace(0, 1, len(widths)), widths)
        image = Image.new("L", self.shape[::-1])
        draw = ImageDraw.Draw(image)
        dense = [np.array(a) + (np.array(b) - a) * t for a, b in zip(path, path[1:]) for t in np.linspace(0, 1, 8)]
        sizes = np.interp(np.linspace(0, 1, len(dense)), np.linspace(0, 1, len(thickness)), thickness)
        for (x, y), size in zip(dense, sizes):
            draw.ellipse([(x - size / 2) * SUPERSAMPLING, (y - size / 2) * SUPERSAMPLING, (x + size / 2) * SUPERSAMPLING, (y + size / 2) * SUPERSAMPLING], fill=255)
        return np.asarray(image, np.float32) / 255

    def ellipse(self, x, y, radius_x, radius_y, angle=0.0):
        cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        u = (self.x - x) * cosine + (self.y - y) * sine
        v = (self.y - y) * cosine - (self.x - x) * sine
        distance = (np.hypot(u / radius_x, v / radius_y) - 1) * min(radius_x, radius_y)
        return np.clip(0.5 - distance * SUPERSAMPLING, 0, 1)

    def box(self, left, top, right, bottom):
        return self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)])

    # Noise and light.

    def noise(self, scale_x, scale_y=None, octaves=3):
        """Smooth noise around 0 with features of the given size in pixels, halved with each octave."""
        scale_y = scale_y or scale_x
        total = np.zeros(self.shape, np.float32)
        for octave in range(octaves):
            columns = max(2, int(self.width / scale_x * 2**octave))
            rows = max(2, int(self.height / scale_y * 2**octave))
            grid = Image.fromarray(self.random.standard_normal((rows, columns)).astype(np.float32))
            total += np.asarray(grid.resize(self.shape[::-1], Image.Resampling.BICUBIC)) / 2**octave
        return total

    def blur(self, mask, radius):
        image = Image.fromarray((mask * 255).clip(0, 255).astype(np.uint8))
        return np.asarray(image.filter(ImageFilter.GaussianBlur(radius * SUPERSAMPLING)), np.float32) / 255

    def shading(self, mask, roundness):
        """How much light a surface gets that swells up from the outline over `roundness` pixels."""
        height = np.sqrt(np.clip(self.blur(mask, roundness) * 2 - 1, 0, 1)) * roundness * 1.2
        height = self.smooth(height, roundness * 0.35)
        slope_y, slope_x = np.gradient(height, 1 / SUPERSAMPLING)
        length = np.sqrt(slope_x**2 + slope_y**2 + 1)
        return np.clip((-slope_x * LIGHT[0] - slope_y * LIGHT[1] + LIGHT[2]) / length, 0, 1) / LIGHT[2]

    def smooth(self, field, radius):
        """Blurs a float field of any range."""
        low, high = float(field.min()), float(field.max())
        return self.blur((field - low) / (high - low + 1e-6), radius) * (high - low) + low

    # Painting.

    def paint(self, mask, colour, opacity=1.0):
        alpha = (mask * opacity)[..., None]
        self.pixels = self.pixels * (1 - alpha) + np.asarray(colour, np.float32) * alpha

    def gradient(self, top, bottom, start=0.0, end=None):
        """Fills the rows from start to end."""
        end = self.height if end is None else end
        share = np.clip((self.y - start) / (end - start), 0, 1)[..., None]
        colours = np.asarray(top, np.float32) * (1 - share) + np.asarray(bottom, np.float32) * share
        inside = ((self.y >= start) & (self.y <= end))[..., None]
        self.pixels = np.where(inside, colours, self.pixels)

    def solid(self, mask, colour, roundness=14, ambient=0.35, texture=None):
        """A rounded, lit body; `texture` is added to its brightness."""
        light = ambient + (1 - ambient) * self.shading(mask, roundness)
        colours = np.asarray(colour, np.float32) * light[..., None]
        if texture is not None:
            colours = colours * (1 + texture[..., None])
        self.paint(mask, colours)

    def shadow(self, mask, opacity=0.5, radius=6):
        self.paint(self.blur(mask, radius), (0, 0, 0), opacity)

    def image(self):
        pixels = (self.pixels.clip(0, 1) * 255 + 0.5).astype(np.uint8)
        return Image.fromarray(pixels).resize((self.width, self.height), Image.Resampling.BOX)


def spline(points, closed):
    points = np.asarray(points, float)
    if closed:
        padded = np.concatenate([points[-1:], points, points[:2]])
    else:
        padded = np.concatenate([points[:1], points, points[-1:]])
    path = []
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:]):
        for t in np.linspace(0, 1, 12, endpoint=False):
            path.append(0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3))
    if not closed:
        path.append(points[-1])
    return [tuple(point) for point in path]


def draw_airplane():
    c = Canvas(384, 288, seed=1)
    c.gradient((0.22, 0.45, 0.78), (0.72, 0.85, 0.95))
    clouds = np.clip(c.noise(150, 60, 4) * 0.35 + (c.y - 190) / 140, 0, 1)
    c.paint(clouds, (0.95, 0.96, 0.98), 0.8)
    far_wing = c.polygon([(205, 138), (165, 78), (150, 78), (168, 140)])
    c.solid(far_wing, (0.55, 0.58, 0.64), 4)
    tail = c.polygon([(78, 140), (40, 62), (64, 62), (122, 132)])
    c.solid(tail, (0.13, 0.25, 0.55), 6)
    fuselage = c.blob([(48, 136), (90, 128), (180, 124), (280, 126), (322, 132), (348, 148), (340, 160), (300, 168), (200, 172), (120, 164), (70, 148)])
    c.solid(fuselage, (0.96, 0.96, 0.97), 20, ambient=0.3)
    stripe = c.blob([(50, 139), (120, 147), (220, 154), (320, 154), (344, 153), (320, 158), (220, 159), (120, 152)])
    c.paint(stripe * fuselage, (0.13, 0.25, 0.55), 0.9)
    for x in range(120, 312, 11):
        c.paint(c.ellipse(x, 142 - (x - 120) * 0.005, 2.2, 3), (0.12, 0.15, 0.22))
    c.paint(c.polygon([(321, 137), (335, 143), (331, 147), (317, 144)]), (0.08, 0.1, 0.15))
    stabiliser = c.polygon([(66, 144), (28, 166), (44, 168), (108, 150)])
    c.solid(stabiliser, (0.7, 0.72, 0.77), 4)
    engine = c.ellipse(206, 192, 25, 11, 4)
    c.solid(engine, (0.75, 0.77, 0.82), 8)
    c.paint(c.ellipse(228, 193, 4, 9, 4), (0.1, 0.1, 0.13))
    wing = c.polygon([(232, 158), (128, 232), (108, 232), (160, 158)])
    c.shadow(c.polygon([(236, 158), (160, 178), (150, 160)]) * fuselage, 0.4, 3)
    c.solid(wing, (0.8, 0.82, 0.86), 5, ambient=0.45)
    return c.image()


def draw_automobile():
    c = Canvas(448, 320, seed=2)
    c.gradient((0.55, 0.72, 0.9), (0.86, 0.9, 0.93), 0, 150)
    c.gradient((0.3, 0.42, 0.22), (0.36, 0.46, 0.24), 150, 200)
    hills = np.clip((c.y - 118 - c.noise(90, 300, 4) * 14) / 3, 0, 1) * (c.y < 200)
    c.paint(hills, (0.2, 0.33, 0.17))
    c.paint(hills, (0.1, 0.2, 0.1), 1.0 * np.clip(c.noise(18, 14, 3) * 0.3 + 0.2, 0, 0.7))
    c.gradient((0.46, 0.46, 0.47), (0.33, 0.33, 0.34), 192, 320)
    c.pixels *= 1 + (c.noise(7, 3, 2) * 0.03 * (c.y > 192))[..., None]
    c.paint(c.box(0, 290, 448, 296), (0.85, 0.85, 0.8), 0.8)
    c.shadow(c.ellipse(224, 256, 200, 13), 0.85, 7)
    red = (0.78, 0.07, 0.06)
    cabin = c.blob([(112, 158), (138, 126), (172, 104), (232, 98), (278, 106), (318, 134), (340, 158), (230, 168)])
    c.solid(cabin, red, 14)
    body = c.blob([(26, 196), (30, 172), (58, 158), (120, 150), (220, 148), (330, 152), (394, 164), (420, 184), (422, 224), (404, 238), (300, 244), (140, 244), (46, 238), (28, 222)])
    c.solid(body, red, 26, ambient=0.3)
    c.paint(c.blob([(40, 172), (120, 160), (230, 157), (340, 161), (400, 174), (340, 168), (230, 164), (120, 167)]), (1, 0.75, 0.72), 0.45)
    for window in ([(130, 154), (152, 128), (178, 112), (216, 108), (216, 152)], [(226, 152), (226, 108), (268, 113), (300, 134), (316, 154)]):
        glass = c.polygon(window)
        c.paint(glass, (0.1, 0.13, 0.17))
        c.paint(glass * np.clip(1 - np.abs(c.x + c.y * 0.9 - (window[2][0] + 112)) / 14, 0, 1), (0.75, 0.83, 0.9), 0.6)
    for x in (221, 322, 124):
        c.paint(c.stroke([(x, 156), (x + (x - 221) * 0.02, 196), (x, 232)], [1.6, 1.6]), (0.3, 0.02, 0.02), 0.8)
    c.paint(c.box(196, 172, 212, 176), (0.25, 0.03, 0.03))
    c.paint(c.box(296, 172, 312, 176), (0.25, 0.03, 0.03))
    c.solid(c.ellipse(406, 182, 14, 8, 20), (1, 0.97, 0.85), 5)
    c.solid(c.ellipse(32, 184, 7, 11), (0.65, 0.02, 0.02), 5)
    c.paint(c.blob([(40, 232), (220, 237), (408, 230), (400, 243), (220, 248), (48, 243)]), (0.09, 0.09, 0.1))
    for x in (104, 340):
        c.paint(c.ellipse(x, 232, 40, 40) * (c.y < 240), (0.05, 0.04, 0.04))
        draw_wheel(c, x, 236, 33)
    return c.image()


def draw_wheel(c, x, y, radius):
    c.solid(c.ellipse(x, y, radius, radius), (0.1, 0.1, 0.11), 5)
    c.solid(c.ellipse(x, y, radius * 0.62, radius * 0.62), (0.72, 0.73, 0.76), 5)
    for angle in range(0, 360, 60):
        dx, dy = math.cos(math.radians(angle)) * radius * 0.4, math.sin(math.radians(angle)) * radius * 0.4
        c.paint(c.ellipse(x + dx, y + dy, radius * 0.12, radius * 0.12), (0.16, 0.16, 0.18))
    c.solid(c.ellipse(x, y, radius * 0.15, radius * 0.15), (0.5, 0.5, 0.53), 3)


def draw_bird():
    c = Canvas(320, 320, seed=3)
    c.gradient((0.62, 0.72, 0.55), (0.36, 0.5, 0.28))
    c.pixels *= 1 + (c.noise(110, 110, 2) * 0.13)[..., None]
    c.solid(c.stroke([(-10, 268), (90, 256), (200, 262), (330, 246)], [20, 17, 15, 11]), (0.4, 0.28, 0.19), 6, texture=c.noise(40, 4, 2) * 0.12)
    tail = c.polygon([(104, 206), (20, 262), (28, 276), (60, 268), (126, 226)])
    c.solid(tail, (0.33, 0.25, 0.19), 5, texture=c.noise(20, 5, 2) * 0.1)
    for x in (158, 180):
        c.paint(c.stroke([(x, 228), (x + 2, 252)], [5, 4]), (0.3, 0.18, 0.1))
        c.paint(c.stroke([(x - 8, 257), (x + 2, 251), (x + 13, 257)], [4, 5, 4]), (0.3, 0.18, 0.1))
    body = c.blob([(100, 208), (118, 158), (160, 116), (192, 84), (228, 78), (252, 100), (252, 130), (240, 172), (216, 214), (178, 236), (132, 232)])
    feathers = c.noise(9, 6, 2) * 0.06
    c.solid(body, (0.5, 0.39, 0.29), 30, texture=feathers)
    breast = c.blob([(226, 98), (250, 110), (248, 146), (232, 184), (208, 214), (180, 226), (170, 200), (192, 160), (212, 128)])
    c.paint(c.blur(breast, 4) * body, np.array([0.88, 0.42, 0.14], np.float32) * (0.45 + 0.55 * c.shading(body, 30))[..., None] * (1 + feathers[..., None]))
    belly = c.blob([(150, 232), (176, 216), (206, 212), (196, 230), (170, 238)])
    c.paint(c.blur(belly, 5) * body, (0.9, 0.87, 0.82), 0.9)
    wing = c.blob([(164, 138), (190, 150), (188, 184), (160, 212), (96, 232), (68, 240), (104, 206), (126, 164)])
    c.shadow(wing * body, 0.4, 4)
    c.solid(wing, (0.37, 0.28, 0.21), 14, texture=feathers)
    for offset in range(5):
        x = offset * 9
        c.paint(c.stroke([(160 - x, 164 + x), (146 - x, 200 + x * 0.4), (100 - x * 0.6, 226 + x * 0.25)], [2, 2.6, 1.5]) * wing, (0.72, 0.62, 0.5), 0.5)
    c.solid(c.polygon([(250, 100), (282, 112), (250, 120)]), (0.24, 0.2, 0.17), 3)
    c.paint(c.ellipse(232, 103, 7.5, 7.5), (0.03, 0.03, 0.03))
    c.paint(c.ellipse(230, 100, 2.4, 2.4), (1, 1, 1))
    return c.image()


def draw_cat():
    c = Canvas(384, 384, seed=4)
    c.gradient((0.62, 0.53, 0.44), (0.46, 0.37, 0.29))
    c.pixels *= 1 + (c.noise(140, 140, 2) * 0.07)[..., None]
    c.gradient((0.55, 0.42, 0.31), (0.42, 0.31, 0.22), 318, 384)
    c.shadow(c.ellipse(192, 352, 140, 18), 0.6, 8)
    fur = c.noise(6, 12, 3) * 0.09
    grey, dark, light = (0.6, 0.54, 0.47), (0.26, 0.22, 0.19), (0.9, 0.87, 0.82)
    tail = c.stroke([(282, 330), (336, 322), (350, 280), (328, 242)], [34, 32, 28, 20])
    c.solid(tail, grey, 14, texture=fur)
    body = c.blob([(132, 190), (110, 250), (92, 316), (104, 352), (192, 360), (284, 352), (298, 316), (276, 250), (252, 190)])
    c.solid(body, grey, 40, texture=fur)
    for y in (236, 266, 296):
        for side in (-1, 1):
            c.paint(c.blur(c.stroke([(192 + side * 96, y + 8), (192 + side * 70, y), (192 + side * 56, y + 5)], [11, 9, 3]), 2) * body, dark, 0.7)
    c.paint(c.blur(c.blob([(162, 222), (222, 222), (232, 280), (192, 322), (152, 280)]), 9), light, 0.85)
    for x in (160, 224):
        leg = c.blob([(x - 24, 262), (x + 24, 262), (x + 24, 338), (x + 28, 358), (x, 366), (x - 28, 358), (x - 24, 338)])
        c.solid(leg, (0.66, 0.6, 0.53), 18, texture=fur)
        c.solid(c.ellipse(x, 356, 27, 12), light, 9)
    for side in (-1, 1):
        ear = c.polygon([(192 + side * 90, 112), (192 + side * 84, 24), (192 + side * 22, 74)])
        c.solid(ear, grey, 10, texture=fur)
        c.paint(c.blur(c.polygon([(192 + side * 78, 98), (192 + side * 76, 46), (192 + side * 38, 78)]), 3), (0.78, 0.55, 0.5), 0.85)
    head = c.blob([(192, 58), (252, 74), (288, 126), (286, 172), (250, 210), (192, 222), (134, 210), (98, 172), (96, 126), (132, 74)])
    c.shadow(c.ellipse(192, 214, 80, 18) * body, 0.5, 7)
    c.solid(head, grey, 40, texture=fur)
    for offset in (-30, -10, 10, 30):
        c.paint(c.blur(c.stroke([(192 + offset, 62 + abs(offset) * 0.15), (192 + offset * 0.75, 108)], [9, 5]), 1.6) * head, dark, 0.75)
    for side in (-1, 1):
        for y in (0, 22):
            c.paint(c.blur(c.stroke([(192 + side * 100, 148 + y), (192 + side * 66, 156 + y * 0.7)], [9, 4]), 1.6) * head, dark, 0.65)
    for side in (-1, 1):
        c.paint(c.blur(c.ellipse(192 + side * 24, 186, 34, 24), 5) * head, light, 0.9)
    c.paint(c.blur(c.ellipse(192, 204, 26, 14), 4) * head, light, 0.9)
    for side in (-1, 1):
        x = 192 + side * 42
        c.paint(c.ellipse(x, 138, 25, 20, side * 8), (0.12, 0.1, 0.08))
        c.solid(c.ellipse(x, 138, 21, 17, side * 8), (0.72, 0.76, 0.28), 9)
        c.paint(c.ellipse(x, 138, 6, 15), (0.02, 0.02, 0.02))
        c.paint(c.ellipse(x - 6, 131, 4, 4), (1, 1, 1))
        for y in (178, 186, 194):
            c.paint(c.stroke([(192 + side * 36, y), (192 + side * 92, y - 14 + (y - 178) * 1.6), (192 + side * 134, y - 12 + (y - 178) * 2.4)], [1.6, 1.2, 0.7]), (0.97, 0.96, 0.93), 0.8)
    c.solid(c.blob([(178, 168), (206, 168), (194, 182), (190, 182)]), (0.8, 0.48, 0.45), 4)
    for side in (-1, 1):
        c.paint(c.stroke([(192, 182), (192 + side * 4, 196), (192 + side * 22, 196)], [2, 3, 2]), (0.25, 0.17, 0.15), 0.9)
    return c.image()


def four_legs(c, legs, colour, fur):
    """Legs as (points, widths, brightness)."""
    for points, widths, brightness in legs:
        c.solid(c.stroke(points, widths), np.array(colour) * brightness, 7, texture=fur)


def grass(c, horizon, near, far):
    c.gradient(far, near, horizon, c.height)
    inside = c.y > horizon
    c.pixels *= 1 + (c.noise(8, 5, 3) * 0.09 * inside)[..., None]
    c.pixels *= 1 + (c.noise(90, 30, 2) * 0.07 * inside)[..., None]


def trees(c, horizon, colour):
    """A wood, out of focus, above the horizon."""
    edge = horizon - 62 - c.noise(70, 600, 3) * 16
    wood = c.blur(np.clip((c.y - edge) / 4, 0, 1) * (c.y < horizon + 2), 2)
    c.paint(wood, np.array(colour, np.float32) * (1 + c.noise(22, 40, 3) * 0.22)[..., None])


def draw_deer():
    c = Canvas(320, 320, seed=5)
    c.gradient((0.75, 0.78, 0.72), (0.62, 0.66, 0.55), 0, 200)
    trees(c, 196, (0.24, 0.3, 0.19))
    c.paint(c.box(0, 0, 320, 140), (0.25, 0.31, 0.2), 0.75)
    c.pixels *= 1 + (c.noise(60, 90, 3) * 0.12 * (c.y < 196))[..., None]
    grass(c, 194, (0.42, 0.44, 0.2), (0.5, 0.52, 0.28))
    c.shadow(c.ellipse(160, 296, 110, 9), 0.5, 5)
    coat = (0.6, 0.4, 0.23)
    fur = c.noise(7, 5, 2) * 0.06
    four_legs(c, [([(102, 190), (92, 226), (100, 256), (94, 294)], [28, 16, 9, 9], 0.68), ([(196, 196), (202, 236), (196, 262), (200, 294)], [20, 12, 8, 9], 0.68)], coat, fur)
    antlers = [
        [(228, 78), (214, 54), (220, 30), (236, 12)],
        [(218, 58), (202, 44), (198, 26)],
        [(220, 40), (210, 26), (212, 10)],
        [(240, 76), (252, 52), (268, 34), (268, 12)],
        [(251, 54), (272, 48), (284, 34)],
        [(262, 40), (256, 24), (258, 12)],
    ]
    for points in antlers:
        c.solid(c.stroke(points, [8, 6, 4]), (0.6, 0.48, 0.34), 3)
    body = c.blob([(70, 176), (84, 152), (130, 150), (178, 156), (208, 144), (222, 112), (228, 92), (250, 100), (246, 140), (234, 184), (212, 210), (170, 212), (120, 210), (84, 208)])
    c.solid(body, coat, 24, texture=fur)
    c.paint(c.blur(c.blob([(110, 204), (160, 208), (206, 206), (180, 216), (130, 214)]), 4) * body, (0.85, 0.76, 0.62), 0.8)
    c.paint(c.blur(c.ellipse(74, 180, 9, 16, 10), 3) * body, (0.93, 0.88, 0.8), 0.95)
    c.solid(c.blob([(74, 164), (62, 172), (62, 190), (72, 188)]), (0.5, 0.33, 0.2), 4)
    four_legs(c, [([(90, 190), (78, 228), (86, 258), (78, 298)], [36, 18, 10, 10], 1.0), ([(214, 190), (218, 236), (214, 264), (218, 298)], [26, 13, 9, 10], 1.0)], coat, fur)
    for x, y in ((78, 297), (218, 297), (94, 293), (200, 293)):
        c.paint(c.ellipse(x + 1, y, 6, 4), (0.1, 0.08, 0.07))
    c.solid(c.blob([(226, 92), (206, 78), (196, 66), (212, 68), (234, 82)]), coat, 5)
    c.solid(c.blob([(250, 86), (268, 70), (282, 62), (276, 78), (256, 94)]), coat, 5)
    head = c.blob([(222, 94), (230, 78), (248, 78), (262, 94), (284, 114), (284, 126), (270, 130), (246, 122), (228, 116)])
    c.solid(head, coat, 12, texture=fur)
    c.paint(c.blur(c.ellipse(270, 124, 13, 5, 20), 2) * head, (0.9, 0.84, 0.74), 0.8)
    c.paint(c.ellipse(282, 117, 5, 5), (0.08, 0.06, 0.05))
    c.paint(c.ellipse(251, 98, 4.2, 4), (0.04, 0.03, 0.02))
    c.paint(c.ellipse(250, 97, 1.2, 1.2), (1, 1, 1))
    return c.image()


def draw_dog():
    c = Canvas(400, 400, seed=6)
    c.gradient((0.6, 0.7, 0.5), (0.4, 0.53, 0.28))
    c.pixels *= 1 + (c.noise(120, 120, 2) * 0.12)[..., None]
    fur = c.noise(9, 16, 3) * 0.07
    gold, dark, light = (0.83, 0.6, 0.34), (0.6, 0.38, 0.19), (0.95, 0.82, 0.62)
    chest = c.blob([(130, 250), (90, 320), (70, 410), (330, 410), (310, 320), (270, 250)])
    c.solid(chest, gold, 36, texture=fur)
    c.paint(c.blur(c.blob([(160, 290), (240, 290), (250, 380), (200, 410), (150, 380)]), 12), light, 0.7)
    c.solid(c.blob([(128, 268), (200, 300), (272, 268), (276, 284), (200, 320), (124, 284)]), (0.72, 0.1, 0.1), 6)
    c.solid(c.ellipse(200, 322, 13, 13), (0.85, 0.72, 0.3), 5)
    head = c.blob([(200, 62), (256, 74), (290, 118), (286, 178), (258, 232), (228, 282), (200, 292), (172, 282), (142, 232), (114, 178), (110, 118), (144, 74)])
    c.shadow(c.ellipse(200, 284, 70, 16), 0.45, 8)
    c.solid(head, gold, 44, texture=fur)
    for side in (-1, 1):
        ear = c.blob([(200 + side * 66, 78), (200 + side * 104, 88), (200 + side * 122, 140), (200 + side * 118, 206), (200 + side * 96, 226), (200 + side * 78, 190), (200 + side * 72, 130)])
        c.shadow(ear, 0.3, 5)
        c.solid(ear, dark, 18, texture=fur)
    c.paint(c.blur(c.blob([(188, 76), (212, 76), (216, 150), (246, 214), (200, 280), (154, 214), (184, 150)]), 9) * head, light, 0.65)
    muzzle = c.blob([(200, 172), (236, 192), (250, 230), (232, 266), (200, 274), (168, 266), (150, 230), (164, 192)])
    c.solid(muzzle, (0.93, 0.79, 0.58), 26, ambient=0.45, texture=fur)
    tongue = c.blob([(182, 258), (218, 258), (222, 296), (200, 316), (178, 296)])
    c.paint(c.blob([(168, 248), (232, 248), (226, 272), (200, 282), (174, 272)]), (0.2, 0.07, 0.07))
    c.solid(tongue, (0.9, 0.45, 0.47), 10)
    c.paint(c.stroke([(200, 266), (200, 300)], [2.5, 1.5]), (0.68, 0.28, 0.32), 0.8)
    for side in (-1, 1):
        c.solid(c.blob([(200, 218), (200 + side * 30, 214), (200 + side * 46, 236), (200 + side * 30, 256), (200 + side * 6, 252)]), (0.93, 0.79, 0.58), 14, ambient=0.45, texture=fur)
    c.solid(c.blob([(172, 190), (200, 182), (228, 190), (222, 212), (200, 226), (178, 212)]), (0.08, 0.07, 0.07), 10, ambient=0.6)
    c.paint(c.blur(c.ellipse(192, 194, 11, 4), 2), (0.6, 0.6, 0.62), 0.7)
    c.paint(c.stroke([(200, 222), (200, 244)], [3, 2]), (0.15, 0.08, 0.06))
    for side in (-1, 1):
        x = 200 + side * 44
        c.paint(c.blur(c.ellipse(x, 148, 21, 16), 3), (0.45, 0.28, 0.14), 0.75)
        c.paint(c.ellipse(x, 148, 15, 14), (0.07, 0.04, 0.03))
        c.paint(c.ellipse(x, 149, 11, 10), (0.3, 0.16, 0.07))
        c.paint(c.ellipse(x, 149, 6.5, 6.5), (0.02, 0.01, 0.01))
        c.paint(c.ellipse(x - 4, 143, 3.6, 3.6), (1, 1, 1))
        c.paint(c.blur(c.stroke([(x - 18, 124), (x, 116), (x + 18, 122)], [4, 8, 4]), 3), (0.62, 0.42, 0.22), 0.6)
    return c.image()


def draw_frog():
    c = Canvas(320, 320, seed=7)
    c.gradient((0.42, 0.34, 0.24), (0.3, 0.23, 0.15))
    c.pixels *= 1 + (c.noise(50, 40, 2) * 0.22)[..., None]
    c.shadow(c.ellipse(162, 262, 140, 22), 0.75, 8)
    green, pale = (0.38, 0.58, 0.17), (0.82, 0.83, 0.58)
    skin = c.noise(10, 10, 1) * 0.09
    for side in (-1, 1):
        thigh = c.blob([(160 + side * 60, 170), (160 + side * 112, 176), (160 + side * 138, 214), (160 + side * 126, 254), (160 + side * 84, 262), (160 + side * 62, 230)])
        c.solid(thigh, green, 22, texture=skin)
        for y in (-9, 0, 9):
            c.solid(c.stroke([(160 + side * 96, 256), (160 + side * 124, 262 + y * 0.5), (160 + side * 148, 264 + y)], [14, 9, 6]), np.array(green) * 0.85, 5)
    body = c.blob([(160, 96), (222, 118), (250, 172), (244, 226), (208, 262), (160, 268), (112, 262), (76, 226), (70, 172), (98, 118)])
    c.solid(body, green, 44, texture=skin)
    c.paint(c.blur(c.blob([(160, 178), (214, 186), (226, 224), (196, 260), (160, 266), (124, 260), (94, 224), (106, 186)]), 7) * body, np.array(pale, np.float32) * (0.4 + 0.6 * c.shading(body, 44))[..., None], 0.95)
    for side in (-1, 1):
        c.solid(c.stroke([(160 + side * 66, 206), (160 + side * 72, 244), (160 + side * 60, 272)], [32, 22, 16]), green, 10, texture=skin)
        for x in (-16, 0, 16):
            c.solid(c.stroke([(160 + side * 60, 270), (160 + side * 60 + x, 284)], [10, 6]), green, 4)
            c.solid(c.ellipse(160 + side * 60 + x * 1.1, 286, 5, 4), pale, 3)
    head = c.blob([(160, 76), (204, 84), (240, 116), (250, 148), (226, 178), (160, 190), (94, 178), (70, 148), (80, 116), (116, 84)])
    c.solid(head, (0.43, 0.64, 0.19), 34, texture=skin)
    c.paint(c.blur(c.blob([(84, 162), (120, 172), (160, 176), (200, 172), (236, 162), (214, 182), (160, 190), (106, 182)]), 3) * head, pale, 0.85)
    c.paint(c.stroke([(76, 150), (106, 164), (160, 170), (214, 164), (244, 150)], [2, 4, 4, 4, 2]), (0.14, 0.17, 0.05), 0.9)
    for side in (-1, 1):
        x = 160 + side * 54
        c.solid(c.ellipse(x, 92, 32, 30), (0.43, 0.64, 0.19), 16)
        c.solid(c.ellipse(x, 90, 23, 22), (0.86, 0.68, 0.18), 12)
        c.paint(c.ellipse(x, 91, 17, 8), (0.03, 0.03, 0.02))
        c.paint(c.ellipse(x - 7, 83, 4.5, 4.5), (1, 1, 1))
        c.paint(c.ellipse(160 + side * 14, 130, 3, 2.4), (0.12, 0.15, 0.05))
    for x, y, r in ((136, 108, 6), (166, 100, 5), (186, 118, 6), (120, 128, 4), (150, 124, 4)):
        c.paint(c.blur(c.ellipse(x, y, r, r * 0.8), 1), (0.2, 0.32, 0.07), 0.7)
    return c.image()


def draw_horse():
    c = Canvas(416, 352, seed=8)
    c.gradient((0.5, 0.7, 0.92), (0.84, 0.91, 0.96), 0, 180)
    trees(c, 180, (0.2, 0.33, 0.17))
    grass(c, 178, (0.3, 0.48, 0.16), (0.42, 0.57, 0.26))
    c.shadow(c.ellipse(200, 322, 150, 11), 0.6, 6)
    coat, black = (0.5, 0.26, 0.12), (0.09, 0.06, 0.05)
    fur = c.noise(14, 9, 2) * 0.04
    four_legs(c, [([(108, 200), (88, 248), (98, 282), (86, 320)], [42, 22, 13, 14], 0.6), ([(268, 206), (286, 254), (274, 284), (284, 320)], [32, 18, 12, 14], 0.6)], coat, fur)
    tail = c.blob([(68, 156), (44, 164), (26, 210), (22, 270), (36, 286), (46, 262), (54, 216), (72, 184)])
    c.solid(tail, black, 8, texture=c.noise(6, 30, 2) * 0.3)
    body = c.blob([(62, 164), (92, 138), (140, 140), (196, 146), (244, 136), (276, 104), (306, 70), (338, 72), (330, 110), (318, 150), (308, 196), (276, 224), (216, 226), (156, 222), (108, 226), (72, 206)])
    c.solid(body, coat, 34, ambient=0.28, texture=fur)
    four_legs(c, [([(96, 196), (70, 248), (82, 284), (66, 324)], [58, 26, 15, 16], 1.0), ([(286, 200), (294, 254), (290, 288), (296, 324)], [42, 20, 14, 16], 1.0)], coat, fur)
    for x, y in ((66, 322), (296, 322), (86, 318), (284, 318)):
        c.solid(c.polygon([(x - 8, y - 5), (x + 8, y - 5), (x + 12, y + 7), (x - 10, y + 7)]), (0.14, 0.11, 0.1), 4)
    head = c.blob([(300, 78), (308, 52), (328, 46), (348, 58), (378, 104), (386, 124), (374, 138), (356, 134), (330, 112), (312, 104)])
    c.solid(head, coat, 16, ambient=0.32, texture=fur)
    c.solid(c.blob([(366, 114), (384, 116), (386, 132), (372, 138), (358, 132)]), (0.22, 0.13, 0.09), 7)
    c.paint(c.ellipse(378, 122, 3, 4, 20), (0.04, 0.02, 0.02))
    for points in ([(308, 56), (306, 26), (320, 46)], [(322, 50), (326, 22), (335, 48)]):
        c.solid(c.polygon(points), coat, 4)
    mane = c.blob([(322, 42), (304, 50), (280, 82), (258, 116), (238, 138), (252, 148), (268, 138), (286, 126), (300, 98), (312, 74), (332, 66), (340, 78), (336, 52)])
    c.solid(mane, black, 8, texture=c.noise(7, 16, 2) * 0.3)
    c.paint(c.ellipse(340, 76, 4.5, 4), (0.03, 0.02, 0.02))
    c.paint(c.ellipse(339, 75, 1.3, 1.3), (1, 1, 1))
    c.paint(c.blur(c.stroke([(352, 70), (366, 94), (374, 112)], [5, 6, 4]), 1.5) * head, (0.92, 0.88, 0.84), 0.85)
    return c.image()


def draw_ship():
    c = Canvas(384, 288, seed=9)
    c.gradient((0.46, 0.66, 0.88), (0.86, 0.91, 0.94), 0, 170)
    c.paint(np.clip(c.noise(130, 40, 3) * 0.3, 0, 0.7) * (c.y < 150), (1, 1, 1), 0.7)
    c.gradient((0.28, 0.46, 0.58), (0.07, 0.22, 0.36), 168, 288)
    sea = c.y > 168
    c.pixels *= 1 + (c.noise(26, 6, 3) * 0.1 * sea)[..., None]
    colours = [(0.72, 0.2, 0.15), (0.15, 0.36, 0.6), (0.85, 0.6, 0.15), (0.2, 0.48, 0.3), (0.75, 0.75, 0.76)]
    for column in range(7):
        for row in range(3 if column % 3 else 2):
            left, top = 132 + column * 28, 150 - row * 18
            colour = np.array(colours[c.random.randint(len(colours))])
            c.paint(c.box(left, top, left + 26, top + 17), colour)
            c.paint(c.box(left, top + 13, left + 26, top + 17), colour * 0.65)
            for rib in range(4, 26, 5):
                c.paint(c.box(left + rib, top, left + rib + 1.5, top + 17), colour * 0.75)
    c.paint(c.box(58, 76, 116, 170), (0.94, 0.94, 0.92))
    c.paint(c.box(100, 76, 116, 170), (0.74, 0.76, 0.78))
    c.paint(c.box(50, 68, 122, 84), (0.96, 0.96, 0.95))
    c.paint(c.box(54, 72, 118, 79), (0.12, 0.16, 0.22))
    for y in (94, 110, 126, 142):
        for x in range(64, 98, 9):
            c.paint(c.box(x, y, x + 5, y + 6), (0.2, 0.26, 0.34))
    c.solid(c.polygon([(64, 68), (68, 38), (90, 38), (92, 68)]), (0.75, 0.2, 0.14), 5)
    c.paint(c.box(66, 38, 91, 46), (0.1, 0.1, 0.1))
    c.paint(c.stroke([(104, 68), (104, 30)], [3, 2]), (0.8, 0.8, 0.8))
    hull = c.polygon([(26, 164), (330, 166), (366, 152), (346, 206), (330, 222), (48, 222), (34, 206)])
    side = np.clip((c.y - 150) / 80, 0, 1)[..., None]
    c.paint(hull, np.array((0.2, 0.24, 0.34), np.float32) * (1.15 - 0.5 * side))
    c.paint(hull * (c.y > 204), (0.55, 0.13, 0.1))
    c.paint(hull * (np.abs(c.y - 170) < 2), (0.85, 0.85, 0.85), 0.7)
    wake = np.clip(1 - np.abs(c.y - 221 - c.noise(24, 300, 2) * 2.5) / 5, 0, 1) * (c.x > 18) * (c.x < 362)
    c.paint(c.blur(wake, 1), (0.95, 0.97, 0.98), 0.9)
    reflection = c.blur(c.polygon([(48, 224), (330, 224), (318, 262), (70, 262)]), 6) * np.clip(1.2 - (c.y - 222) / 40, 0, 1)
    c.paint(reflection * (c.y > 223), (0.04, 0.09, 0.15), 0.5)
    return c.image()


def draw_truck():
    c = Canvas(400, 300, seed=10)
    c.gradient((0.66, 0.74, 0.82), (0.9, 0.92, 0.93), 0, 190)
    trees(c, 196, (0.3, 0.36, 0.27))
    c.gradient((0.5, 0.5, 0.5), (0.36, 0.36, 0.37), 196, 300)
    c.pixels *= 1 + (c.noise(8, 4, 2) * 0.03 * (c.y > 196))[..., None]
    c.paint(c.box(0, 278, 400, 283), (0.92, 0.92, 0.88))
    c.shadow(c.ellipse(196, 252, 185, 12), 0.8, 6)
    c.paint(c.box(30, 212, 372, 232), (0.12, 0.12, 0.13))
    c.paint(c.polygon([(18, 52), (262, 52), (262, 214), (18, 214)]), (0.9, 0.91, 0.92))
    shade = np.clip((c.y - 52) / 162, 0, 1)[..., None]
    c.paint(c.box(18, 52, 262, 214), np.array((0.93, 0.94, 0.95), np.float32) * (1.02 - 0.2 * shade))
    for x in range(18, 262, 16):
        c.paint(c.box(x, 52, x + 1.3, 214), (0.6, 0.61, 0.63), 0.7)
    c.paint(c.box(18, 52, 262, 58), (0.62, 0.63, 0.66))
    c.paint(c.box(18, 206, 262, 214), (0.45, 0.46, 0.48))
    c.paint(c.box(18, 118, 262, 150), (0.15, 0.3, 0.58), 0.9)
    cab = c.blob([(270, 214), (268, 120), (274, 92), (300, 86), (330, 90), (350, 130), (376, 152), (384, 180), (384, 218), (376, 228), (320, 230), (274, 226)])
    c.solid(cab, (0.15, 0.33, 0.66), 16, ambient=0.4)
    window = c.polygon([(290, 102), (324, 102), (346, 142), (290, 146)])
    c.paint(window, (0.1, 0.13, 0.17))
    c.paint(window * np.clip(1 - np.abs(c.x + c.y * 0.7 - 390) / 11, 0, 1), (0.8, 0.86, 0.92), 0.6)
    c.paint(c.stroke([(284, 100), (283, 160), (284, 216)], [1.5, 1.5]), (0.04, 0.1, 0.25))
    c.paint(c.box(292, 158, 306, 162), (0.05, 0.1, 0.22))
    c.solid(c.box(332, 126, 341, 154), (0.1, 0.1, 0.11), 3)
    c.solid(c.ellipse(377, 186, 8, 10), (1, 0.98, 0.88), 4)
    c.paint(c.box(352, 214, 392, 230), (0.6, 0.61, 0.63))
    for x in (72, 138, 328):
        c.paint(c.ellipse(x, 228, 35, 35) * (c.y < 232), (0.05, 0.05, 0.06))
        draw_wheel(c, x, 232, 28)
    return c.image()


def rounded(image, radius=28):
    """The picture with transparent corners; the colours below them stay."""
    size = image.width * 4, image.height * 4
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).rounded_rectangle([0, 0, size[0] - 1, size[1] - 1], radius * 4, fill=255)
    image.putalpha(mask.resize(image.size, Image.Resampling.BOX))
    return image


def save_turned(image, path):
    """A JPEG as a camera held upright writes it: the pixels lie on their side and orientation 6 says so."""
    exif = Image.Exif()
    orientation = 0x0112
    exif[orientation] = 6
    image.transpose(Image.Transpose.ROTATE_90).save(path, quality=90, exif=exif)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    draw_airplane().save(output / "airplane.png", optimize=True)
    save_turned(draw_automobile(), output / "automobile.jpg")
    rounded(draw_bird()).save(output / "bird.png", optimize=True)
    draw_cat().save(output / "cat.webp", quality=85)
    draw_deer().save(output / "deer.png", optimize=True)
    draw_dog().save(output / "dog.jpg", quality=90)
    rounded(draw_frog()).save(output / "frog.png", optimize=True)
    draw_horse().save(output / "horse.jpg", quality=90, progressive=True)
    draw_ship().quantize(256, dither=Image.Dither.NONE).save(output / "ship.png", optimize=True)
    draw_truck().convert("L").save(output / "truck.png", optimize=True)


if __name__ == "__main__":
    main()
