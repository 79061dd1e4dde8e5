"""Small renditions of a picture for pages."""

from io import BytesIO
from typing import Any

from PIL import Image

from gallery.imaging.decode import Picture, Pixels
from gallery.imaging.sizes import PREVIEW_SIZES_PX as PREVIEW_SIZES_PX

EXAMPLE_PX = 720

# Chosen on seven camera photos of 4 to 16 megapixels, at 1440 px, one core: milliseconds, kilobytes, SSIM of
# luma.
#   JPEG 80, plain tables             3.2   101   .977
#   JPEG 80, optimised, this table    5.4    82   .974   <- this
#   JPEG 80, the same with trellis     44    70   .973
#   WebP 80, effort 0                  23    43   .971
#   WebP 80, effort 4                  97    38   .972
#   AVIF 60, effort 0                  45    42   .974
# WebP halves the bytes for the price of a third of the whole analysis (decoding takes 26 ms); JPEG also
# decodes several times faster, wherever previews are read again. The table (tuned for MS-SSIM by Nicolas
# Robidoux, here for quality 80) keeps more colour at fewer bytes.
_JPEG_TABLE = [
    *(6, 6, 6, 7, 10, 15, 22, 34),
    *(6, 7, 8, 11, 14, 16, 21, 30),
    *(6, 8, 10, 12, 17, 25, 36, 54),
    *(7, 11, 12, 16, 21, 30, 42, 62),
    *(10, 14, 17, 21, 28, 38, 52, 76),
    *(15, 16, 25, 30, 38, 50, 68, 95),
    *(22, 21, 36, 42, 52, 68, 90, 124),
    *(34, 30, 54, 62, 76, 95, 124, 167),
]
_JPEG_TABLES = [_JPEG_TABLE, _JPEG_TABLE]
# Transparent pictures cannot be JPEGs. The lossy WebP keeps alpha exactly.
_WEBP_QUALITY = 80
_WEBP_EFFORT = 2


def compute(picture: Picture) -> dict[str, Any]:
    """Return {"previews": {"320": bytes, "720": bytes, "1440": bytes}, "media_type": text}.

    Never enlarged, upright, sRGB, without any metadata of the file (no place, no camera).
    """
    media_type = "image/webp" if picture.has_alpha else "image/jpeg"
    encoded: dict[int, bytes] = {}
    previews: dict[str, bytes] = {}
    for size in PREVIEW_SIZES_PX:
        pixels = picture.with_alpha_at(size)
        width = pixels.shape[1]
        if width not in encoded:  # a small picture is its own preview at every size
            encoded[width] = encoded_preview(pixels, picture)
        previews[str(size)] = encoded[width]
    return {"previews": previews, "media_type": media_type}


def compute_pixels(picture: Picture) -> dict[str, Any]:
    """Return {"rgb": bytes of height x width x 3, "width", "height"} of the picture at 720 px."""
    pixels = picture.rgb(EXAMPLE_PX)
    return {"rgb": pixels.tobytes(), "width": pixels.shape[1], "height": pixels.shape[0]}


def encoded_preview(pixels: Pixels, picture: Picture) -> bytes:
    """Return `pixels`, a rendition of `picture` as its `with_alpha_at` gives it, as JPEG, or as WebP where it has
    alpha."""
    file = BytesIO()
    image = Image.fromarray(pixels)
    if picture.has_alpha:
        image.save(file, "WEBP", quality=_WEBP_QUALITY, method=_WEBP_EFFORT)
    else:
        # Drawings and screenshots have sharp coloured edges that halved colour would smear.
        subsampling = "4:4:4" if picture.is_lossless else "4:2:0"
        image.save(file, "JPEG", qtables=_JPEG_TABLES, subsampling=subsampling, optimize=True)
    return file.getvalue()
