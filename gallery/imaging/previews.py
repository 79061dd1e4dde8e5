"""Small renditions of a picture for pages."""

from typing import Any

import pyvips

from gallery.imaging.decode import Picture
from gallery.imaging.sizes import PREVIEW_SIZES_PX as PREVIEW_SIZES_PX

EXAMPLE_PX = 720

# Chosen on seven camera photos of 4 to 16 megapixels, at 1440 px, one core: milliseconds, kilobytes, SSIM of
# luma.
#   JPEG 80, plain tables             4.1   101   .977
#   JPEG 80, optimised, table 3       8.5    82   .974   <- this
#   JPEG 80, the same with trellis     44    70   .973
#   WebP 80, effort 0                  23    43   .971
#   WebP 80, effort 4                  97    38   .972
#   AVIF 60, effort 0                  45    42   .974
# WebP halves the bytes for the price of a third of the whole analysis (decoding takes 31 ms); JPEG also
# decodes several times faster, wherever previews are read again. Table 3 (tuned for MS-SSIM by Nicolas
# Robidoux) keeps more colour at fewer bytes.
_JPEG_QUALITY = 80
_JPEG_QUANT_TABLE = 3
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
        image = picture.with_alpha_at(size)
        if image.width not in encoded:  # a small picture is its own preview at every size
            encoded[image.width] = _encoded(image, picture)
        previews[str(size)] = encoded[image.width]
    return {"previews": previews, "media_type": media_type}


def compute_pixels(picture: Picture) -> dict[str, Any]:
    """Return {"rgb": bytes of height x width x 3, "width", "height"} of the picture at 720 px."""
    image = picture.at(EXAMPLE_PX)
    return {"rgb": bytes(image.write_to_memory()), "width": image.width, "height": image.height}


def _encoded(image: pyvips.Image, picture: Picture) -> bytes:
    if picture.has_alpha:
        webp: bytes = image.webpsave_buffer(Q=_WEBP_QUALITY, effort=_WEBP_EFFORT, keep="none")
        return webp
    jpeg: bytes = image.jpegsave_buffer(
        Q=_JPEG_QUALITY,
        quant_table=_JPEG_QUANT_TABLE,
        optimize_coding=True,
        # Drawings and screenshots have sharp coloured edges that halved colour would smear.
        subsample_mode="off" if picture.is_lossless else "auto",
        keep="none",
    )
    return jpeg
