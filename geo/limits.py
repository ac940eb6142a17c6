"""Every limit, named, in one place."""

from typing import Final

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
"""Largest request body. A thousand visits with long notes are under 1 MB."""

MAX_SHEET_ROWS: Final = 200_000
"""Rows of one workbook; reading them cell by cell takes half a minute."""

MAX_CELL_CHARS: Final = 32_767
"""One cell of a sheet: what spreadsheets take. Pictures pasted as text are longer."""

MAX_LINE_CHARS: Final = 1024 * 1024
"""One line of NDJSON; the longest row that can be meant has some fifty thousand."""

MAX_IMPORT_BYTES: Final = 512 * 1024 * 1024
"""Largest file of an import over HTTP: some three million rows."""

MAX_FORM_FILE_BYTES: Final = 128 * 1024 * 1024
"""Largest form with files, boundaries or a sheet, through a page; commands take more."""

MAX_VISITS_PER_BATCH: Final = 1_000
"""Visits in one ``POST /visits``; larger amounts go through ``wangge visits import``."""

MAX_TEXT_CHARS: Final = 4_000
"""A note, in characters."""

MAX_TITLE_CHARS: Final = 200
"""What an issue is about, in one line."""

MAX_CODE_CHARS: Final = 64
"""An area code of an opaque scheme, a staff number, a place id."""

MAX_KEPT_CHARS: Final = 200_000
"""What a form may hold to be kept while somebody signs in again: some fifty long notes."""

MAX_COMPANIONS: Final = 20
"""Who came along on one visit."""

MAX_ISSUES_PER_BATCH: Final = 1_000
"""Issues in one ``POST /issues``."""

MAX_LISTED_ISSUES: Final = 20_000
"""Issues of one list that people read."""

SIMILAR_WITHIN_M: Final = 250.0
"""Open issues of one category nearer than this may be one."""

MAX_SIMILAR: Final = 5
"""Possible duplicates that are offered."""

MAX_LOOKUP_POINTS: Final = 10_000
"""Positions in one lookup of who is responsible."""

MAX_PAGE: Final = 1_000
"""Rows of one page of a list."""

DEFAULT_PAGE: Final = 100

LIST_ROWS: Final = 50
"""Rows on one page of a list that people read."""

MAX_LIST_PAGE: Final = 100_000
"""Pages of a list that can be asked for; one beyond the last is the last."""

MAX_PRINTED_ROWS: Final = 2_000
"""Rows of a list on one page, for printing: some forty sheets."""

MAX_OFFERED: Final = 2_000
"""Areas or cadres that a field offers to choose from; others can be typed."""

MAX_FILTER_CHARS: Final = 200
"""What a list is searched for."""

CLOCK_SKEW_MINUTES: Final = 10
"""A phone's clock may run ahead by this much before a visit counts as one of the future."""

MAX_VISIT_HOURS: Final = 24
"""From the start of one visit to its end; a longer one has a wrong year or month in it."""

MAX_RULE: Final = 3_660
"""Visits a month, or days between two visits, that a rule may ask for: ten years."""

MAX_ACCURACY_M: Final = 100_000.0
"""An accuracy radius above this says nothing about a place in a county."""

STATEMENT_TIMEOUT_MS: Final = 30_000
"""Longest statement of a web request. Commands have none."""

POOL_SIZE: Final = 16
"""Database connections of one process, and worker threads of its web server: one each, so none waits for another."""

LOCATOR_MEMORY_MB: Final = 512
"""Memory that one locator may take for its raster of cells."""

DRAWING_TOLERANCE_M: Final = 10.0
"""Shared-edge simplification of what maps draw: about a pixel at zoom 14."""

SLIVER_WIDTH_M: Final = 1.0
"""A gap or an overlap narrower than this on the average is called a sliver: digitising a border twice leaves them."""

MAX_OVERLAP_M2: Final = 100.0
"""Largest overlap of two areas that a version may take into force without somebody insisting: about a house."""

MAX_ARCHIVE_ENTRIES: Final = 1_000
"""Files in one zip. A county's shapefiles with everything beside them are some dozens."""

MAX_ARCHIVE_BYTES: Final = 2 * 1024**3
"""What the files of one zip may have together, unpacked."""

MAX_ARCHIVE_RATIO: Final = 200
"""How many times smaller a file of more than a megabyte may be when packed; coordinates reach five to twenty."""

MIN_PASSWORD_CHARS: Final = 10

MAX_PASSWORD_CHARS: Final = 200

MAX_TOKEN_DAYS: Final = 366
"""A token that nobody renews within a year is most likely forgotten."""

SESSION_HOURS: Final = 12
"""A working day, after which a browser signs in again."""

FREE_SIGN_INS: Final = 5
"""Wrong passwords in a row for one name before it has to wait."""

FREE_SIGN_INS_OF_ADDRESS: Final = 50
"""The same for one address, behind which a whole office may sit."""

MAX_TILE_CACHE_BYTES: Final = 64 * 1024 * 1024
"""Vector tiles that a process keeps: some thousands."""

MAX_EXPORT_ROWS: Final = 100_000
"""Rows of one csv or xlsx over HTTP; a workbook of them takes some hundred megabytes while it is made."""

MAX_SURFACE_CELLS: Final = 16_000_000
"""Cells of one density surface, with the margin around it that its kernel reaches: some 600 MB while it is made."""

MIN_CELLS_PER_BANDWIDTH: Final = 2.0
"""A kernel on fewer cells than this to its bandwidth is a picture of the cells, no longer of the kernel."""

MIN_BANDWIDTH_M: Final = 100.0
"""Smallest bandwidth that is chosen automatically: finer, and single households show."""

MIN_AREAS_OF_GETIS_ORD: Final = 30
"""Areas with a value below which Gi* is refused: its z and its permutations lean on many areas (Getis & Ord 1992)."""

MAX_PERMUTATIONS: Final = 999_999
"""Permutations of one area whose neighbours look extreme; enough for q = 0.01 where one of 5,000 areas stands out."""

MAX_CLUSTERS: Final = 20
"""Clusters that one scan reports."""

SCAN_MEMORY_MB: Final = 256
"""Memory for the windows of one round of a scan; centres beyond it wait for the next round."""

MAX_BANDWIDTH_M: Final = 50_000.0
"""Wider than any county: everything is one blur."""

MAX_TREND_MONTHS: Final = 36
"""Months of one trend: three years."""

SURFACE_CLASSES: Final = 7
"""Classes of a surface's legend."""

MAX_MAP_SHAPES: Final = 4_000
"""Areas whose shapes stand inside a page; more come as vector tiles. 3,000 grids are a megabyte."""

TILES_TO: Final = 16
"""Zoom to which vector tiles are shown: beyond it a map enlarges what it has, a tile of 600 m holds a grid or two."""

MAX_MAP_POINTS: Final = 20_000
"""Single issues on one map; more say nothing one by one, and the surface shows them."""

MAX_ROWS_OF_A_PAGE: Final = 10
"""Last visits and open issues on the page of one area."""

MAX_PLACE_NAMES: Final = 60
"""Places that the page of one area names."""
