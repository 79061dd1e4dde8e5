"""Changes that people and programs make to pictures, and the sides of a comparison made of drawn pictures."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from dedup.compare import fingerprint
from dedup.compare.verdict import Side, Verdict, compare
from tests.pictures import scene


class DrawnPicture:
    """A decoded picture as a fingerprint wants it."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image.convert("RGB")

    def rgb(self, long_side_px: int) -> NDArray[np.uint8]:
        """The picture, shrunk to the long side where it is larger."""
        image = self._image.copy()
        image.thumbnail((long_side_px, long_side_px), Image.Resampling.LANCZOS)
        return np.asarray(image)


def pixels(image: Image.Image) -> NDArray[np.uint8]:
    """The picture as an array, at most 720 px long."""
    return DrawnPicture(image).rgb(fingerprint.PICTURE_SIDE_PX)


def side(image: Image.Image, *, animated: bool = False) -> Side:
    """One side of a comparison, its fingerprint stored and read again."""
    stored = fingerprint.compute(DrawnPicture(image))["features"]
    assert isinstance(stored, bytes)
    return Side(
        fingerprint=fingerprint.read(stored),
        width=image.width,
        height=image.height,
        load_preview=lambda: pixels(image),
        animated=animated,
    )


def verdict(low: Image.Image, high: Image.Image) -> Verdict | None:
    """What the comparison of two pictures says."""
    return compare(side(low), side(high))


def recompressed(image: Image.Image, quality: int) -> Image.Image:
    """The picture after JPEG compression."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def resized(image: Image.Image, factor: float) -> Image.Image:
    """The picture with its sides multiplied."""
    size = round(image.width * factor), round(image.height * factor)
    return image.resize(size, Image.Resampling.LANCZOS)


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """The part between the given shares (0..1) of the sides."""
    width, height = image.size
    return image.crop(
        (round(left * width), round(top * height), round(right * width), round(bottom * height))
    )


def grey(image: Image.Image) -> Image.Image:
    """The picture without colours."""
    return ImageOps.grayscale(image).convert("RGB")


def brighter(image: Image.Image, factor: float) -> Image.Image:
    """The picture with its brightness multiplied."""
    return ImageEnhance.Brightness(image).enhance(factor)


def bordered(image: Image.Image) -> Image.Image:
    """The picture in a plain frame."""
    return ImageOps.expand(image, image.height // 12, (40, 60, 160))


def captioned(image: Image.Image, text: str) -> Image.Image:
    """The picture with a white bar and black text over its top."""
    result = image.copy()
    draw = ImageDraw.Draw(result)
    height = round(0.15 * image.height)
    draw.rectangle((0, 0, image.width, height), fill="white")
    font = ImageFont.load_default(size=height / 2)
    draw.text((image.width / 2, height / 2), text, fill="black", font=font, anchor="mm")
    return result


def watermarked(image: Image.Image) -> Image.Image:
    """The picture with translucent letters across it."""
    layer = Image.new("RGBA", image.size, (0, 0, 0, 0))
    font = ImageFont.load_default(size=image.width / 9)
    middle = image.width / 2, image.height / 2
    ImageDraw.Draw(layer).text(middle, "(c) SAMPLE", font=font, fill=(255, 255, 255, 120), anchor="mm")
    return Image.alpha_composite(image.convert("RGBA"), layer.rotate(20)).convert("RGB")


def tilted(image: Image.Image, degrees: float) -> Image.Image:
    """The picture turned a little, and cropped to what is filled."""
    return cropped(image.rotate(degrees, resample=Image.Resampling.BICUBIC), 0.1, 0.1, 0.9, 0.9)


def shown_on_screen(image: Image.Image) -> Image.Image:
    """A phone's screen that shows the picture between bars and text."""
    shown = resized(image, 540 / image.width)
    screen = Image.new("RGB", (540, max(960, shown.height + 260)), (250, 250, 250))
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, 540, 60), fill=(30, 30, 34))
    draw.text((16, 16), "12:34", fill="white", font=ImageFont.load_default(size=22))
    draw.text((16, 80), "lantern_harbour", fill="black", font=ImageFont.load_default(size=26))
    screen.paste(shown, (0, 130))
    return screen


def with_ball(image: Image.Image, x: float, y: float) -> Image.Image:
    """The scene with a shaded ball lying at the given shares of the sides."""
    result = image.copy()
    draw = ImageDraw.Draw(result)
    radius = image.height // 10
    centre = round(x * image.width), round(y * image.height)
    for step in range(radius, 0, -1):
        shade = 60 + round(180 * (1 - step / radius))
        draw.ellipse(
            (centre[0] - step, centre[1] - step, centre[0] + step, centre[1] + step),
            fill=(shade, shade // 3, 40),
        )
    return result


def another_moment(seed: int, size: tuple[int, int] = (640, 480)) -> tuple[Image.Image, Image.Image]:
    """Two shots of one scene from a hand: a little shifted and turned, with other grain, and something that moved."""
    first = scene(seed, size)
    noisy = np.asarray(first).astype(np.float64) + np.random.default_rng(seed + 1).normal(
        0, 5, (size[1], size[0], 1)
    )
    second = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    second = second.rotate(1.2, resample=Image.Resampling.BICUBIC, translate=(5, 3))
    return (
        cropped(with_ball(first, 0.35, 0.7), 0.05, 0.05, 0.95, 0.95),
        cropped(with_ball(second, 0.62, 0.68), 0.05, 0.05, 0.95, 0.95),
    )
