"""What can go wrong, as facts: what was asked, what was found. Statuses and exit codes stand in one table at the edge.

::

    WanggeError
    ├── InvalidInput          what was sent cannot be used as it is
    │   ├── InvalidMonth, FutureMonth, InvalidLevel, InvalidPosition, InvalidChoice, CountyNeeded
    │   ├── FileUnreadable, FileEmpty, TooManyRows, ColumnMissing, CodesMissing, FrameNotFound
    │   ├── CountyUnclear, BoundariesRejected
    │   ├── NumbersUnusable, CasesWithoutPopulation, TooFewAreas, NoAreasInScope
    │   ├── SheetRejected, InvalidVisit, InvalidDay, InvalidWindow, FutureWindow
    │   ├── TemplateBroken, ReasonNeeded, InvalidField
    │   └── PointsUnusable, InvalidLength, InvalidBounds, BandwidthTooFine, SurfaceTooLarge, SurfacesDiffer
    ├── NotFound              nothing has that name
    │   ├── UnknownArea, UnknownCounty, UnknownVersion, NoBoundaries, PointOutsideAreas
    │   ├── UnknownCadre, UnknownAssignment, UnknownAccount, UnknownToken, UnknownLayer, UnknownTile, UnknownFeature
    │   └── UnknownVisit, UnknownIssue, UnknownOrganisation, UnknownJob, UnknownBulletin
    ├── Conflict              it contradicts what is stored
    │   ├── VersionNotStaged, OverlapsRefused, NothingToRollBackTo, HeadTaken, AssignmentTwice, AccountTaken
    │   ├── EventRefused, VisitWithdrawn
    │   └── MonthRunning, MonthEmpty, BulletinUnchanged, EditionTaken
    ├── TooLarge              more than the stated limit
    ├── NotSignedIn           nobody said who asks, or what was shown stands for nobody
    ├── NotAllowed            who asks is known and may not
    └── ServiceUnavailable    a part that is needed does not answer
        └── LocalPostgisError

Every error says itself in English (``str``) and in Chinese (``text("zh-CN")``).
"""

from typing import ClassVar, Literal

Lang = Literal["zh-CN", "en"]


class WanggeError(Exception):
    """Base of all. ``facts`` fill the two templates and travel to the client as they are."""

    zh: ClassVar[str] = "{reason}"
    en: ClassVar[str] = "{reason}"

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.en.format(**facts))

    def text(self, lang: Lang) -> str:
        """The message in one language."""
        return (self.zh if lang == "zh-CN" else self.en).format(**self.facts)


class InvalidInput(WanggeError):
    """What was sent cannot be used as it is."""


class InvalidMonth(InvalidInput):
    """Not a month in the form YYYY-MM."""

    zh = "“{month}”不是月份，请写成 2026-10 的形式"
    en = '"{month}" is not a month; write it as 2026-10'


class FutureMonth(InvalidInput):
    """A month that has not begun yet."""

    zh = "{month} 尚未开始（现在是 {current}），请选择 {current} 或更早的月份"
    en = "{month} has not begun yet (it is {current}); choose {current} or an earlier month"


class InvalidLevel(InvalidInput):
    """Not one of the levels."""

    zh = "没有“{level}”这一层级，可用：{levels}"
    en = 'there is no level "{level}"; use one of {levels}'


class InvalidChoice(InvalidInput):
    """A value that is not one of a closed list."""

    zh = "{field} 不能是“{value}”，可用：{choices}"
    en = '{field} cannot be "{value}"; use one of {choices}'


class InvalidPosition(InvalidInput):
    """Coordinates that are no position on earth, or not where they can be meant."""

    zh = "{field}={value}：不是有效的坐标（经度 −180 至 180，纬度 −90 至 90）"
    en = "{field}={value} is not a coordinate (longitude −180 to 180, latitude −90 to 90)"


class CountyNeeded(InvalidInput):
    """Several counties are stored and the request does not say which is meant."""

    zh = "库中有多个县（{counties}），请用 county 指明是哪一个"
    en = "several counties are stored ({counties}); say which one with county"


class FileUnreadable(InvalidInput):
    """A file that is missing, damaged or not what its name says."""

    zh = "{file}：{reason_zh}"
    en = "{file}: {reason}"


class TooManyRows(InvalidInput):
    """A workbook of more rows than can be read cell by cell."""

    zh = "{file}：超过 {limit} 行，请分成几个文件，或另存为 csv"
    en = "{file}: more than {limit} rows; split it, or save it as csv"


class FileEmpty(InvalidInput):
    """A file without a single record."""

    zh = "{file}：文件里没有任何记录"
    en = "{file}: there is no record in this file"


class ColumnMissing(InvalidInput):
    """A column that is needed and cannot be found."""

    zh = "{file}：缺少“{column}”列，现有列：{columns}。请用 --column {column}=列名 指定"
    en = "{file}: no column for {column} among {columns}; name it with --column {column}=NAME"


class CodesMissing(InvalidInput):
    """A file of areas that has names and no codes."""

    zh = "{file}：没有代码列（现有列：{columns}）。请用 --column code=列名 指定，或用 --codes 代码表.csv 按名称“{name}”对应"
    en = "{file}: no column for code among {columns}; name it with --column code=NAME, or find codes by {name} with --codes LIST.csv"


class FrameNotFound(InvalidInput):
    """A file that declares no CRS, and of which no reading is clearly right."""

    zh = "{file}：未声明坐标系，与参照边界比较后{why_zh}（重叠度：{scores_zh}）。请指定坐标系，例如 {options}"
    en = "{file}: it declares no CRS, and beside the reference {why} (overlap: {scores}); say how to read it, e.g. {options}"


class CountyUnclear(InvalidInput):
    """A file of areas does not say of which one county it is."""

    zh = "无法确定是哪个县（{found}），请用 --county 指定"
    en = "it is not clear which county is meant ({found}); say which one with --county"


class BoundariesRejected(InvalidInput):
    """Boundaries that cannot be loaded; the findings name the rows."""

    zh = "{file}：{count} 处问题，未载入。第一处：{first_zh}"
    en = "{file}: {count} problems, nothing loaded. The first: {first}"


class SheetRejected(InvalidInput):
    """A sheet of people or places with a row that cannot be taken."""

    zh = "{file} 第 {row} 行 {field}：{reason_zh}（整表未导入）"
    en = "{file} row {row}, {field}: {reason} (nothing of the sheet was taken)"


class InvalidField(InvalidInput):
    """A field of a form that cannot be read."""

    zh = "{field}：{reason_zh}"
    en = "{field}: {reason}"


class InvalidVisit(InvalidInput):
    """A correction after which a visit could not be stored."""

    zh = "更正未保存，{field}：{reason_zh}"
    en = "the correction is not saved, {field}: {reason}"


class InvalidDay(InvalidInput):
    """Neither a day in the form YYYY-MM-DD nor a month in the form YYYY-MM, of the years that months have."""

    zh = "“{day}”不是日期或月份，请写成 2026-10-12 或 2026-10 的形式"
    en = '"{day}" is neither a day nor a month; write it as 2026-10-12 or 2026-10'


class InvalidWindow(InvalidInput):
    """A window of time that ends before it begins."""

    zh = "时间范围 {begin} 至 {until} 无效：结束早于开始"
    en = "{begin} to {until} is no window: it ends before it begins"


class FutureWindow(InvalidInput):
    """A window of time that has not begun."""

    zh = "时间范围从 {begin} 开始，尚未到来（今天是 {today}）"
    en = "the window begins on {begin}, which is still to come (today is {today})"


class PointsUnusable(InvalidInput):
    """Points of a surface whose numbers are none."""

    zh = "{count} 个点无法使用：{reason_zh}"
    en = "{count} points cannot be used: {reason}"


class InvalidLength(InvalidInput):
    """A length that is not above zero."""

    zh = "{field}={value}：须为大于 0 的长度（米）"
    en = "{field}={value} is not a length above zero, in metres"


class InvalidBounds(InvalidInput):
    """A rectangle without an inside."""

    zh = "范围 {bounds} 无效，须依次为最小 x、最小 y、最大 x、最大 y（米）"
    en = "{bounds} are no bounds; give the least x and y, then the largest x and y, in metres"


class BandwidthTooFine(InvalidInput):
    """A kernel that the cells cannot show."""

    zh = "带宽 {bandwidth_m} 米对于 {cell_m} 米的像元过小，带宽至少 {least_m} 米，或使用更小的像元"
    en = "a bandwidth of {bandwidth_m} m is too fine for cells of {cell_m} m; take at least {least_m} m, or smaller cells"


class SurfaceTooLarge(InvalidInput):
    """A surface of more cells than the limit."""

    zh = "密度面连同核函数边缘共 {cells} 个像元，超过上限 {limit}，请使用更大的像元"
    en = "the surface and the margin of its kernel have {cells} cells, more than {limit}; take larger cells"


class SurfacesDiffer(InvalidInput):
    """Two surfaces that cannot be divided, cell by cell."""

    zh = "两个密度面的{what_zh}不同：{one} 与 {other}"
    en = "the two surfaces differ in their {what}: {one} and {other}"


class NumbersUnusable(InvalidInput):
    """Numbers that a statistic cannot be computed of."""

    zh = "数据 {field} 无法用于统计：{reason_zh}"
    en = "{field} cannot be used: {reason}"


class CasesWithoutPopulation(InvalidInput):
    """Cases where nobody could have had one; their expected number would be zero."""

    zh = "有 {areas} 个区域有事件而分母为零（第一个是第 {first} 个，从 0 数起），无法计算期望数"
    en = "{areas} areas have cases and a population of zero (the first is number {first}, from 0)"


class TooFewAreas(InvalidInput):
    """Too few areas with a value for a statistic that leans on many."""

    zh = "有数据的区域只有 {count} 个，少于 {minimum} 个，热点统计（Gi*）不可靠；请改用空间扫描"
    en = "only {count} areas have a value; Gi* needs {minimum}: use the spatial scan instead"


class NoAreasInScope(InvalidInput):
    """A level that the scope has nothing of."""

    zh = "{scope}之内没有这个层级的区域，请换一个更细的层级"
    en = "{scope} contains no area of this level; ask for a finer level"


class TemplateBroken(InvalidInput):
    """A template of the bulletin that cannot be filled."""

    zh = "通报模板 {file}：{where_zh}{reason_zh}"
    en = "template of the bulletin {file}: {where} {reason}"


class ReasonNeeded(InvalidInput):
    """Another edition of a bulletin without saying why."""

    zh = "{month} 的通报已发布第 {edition} 版，再次发布须在 reason（更正原因）中写明原因"
    en = "edition {edition} of the bulletin of {month} is published already; say in reason why there is another"


class NotFound(WanggeError):
    """Nothing has that name."""


class UnknownArea(NotFound):
    """No area of the version in question has this code."""

    zh = "{county} 的第 {version} 版边界中没有代码为“{code}”的区域"
    en = 'no area has the code "{code}" in boundary version {version} of {county}'


class UnknownCounty(NotFound):
    """No county has this code."""

    zh = "没有代码为“{county}”的县"
    en = 'there is no county "{county}"'


class UnknownCadre(NotFound):
    """No cadre has this staff number."""

    zh = "{county} 没有工号为 {staff_no} 的干部"
    en = "no cadre of {county} has the staff number {staff_no}"


class UnknownAssignment(NotFound):
    """No assignment has this number."""

    zh = "没有编号为 {id} 的分工"
    en = "there is no assignment {id}"


class UnknownAccount(NotFound):
    """No account has this name."""

    zh = "没有名为“{name}”的账号"
    en = 'there is no account "{name}"'


class UnknownToken(NotFound):
    """No token that may be seen has this number."""

    zh = "没有编号为 {id} 的令牌"
    en = "there is no token {id}"


class UnknownVisit(NotFound):
    """No visit that may be seen has this id."""

    zh = "没有编号为 {id} 的走访"
    en = "there is no visit {id}"


class UnknownIssue(NotFound):
    """No issue that may be seen has this id."""

    zh = "没有编号为 {id} 的问题"
    en = "there is no issue {id}"


class UnknownOrganisation(NotFound):
    """No organisation has this code."""

    zh = "{county} 没有代码为“{code}”的单位"
    en = 'no organisation of {county} has the code "{code}"'


class UnknownBulletin(NotFound):
    """No edition of a bulletin has this number."""

    zh = "{county} 没有 {month} 第 {edition} 版通报"
    en = "{county} has no edition {edition} of the bulletin of {month}"


class UnknownJob(NotFound):
    """No import that may be seen has this id."""

    zh = "没有编号为 {id} 的导入任务"
    en = "there is no import {id}"


class UnknownLayer(NotFound):
    """No layer of tiles has this name."""

    zh = "没有名为“{layer}”的图层，可用：{layers}"
    en = 'there is no layer "{layer}"; there are {layers}'


class UnknownVersion(NotFound):
    """No boundary version has this number."""

    zh = "{county} 没有第 {version} 版边界"
    en = "{county} has no boundary version {version}"


class UnknownFeature(NotFound):
    """No feature of a collection has this id."""

    zh = "没有编号为“{fid}”的要素"
    en = 'there is no feature "{fid}"'


class UnknownTile(NotFound):
    """A tile beyond the edge of the map."""

    zh = "第 {z} 级没有瓦片 {x}/{y}，行列号须小于 {count}"
    en = "there is no tile {x}/{y} at zoom {z}, where both numbers are below {count}"


class NoBoundaries(NotFound):
    """Nothing is in force yet."""

    zh = "还没有生效的边界。请先载入：wangge boundaries load 文件 --level village --commit --activate"
    en = "no boundaries are in force yet; load some: wangge boundaries load FILE --level village --commit --activate"


class PointOutsideAreas(NotFound):
    """A position that no area contains."""

    zh = "经度 {lon}、纬度 {lat} 不在 {county} 的任何区域内"
    en = "longitude {lon}, latitude {lat} lies in no area of {county}"


class Conflict(WanggeError):
    """It contradicts what is stored."""


class HeadTaken(Conflict):
    """An area has one head at a time; ``assignment`` is the number of the one that stands against it."""

    zh = "{area} 自 {since} 起已有网格长：{holder}，请先结束原来的分工（编号 {assignment}）"
    en = "{area} has a head in that time: {holder}, since {since}; end that assignment ({assignment}) first"


class AssignmentTwice(Conflict):
    """The same cadre, role, area and first day."""

    zh = "{staff_no} 在 {area} 的同一角色自 {day} 起已有分工"
    en = "{staff_no} has that role for {area} from {day} already"


class EventRefused(Conflict):
    """Something that makes no sense where an issue stands."""

    zh = "问题 {id}：{reason_zh}；现在可以：{possible}"
    en = "issue {id}: {reason}; possible now: {possible}"


class VisitWithdrawn(Conflict):
    """A visit that was withdrawn is not corrected."""

    zh = "走访 {id} 已撤回，请先恢复"
    en = "the visit {id} is withdrawn; restore it first"


class MonthRunning(Conflict):
    """A bulletin is published when its month is over."""

    zh = "{month} 尚未结束（今天是 {today}），通报只能先出草稿，{next} 起可以发布"
    en = "{month} is not over (today is {today}): a draft can be made, and it can be published from {next} on"


class MonthEmpty(Conflict):
    """A bulletin of nothing."""

    zh = "{month} 没有任何走访或问题记录，不能发布通报；请先导入数据，或选择其他月份"
    en = "{month} has neither a visit nor an issue, so no bulletin is published; import them first, or choose another month"


class BulletinUnchanged(Conflict):
    """A correction that corrects nothing."""

    zh = "{month} 的数据与已发布的第 {edition} 版完全相同，无需发布新版"
    en = "{month} is the same as in edition {edition}, which is published; there is nothing to correct"


class EditionTaken(Conflict):
    """Somebody else has just published."""

    zh = "{month} 的通报刚刚已由他人发布第 {edition} 版，请查看后再决定是否更正"
    en = "somebody else has just published edition {edition} of the bulletin of {month}; look at it before you correct it"


class AccountTaken(Conflict):
    """A name stands for one account."""

    zh = "已有名为“{name}”的账号"
    en = 'there is an account "{name}" already'


class VersionNotStaged(Conflict):
    """Only a staged version can be activated."""

    zh = "{county} 第 {version} 版边界的状态是 {status}，只有待生效（staged）的版本可以启用"
    en = "boundary version {version} of {county} is {status}; only a staged one can be activated"


class OverlapsRefused(Conflict):
    """Areas of one level share more ground than the limit."""

    zh = "第 {version} 版边界有区域相互重叠达 {area} 平方米（上限 {limit}）。请先用 --repair 修复或改正文件；确要启用请加 --accept-overlaps"
    en = "areas of boundary version {version} overlap by up to {area} m² (limit {limit}); load the file with --repair or mend it, or insist with --accept-overlaps"


class NothingToRollBackTo(Conflict):
    """The active version replaced none."""

    zh = "{county} 第 {version} 版边界是第一个生效的版本，没有可以退回的版本"
    en = "boundary version {version} of {county} is the first that took force; there is none to go back to"


class TooLarge(WanggeError):
    """More than the stated limit."""

    zh = "{what_zh}超过上限 {limit}，请分批发送"
    en = "{what} is over the limit of {limit}; send it in parts"


class NotSignedIn(WanggeError):
    """Nobody said who asks, or what was shown stands for nobody (any more)."""

    zh = "请先登录，或在请求头中带上有效的令牌（Authorization: Bearer …）"
    en = "sign in, or send a token that is valid (Authorization: Bearer …)"


class NotAllowed(WanggeError):
    """Who asks is known and may not do this."""

    zh = "账号 {account}（{role}）无权进行此操作：{why_zh}"
    en = "the account {account} ({role}) may not do this: {why}"


class ServiceUnavailable(WanggeError):
    """A part that is needed does not answer."""


class LocalPostgisError(ServiceUnavailable):
    """The private local PostGIS cannot be made, started or reached."""

    zh = "本地 PostGIS：{reason}"
    en = "local PostGIS: {reason}"
