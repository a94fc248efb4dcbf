"""Pictures made by formula, so that no script needs one from a data set."""

import numpy as np
from PIL import Image


def test_picture(width=500, height=375, noise=12):
    """Return an RGB picture with waves, two ramps and seeded noise of the given amplitude."""
    y, x = np.mgrid[0:height, 0:width]
    waves = 127 + 120 * np.sin(x / 23.0) * np.cos(y / 31.0)
    channels = np.stack([waves, x * 255 // width, y * 255 // height], -1)
    if noise:
        channels = channels + np.random.RandomState(0).randint(-noise, noise + 1, channels.shape)
    return Image.fromarray(channels.clip(0, 255).astype("uint8"))
