"""A picture made anew from what a user sent: nothing but its pixels, and few of those, is kept.

Not imported before it is needed: Pillow costs as much as many a small server's start.
"""

from io import BytesIO

from PIL import GifImagePlugin, Image, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

#: What the bytes themselves may say they are; no other decoder of Pillow is asked, or as much as imported.
FORMATS = {"PNG": PngImagePlugin, "JPEG": JpegImagePlugin, "GIF": GifImagePlugin, "WEBP": WebPImagePlugin}
#: What a telephone's camera takes. Decoded it is 50 MB, twice that while its colours are converted.
MOST_PIXELS = 12_500_000
#: Length of the stored picture's sides, in pixels.
SIDE = 256
QUALITY = 85


class PictureError(ValueError):
    """Not a picture that is taken; the message says why, as a field's message."""


def reencoded(content: bytes) -> bytes:
    """The picture's middle as a square WebP of SIDE by SIDE at most. Raises PictureError. Takes up to a second."""
    try:
        with Image.open(BytesIO(content), formats=list(FORMATS)) as image:
            refuse_bomb(image)
            return written(squared(image))
    except PictureError:
        raise
    except Exception as error:  # whatever a decoder stumbles over, this is no picture to show
        too_large = isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning)
        raise PictureError("has too many pixels" if too_large else "is not an image") from error


def refuse_bomb(image: Image.Image) -> None:
    """Raises PictureError. Judged by the header: not a pixel is decoded yet."""
    if image.width * image.height > MOST_PIXELS:
        raise PictureError("has too many pixels")


def squared(image: Image.Image) -> Image.Image:
    """The middle of the first frame, upright as its EXIF says, never enlarged."""
    image.draft("RGB", (2 * SIDE, 2 * SIDE))  # a JPEG is decoded at a fraction of its size
    upright = ImageOps.exif_transpose(image)
    side = min(SIDE, *upright.size)
    return ImageOps.fit(upright.convert("RGBA"), (side, side))


def written(picture: Image.Image) -> bytes:
    """WebP without EXIF, profiles, comments or anything else that came with the picture."""
    clean = Image.new("RGBA", picture.size)
    clean.paste(picture)
    stream = BytesIO()
    clean.save(stream, "WEBP", quality=QUALITY)
    return stream.getvalue()
