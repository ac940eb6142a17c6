"""The bulletin as a Word file: a template, ours or the county's own, filled in a sandbox."""

import io
import re
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final

from docx.shared import Cm
from docxtpl import DocxTemplate, InlineImage
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from geo.analysis.bulletins import Bulletin
from geo.errors import Lang, TemplateBroken
from maps import bulletin_context, bulletin_template, labels
from maps import bulletin_words as words
from maps.packed import settled

MAPS: Final = ("coverage", "issues")
"""Maps that the document has; those of towns are in the archive of maps."""

MAX_TEMPLATE_BYTES: Final = 20 * 1024 * 1024
_WIDTH_CM: Final = 15.4
_SHOWN_CHARS: Final = 60


def render(
    bulletin: Bulletin,
    maps: Mapping[str, bytes],
    lang: Lang,
    template: bytes | None = None,
    template_name: str = "",
) -> bytes:
    """The document; the same bytes for the same bulletin, maps and template.

    :param maps: PNG by name
    :param template: a Word file with tags; the default one if not given
    :param template_name: of the file, for what is said of it
    :raises TemplateBroken: the template is no Word file, or has a tag that cannot be filled
    """
    named = template_name or "bulletin.docx"
    opened = _opened(template or bulletin_template.default(lang), named)
    context = bulletin_context.context(bulletin, lang)
    context["maps"] = {name: _map(opened, bulletin, maps, name, lang) for name in MAPS}
    sandbox = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    buffer = io.BytesIO()
    try:
        opened.render(context, sandbox, autoescape=True)
        opened.save(buffer)
    except TemplateBroken:
        raise
    except Exception as error:  # whatever a library makes of a file that somebody edited
        raise _broken(named, "", error) from error
    return settled(buffer.getvalue(), bulletin.as_of)


class _Template(DocxTemplate):  # type: ignore[misc]
    """Says which paragraph cannot be filled."""

    named = ""

    def render_xml_part(self, src_xml: str, part: Any, context: Any, jinja_env: Any = None) -> str:
        """As its parent does."""
        try:
            filled: str = super().render_xml_part(src_xml, part, context, jinja_env)
        except Exception as error:
            lines = re.sub(r"<w:p([ >])", r"\n<w:p\1", src_xml).splitlines()
            line = _line_of(error)
            text = re.sub(r"<[^>]+>", "", lines[line - 1]).strip() if line and line <= len(lines) else ""
            raise _broken(self.named, text, error) from error
        return filled


def _opened(template: bytes, named: str) -> _Template:
    if len(template) > MAX_TEMPLATE_BYTES:
        limit = MAX_TEMPLATE_BYTES // 1024**2
        raise TemplateBroken(
            file=named, where="the file", where_zh="文件", reason=f"is over {limit} MB", reason_zh=f"超过 {limit} MB"
        )
    opened = _Template(io.BytesIO(template))
    try:
        opened.init_docx()
    except Exception as error:  # as above
        reason, zh = "is not a Word file (docx)", "不是 Word 文件（docx）"
        raise TemplateBroken(file=named, where="the file", where_zh="文件", reason=reason, reason_zh=zh) from error
    opened.named = named
    return opened


def _broken(named: str, text: str, error: Exception) -> TemplateBroken:
    said = " ".join((error.message if isinstance(error, TemplateError) and error.message else str(error)).split())
    shown = text[:_SHOWN_CHARS] + ("…" if len(text) > _SHOWN_CHARS else "")
    return TemplateBroken(
        file=named,
        where=f'in "{shown}"' if shown else "the file",
        where_zh=f"“{shown}”一处" if shown else "文件",
        reason=f"cannot be filled ({said}); see wangge bulletin template for the tags that there are",
        reason_zh=f"无法填写（{said}）；可用的标记见 wangge bulletin template 写出的默认模板",
    )


def _line_of(error: BaseException) -> int | None:
    """The line of the template where it went wrong: said by the error, or the last of the template on its way."""
    line = getattr(error, "lineno", None)
    if isinstance(line, int):
        return line
    trace: TracebackType | None = error.__traceback__
    lines = [frame.lineno for frame in traceback.extract_tb(trace) if frame.filename in ("<template>", "<unknown>")]
    return lines[-1] if lines else None


class _Picture:
    """A picture in a template: it can be placed, and nothing of what places it be reached."""

    __slots__ = ("_image",)

    def __init__(self, image: InlineImage) -> None:
        self._image = image

    def __html__(self) -> str:
        """What stands in the document for it."""
        return str(self._image)

    __str__ = __html__


def _map(
    template: DocxTemplate, bulletin: Bulletin, maps: Mapping[str, bytes], name: str, lang: Lang
) -> dict[str, Any] | None:
    if name not in maps:
        return None
    number = 1 + [one for one in MAPS if one in maps].index(name)
    version = bulletin.version if name == "coverage" else bulletin.scanned_with
    return {
        "picture": _Picture(InlineImage(template, io.BytesIO(maps[name]), width=Cm(_WIDTH_CM))),
        "caption": f"{words.word('figure', lang, n=number)}  {words.word(f'map_{name}', lang)}",
        "source": words.word("as_of", lang, day=labels.day(bulletin.as_of, lang), n=version),
    }
