"""The adapter checks of ``bus doctor``: identity, declarations, omissions, and installation."""

from collections.abc import Iterator
from typing import Any

from bus.bilingual import Bilingual
from bus.cli.checks import Check, doubtful, well, wrong
from bus.contract.messages import CASE_KINDS, LATER_KINDS
from bus.sdk import discovery
from bus.sdk.center import Center
from bus.sdk.discovery import Adapter, AdapterUnusable
from bus.sdk.manifest import Manifest, differences
from bus.sdk.plug_in import PlugIn, plug_in
from bus.settings import CenterSettings


def adapter(settings: CenterSettings) -> Iterator[Check]:
    """The adapter of this center, which must load and match its declarations; and every installed adapter."""
    try:
        found = discovery.find(settings.kind, settings.adapter)
        center = found.center()
    except AdapterUnusable as unusable:
        cure = Bilingual("安装或修正它，或在配置里用 adapter 指明", "install or repair it, or set `adapter` to another")
        yield wrong("adapter", unusable.zh, unusable.en, cure)
    else:
        yield from _of_center(found, center)
    for installed in discovery.plug_ins():
        yield _plug_in(plug_in(installed))


def _of_center(found: Adapter, center: Center[Any]) -> Iterator[Check]:
    named = f"{found.package} ({found.installed})"
    try:
        manifest = found.manifest()
    except AdapterUnusable as unusable:
        forms = ", ".join(sorted(center.forms))
        yield well("adapter", f"{named}；表单：{forms}", f"{named}; forms: {forms}")
        cure = Bilingual("补上 center.toml：其中声明表单与名称", "add center.toml: it declares forms and titles")
        yield doubtful("manifest", unusable.zh, unusable.en, cure)
    else:
        zh = "、".join(f"{form.title.zh}（{form.name}）" for form in manifest.forms)
        en = "; ".join(f"{form.title.en} ({form.name})" for form in manifest.forms)
        yield well("adapter", f"{manifest.label.zh}：{named}；表单：{zh}", f"{manifest.label.en}: {named}; forms: {en}")
        yield from _polls(manifest, center)
        cure = Bilingual("改正 center.toml 或代码", "mend center.toml or the code")
        for one in differences(manifest, center):
            yield doubtful("manifest", one.zh, one.en, cure)
    yield from _unhandled(center)


def _polls(manifest: Manifest, center: Center[Any]) -> Iterator[Check]:
    """The polls of the center's own system, and their intervals."""
    titles = {poll.name: poll.title for poll in manifest.polls}
    for poll in center.asked.values():
        title = titles.get(poll.name, Bilingual(poll.name, poll.name))
        zh = f"每 {poll.every:g} 秒询问业务系统：{title.zh}（{poll.name}）"
        yield well("poll", zh, f"every {poll.every:g} s its system is asked: {title.en} ({poll.name})")


def _unhandled(center: Center[Any]) -> Iterator[Check]:
    """Kinds of message without a handler: they are parked as ``no-handler``; those that v0.1.0 did not have are not."""
    without = [kind.kind for kind in CASE_KINDS if kind.kind not in center.handlers]
    names, noted = (", ".join(part) for part in _parted(without))
    if names:
        cure = Bilingual(
            "在适配器中为其加处理函数，否则会以 no-handler 搁置",
            "add a handler to the adapter, else they are parked as no-handler",
        )
        yield doubtful("messages", f"没有处理函数：{names}", f"without a handler: {names}", cure)
    elif noted:
        zh, en = f"没有处理函数，只记流水：{noted}", f"without a handler, and only journaled: {noted}"
        yield well("messages", zh, en)
    else:
        yield well("messages", f"{len(CASE_KINDS)} 种报文都有处理函数", f"all {len(CASE_KINDS)} kinds have a handler")


def _parted(kinds: list[str]) -> tuple[list[str], list[str]]:
    """Those that would be parked, and those that would be journaled."""
    return [one for one in kinds if one not in LATER_KINDS], [one for one in kinds if one in LATER_KINDS]


def _plug_in(one: PlugIn) -> Check:
    what = f"plug-in {one.name}"
    if not one.digest:
        cure = Bilingual("用 pip 重新安装它的 wheel", "install its wheel again with pip")
        return doubtful(what, f"{one.version}，没有 RECORD，无法核对", f"{one.version}, no RECORD to check it by", cure)
    if one.altered:
        names = ", ".join(one.altered[:5]) + (" …" if len(one.altered) > 5 else "")
        cure = Bilingual(
            "若不是您所改，请从可信来源重新安装",
            "unless you changed them, install it again from a source you trust",
        )
        return doubtful(
            what,
            f"{one.version}，安装后有 {len(one.altered)} 个文件被改动：{names}",
            f"{one.version}, {len(one.altered)} files changed since it was installed: {names}",
            cure,
        )
    return well(what, f"{one.version}，RECORD sha256 {one.digest}", f"{one.version}, RECORD sha256 {one.digest}")
