"""A picture put together from above to below: lines of text, and pictures between them."""

import io
from typing import Final

from PIL import Image, ImageDraw

from maps import fonts

INK: Final = "#1d2a33"
MUTED: Final = "#56646f"
_GAP: Final = 12


class Sheet:
    """Rows of text and pictures on white, one below the other.

    :param width: of the picture in pixels
    :param margin: free on every side
    """

    def __init__(self, width: int, margin: int) -> None:
        self.width, self.margin = width, margin
        self.rows: list[Image.Image] = []

    def write(self, text: str, size_px: int) -> None:
        """A line of text, cut where it is too long."""
        font = fonts.chinese(size_px)
        room = self.width - 2 * self.margin
        if font.getlength(text) > room:
            while text and font.getlength(text + "…") > room:
                text = text[:-1]
            text += "…"
        row = Image.new("RGB", (room, round(size_px * 1.5)), "#ffffff")
        ImageDraw.Draw(row).text((0, row.height / 2), text, INK, font, anchor="lm")
        self.rows.append(row)

    def place(self, picture: Image.Image) -> None:
        """A picture as a row."""
        self.rows.append(picture.convert("RGB"))

    def png(self) -> bytes:
        """All rows."""
        height = 2 * self.margin + sum(row.height + _GAP for row in self.rows) - _GAP
        whole = Image.new("RGB", (self.width, height), "#ffffff")
        y = self.margin
        for row in self.rows:
            whole.paste(row, (self.margin, y))
            y += row.height + _GAP
        stream = io.BytesIO()
        whole.save(stream, "PNG", optimize=True)
        return stream.getvalue()
