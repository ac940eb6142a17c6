"""The default template of the bulletin: a Word file with tags, which a county may edit and use instead.

``{{ f.met }}`` is a figure and ``{{ f.met.mark }}`` the number under which the workbook has the list behind it;
`maps.bulletin_context.context` says what else there is.
"""

import io
import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from geo.errors import Lang
from maps import bulletin_words as words
from maps.bulletin_context import ANNEXES
from maps.packed import settled

BODY, TITLE, HEAD = "仿宋", "宋体", "黑体"
"""Fonts of official papers. Where a machine lacks them, Word and LibreOffice take what else has the characters."""

_LATIN: Final = "Times New Roman"
_INSTEAD: Final = {BODY: "Noto Serif CJK SC", TITLE: "Noto Serif CJK SC", HEAD: "Noto Sans CJK SC"}
_MARK: Final = RGBColor(0x56, 0x64, 0x6F)
_TAG: Final = re.compile(r"\{([\w.]+)(#?)\}")
_MADE: Final = date(2026, 1, 1)
_TOWN_COLUMNS: Final = (
    "all", "met", "under", "unvisited", "excluded", "unassigned", "rate", "households_reached", "open", "overdue",
    "unanswered",
)  # fmt: skip
_ORGANISATION_COLUMNS: Final = ("open", "overdue", "unanswered", "in_circles", "ended", "median_days")
_TOWN_WIDTHS: Final = (2.9, *[1.08] * 6, 1.75, 1.4, *[1.02] * 3)
_ISSUE_WIDTHS: Final = (3.3, 1.3, 4.7, 2.4, 2.6, 1.3)
_WIDTHS: Final = {
    "unvisited": (3.2, 3.6, 3.2, 1.4, 2.6, 1.6),
    "unassigned": (3.6, 4.4, 4.0, 1.6, 2.0),
    "overdue": _ISSUE_WIDTHS,
    "unanswered": _ISSUE_WIDTHS,
    "in_circles": _ISSUE_WIDTHS,
}


def default(lang: Lang) -> bytes:
    """The template in one language, as a Word file; always the same bytes."""
    made = _Template(lang)
    made.write()
    buffer = io.BytesIO()
    made.document.save(buffer)
    return settled(buffer.getvalue(), _MADE)


class _Template:
    """The document while it is put together, from above to below."""

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang
        self.document = Document()
        self.sections, self.tables, self.annexes = 0, 0, 0
        _set_page(self.document)
        _set_fonts(self.document)
        _number_pages(self.document, lang)

    def write(self) -> None:
        """Everything."""
        self._head()
        self._county()
        self._parts()
        self._regional()
        self._next()
        self._corrections()
        self._annexes()

    def _head(self) -> None:
        self.line("{{ title }}", "Title")
        self.line("{{ month }}（{{ state }}）" if self.lang == "zh-CN" else "{{ month }} ({{ state }})", "Subtitle")
        self.line("{{ as_of }}", "Source")
        self.when("running", lambda: self.line("{{ running }}", "Source"))
        self.say(words.word("no_persons", self.lang), "Note")
        self.say(words.word("marks", self.lang, sheet=words.word("figures_sheet", self.lang)), "Note")

    def _county(self) -> None:
        self.heading("summary")
        self.when("empty", lambda: self.line(words.word("empty_month", self.lang)))
        for name in ("say_areas", "say_visits", "say_issues"):
            self.say(self.word(name))
        self.caption(words.word("summary", self.lang))
        titles = [words.word(one, self.lang) for one in ("indicator", "this_month", "last_month", "change")]
        cells = ["{{ i.name }}", "{{ i.value }}^{{ i.mark }}", "{{ i.before }}^{{ i.before_mark }}", "{{ i.change }}"]
        self.table(titles, "i in indicators", cells, [5.1, 3.5, 3.5, 3.5])
        self.picture("coverage")

    def _parts(self) -> None:
        lang = self.lang
        self.heading("by_town")
        self.caption(words.word("by_town", lang))
        titles = [words.word("town", lang), *(words.indicator(one, lang) for one in _TOWN_COLUMNS)]
        cells = ["{{ t.name }}^{{ t.mark }}", *(f"{{{{ t.cells.{one} }}}}" for one in _TOWN_COLUMNS)]
        self.table(titles, "t in towns", cells, _TOWN_WIDTHS, small=True)
        self.heading("by_organisation")
        self.caption(words.word("by_organisation", lang))
        titles = [words.word("organisation", lang), *(words.indicator(one, lang) for one in _ORGANISATION_COLUMNS)]
        cells = ["{{ o.name }}^{{ o.mark }}", *(f"{{{{ o.cells.{one} }}}}" for one in _ORGANISATION_COLUMNS)]
        self.table(titles, "o in organisations", cells, [5.4, *[1.7] * len(_ORGANISATION_COLUMNS)])

    def _regional(self) -> None:
        self.heading("regional")
        self.when("not tested", lambda: self.line(words.word("untested", self.lang)))
        self.say(self.word("say_clusters"))
        self.line("{%p for c in clusters %}")
        self.say_marked("{{ loop.index }}. {{ c.text }}^{{ c.mark }}")
        self.line("{%p endfor %}")
        self.say(words.word("how_clusters", self.lang), "Note")
        self.picture("issues")

    def _next(self) -> None:
        lang = self.lang
        self.heading("next_month")
        self.say(words.word("say_next", lang, next_month="{next_month}"))
        self.caption(words.word("next_month", lang))
        titles = [words.word(one, lang) for one in ("level", "tier", "rule")]
        titles += [words.indicator(f"next..{one}", lang) for one in ("areas", "visits", "open")]
        cells = ["{{ a.level }}^{{ a.mark }}", "{{ a.tier }}", "{{ a.rule }}"]
        cells += ["{{ a.areas }}", "{{ a.visits }}", "{{ a.open }}"]
        self.table(titles, "a in asked", cells, [3.2, 2.0, 3.4, 2.0, 2.6, 2.4])
        self.say(self.word("say_due").replace("{sheet_due}", words.list_name("due_next", lang)))

    def _corrections(self) -> None:
        lang = self.lang
        self.line("{%p if correction %}")
        self.heading("corrections")
        self.line("{{ correction }}")
        self.caption(words.word("changed_figures", lang, n="{{ edition_before }}"))
        titles = [words.word(one, lang) for one in ("indicator", "old", "new")]
        self.table(titles, "c in changed_figures", ["{{ c.name }}", "{{ c.old }}", "{{ c.new }}"], [8.6, 3.5, 3.5])
        self.caption(words.word("changed_lists", lang, n="{{ edition_before }}"))
        titles = [words.word(one, lang) for one in ("list", "came", "left")]
        self.table(titles, "c in changed_lists", ["{{ c.name }}", "{{ c.came }}", "{{ c.left }}"], [3.0, 6.3, 6.3])
        self.line("{%p endif %}")

    def _annexes(self) -> None:
        self.heading("annexes")
        for name, columns in ANNEXES.items():
            self.annexes += 1
            title = f"{words.word('annex', self.lang, n=self.annexes)}  {words.list_name(name, self.lang)}"
            self.say_marked(f"{title}  {{{{ annex.{name}.value }}}}^{{{{ annex.{name}.mark }}}}", "Caption")
            self.when(f"not annex.{name}.rows", lambda: self.line(words.word("none", self.lang)))
            self.line(f"{{%p if annex.{name}.rows %}}")
            titles = [words.column(one, self.lang) for one in columns]
            cells = [f"{{{{ r[{at}] }}}}" for at in range(len(columns))]
            self.table(titles, f"r in annex.{name}.rows", cells, _WIDTHS[name], small=True)
            self.line("{%p endif %}")
            more = f"{{{{ annex.{name}.more }}}}"
            self.when(f"annex.{name}.more", lambda more=more: self.line(more, "Note"))

    # pieces

    def word(self, name: str) -> str:
        """A sentence as it stands in the catalogue, with its tags."""
        from maps import catalogue  # noqa: PLC0415

        return catalogue.section("bulletin")[name].text(self.lang)

    def line(self, text: str, style: str = "Normal") -> Paragraph:
        """A paragraph as it is."""
        return self.document.add_paragraph(text, style)

    def when(self, condition: str, write: Any) -> None:
        """What is only there on a condition."""
        self.line(f"{{%p if {condition} %}}")
        write()
        self.line("{%p endif %}")

    def say(self, text: str, style: str = "Normal") -> None:
        """A sentence of the catalogue: ``{name}`` is a value, ``{name#}`` a figure with its mark."""
        self.say_marked(
            _TAG.sub(lambda tag: f"{{{{ {tag[1]} }}}}" + (f"^{{{{ {tag[1]}.mark }}}}" if tag[2] else ""), text), style
        )

    def say_marked(self, text: str, style: str = "Normal") -> None:
        """A paragraph in which ``^{{ … }}`` is a mark."""
        _add_marked(self.document.add_paragraph(style=style), text)

    def heading(self, name: str) -> None:
        """A numbered heading."""
        self.sections += 1
        number = "一二三四五六七八九"[self.sections - 1] + "、" if self.lang == "zh-CN" else f"{self.sections}. "
        self.line(number + words.word(name, self.lang), "Heading 1")

    def caption(self, text: str) -> None:
        """Above a table."""
        self.tables += 1
        self.line(f"{words.word('table', self.lang, n=self.tables)}  {text}", "Caption")

    def picture(self, name: str) -> None:
        """A map with its caption and source, where there is one."""
        self.line(f"{{%p if maps.{name} %}}")
        self.line(f"{{{{ maps.{name}.picture }}}}", "Picture")
        self.line(f"{{{{ maps.{name}.caption }}}}", "Caption")
        self.line(f"{{{{ maps.{name}.source }}}}", "Source")
        self.line("{%p endif %}")

    def table(
        self, titles: Sequence[str], loop: str, cells: Sequence[str], widths_cm: Sequence[float], *, small: bool = False
    ) -> None:
        """A table whose titles stand on every page, and whose rows are not cut."""
        table = self.document.add_table(rows=4, cols=len(titles), style="Table Grid")
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        rows = (list(titles), [f"{{%tr for {loop} %}}"], list(cells), ["{%tr endfor %}"])
        for row, texts in zip(table.rows, rows, strict=True):
            properties = row._tr.get_or_add_trPr()  # noqa: SLF001 - python-docx has no other way
            properties.append(OxmlElement("w:cantSplit"))
            for at, text in enumerate(texts):
                paragraph = row.cells[at].paragraphs[0]
                paragraph.style = "Small cell" if small else "Cell"
                _add_marked(paragraph, text)
                if at and len(titles) == len(texts) and texts is not rows[0] and _is_number(text):
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        header = OxmlElement("w:tblHeader")
        table.rows[0]._tr.get_or_add_trPr().append(header)  # noqa: SLF001
        for cell in table.rows[0].cells:
            _shade(cell)
            for run in cell.paragraphs[0].runs:
                run.bold = True
            cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
            # Titles alone at the foot of a page make LibreOffice lose all rows below them.
            cell.paragraphs[0].paragraph_format.keep_with_next = True
        for at, width in enumerate(widths_cm):
            table.columns[at].width = Cm(width)
            for cell in table.columns[at].cells:
                cell.width = Cm(width)
        self.line("", "Gap")


def _is_number(text: str) -> bool:
    """Whether a cell holds a figure."""
    return any(
        part in text
        for part in (".cells.", "i.value", "i.before", "i.change", "a.areas", "a.visits", "a.open", "c.old", "c.new")
    )


def _add_marked(paragraph: Paragraph, text: str) -> None:
    at = 0
    for mark in re.finditer(r"\^(\{\{.*?\}\})", text):
        if mark.start() > at:
            paragraph.add_run(text[at : mark.start()])
        run = paragraph.add_run(mark[1])
        run.font.superscript = True
        run.font.color.rgb = _MARK
        at = mark.end()
    if at < len(text):
        paragraph.add_run(text[at:])


def _shade(cell: Any) -> None:
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:color"), "auto")
    shade.set(qn("w:fill"), "EEF2F5")
    cell._tc.get_or_add_tcPr().append(shade)  # noqa: SLF001


def _set_page(document: Any) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.2), Cm(2.8)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)


def _set_fonts(document: Any) -> None:
    centre, left = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.LEFT
    both = WD_ALIGN_PARAGRAPH.JUSTIFY
    #        name, font, size, align, bold, before, after, indent
    styles: tuple[tuple[str, str, float, Any, bool, float, float, float], ...] = (
        ("Normal", BODY, 14, both, False, 0, 4, 28),
        ("Title", TITLE, 22, centre, True, 0, 8, 0),
        ("Subtitle", BODY, 16, centre, False, 0, 4, 0),
        ("Heading 1", HEAD, 16, left, False, 14, 6, 0),
        ("Caption", HEAD, 11, centre, False, 8, 3, 0),
        ("Source", BODY, 10, centre, False, 0, 4, 0),
        ("Note", BODY, 10, left, False, 2, 4, 0),
        ("Picture", BODY, 10, centre, False, 6, 0, 0),
        ("Cell", BODY, 10.5, left, False, 1, 1, 0),
        ("Small cell", BODY, 9, left, False, 0.5, 0.5, 0),
        ("Gap", BODY, 6, left, False, 0, 0, 0),
    )
    for name, font, size, align, bold, before, after, indent in styles:
        known = name in [style.name for style in document.styles]
        style = document.styles[name] if known else document.styles.add_style(name, 1)
        if not known:
            style.base_style = None
        _set_font(style, font, size, bold=bold)
        form = style.paragraph_format
        form.alignment, form.space_before, form.space_after = align, Pt(before), Pt(after)
        form.first_line_indent = Pt(indent)
        form.line_spacing = 1.35 if name == "Normal" else 1.0
        form.keep_with_next = name in ("Heading 1", "Caption", "Picture") or form.keep_with_next
    for style in ("Title", "Subtitle"):
        for border in document.styles[style].element.findall(f".//{qn('w:pBdr')}"):
            border.getparent().remove(border)
    for old in document.styles.element.iter(qn("w:lang")):
        old.set(qn("w:eastAsia"), "zh-CN")
    theme = OxmlElement("w:themeFontLang")
    theme.set(qn("w:val"), "en-US")
    theme.set(qn("w:eastAsia"), "zh-CN")
    settings = document.settings.element
    for one in settings.findall(qn("w:themeFontLang")):
        settings.replace(one, theme)
    _name_instead(document)


def _set_font(style: Any, font: str, size_pt: float, *, bold: bool) -> None:
    style.font.name, style.font.size, style.font.bold, style.font.italic = _LATIN, Pt(size_pt), bold, False
    style.font.color.rgb = RGBColor(0x14, 0x22, 0x2B)
    properties = style.element.get_or_add_rPr()
    fonts = properties.get_or_add_rFonts()
    for name in list(fonts.attrib):
        if "Theme" in name:
            del fonts.attrib[name]
    fonts.set(qn("w:eastAsia"), font)
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-US")
    language.set(qn("w:eastAsia"), "zh-CN")
    properties.append(language)


def _name_instead(document: Any) -> None:
    """Say in the table of fonts what may stand for those that a machine lacks."""
    part = next(one for one in document.part.package.iter_parts() if one.partname == "/word/fontTable.xml")
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{instead}"/><w:charset w:val="86"/></w:font>'
        for name, instead in _INSTEAD.items()
    )
    part._blob = part.blob.replace(b"</w:fonts>", fonts.encode() + b"</w:fonts>")  # noqa: SLF001


def _number_pages(document: Any, lang: Lang) -> None:
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    before, after = words.word("page_of", lang, n="|").split("|")
    paragraph.add_run(before)
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        run = paragraph.add_run()
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)  # noqa: SLF001
    paragraph.add_run(after)
