"""What a study is, as plain values: its digest, how two studies differ, how its units are shared out. No disk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from hashlib import sha256
from itertools import islice
from typing import Any

from hisim.errors import StudyError

FORMAT = 1
"""Of the files of a study folder; another number is refused."""
SHOWN, WIDTH = 3, 60
"""Differences that a message shows, and characters of each side."""


def canonical(value: object) -> str:
    """``value`` as the one JSON text for it: sorted keys, no spaces, ASCII.

    Raises
    ------
    StudyError
        What JSON cannot hold, NaN and infinities included.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise StudyError(f"definition: found what JSON cannot hold ({error}); allowed: any JSON value") from None


def digest_of(units: int, definition: dict[str, Any]) -> str:
    """Hexadecimal SHA-256 of the canonical JSON of both: two studies are the same if and only if this is."""
    return sha256(canonical({"units": units, "definition": definition}).encode()).hexdigest()


def study_text(units: int, definition: dict[str, Any]) -> bytes:
    """study.json, to the byte."""
    digest = digest_of(units, definition)
    whole = {"format": FORMAT, "units": units, "definition": definition, "digest": digest}
    return (json.dumps(whole, indent=1, allow_nan=False) + "\n").encode()


def shard_text(shard: str, digest: str) -> bytes:
    """shard.json, to the byte: which shard of the study of ``digest``, with a digest of both."""
    check = sha256(f"{digest} {shard}".encode()).hexdigest()
    return (json.dumps({"shard": shard, "digest": check}) + "\n").encode()


def parse_shard(text: str) -> tuple[int, int]:
    """Shard ``(i, n)``, i from 1 to n, of text such as "2/8".

    Raises
    ------
    StudyError
        Anything else.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})", text, re.ASCII)
    i, n = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= i <= n:
        raise StudyError(f"shard: found '{text}'; allowed: I/N with I from 1 to N, such as 2/8")
    return i, n


def shard_units(units: int, i: int, n: int) -> range:
    """The units that shard ``i`` of ``n`` does, i from 1: every n-th, as units beside each other cost much the same.

    All shards together have each unit once; where n is above ``units`` the last shards have none.
    """
    parse_shard(f"{i}/{n}")
    return range(i - 1, units, n)


def as_ranges(units: Iterable[int]) -> str:
    """Unit numbers as people write them, such as "0-3, 7, 9-12"; empty for none."""
    ordered = sorted(set(units))
    starts = [each for at, each in enumerate(ordered) if at == 0 or ordered[at - 1] != each - 1]
    ends = [each for at, each in enumerate(ordered) if at == len(ordered) - 1 or ordered[at + 1] != each + 1]
    return ", ".join(f"{a}-{b}" if a != b else f"{a}" for a, b in zip(starts, ends, strict=True))


def difference(found: tuple[int, dict[str, Any]], now: tuple[int, dict[str, Any]]) -> str:
    """How the study ``now`` (units, definition) differs from the one ``found``: the first few dotted paths."""
    units = [f"units: {found[0]} is now {now[0]}"] if found[0] != now[0] else []
    all_of_them = [*units, *_differences("", found[1], now[1])]
    rest = len(all_of_them) - SHOWN
    return ", ".join(islice(all_of_them, SHOWN)) + (f" and {rest} more" if rest > 0 else "")


def _differences(path: str, found: object, now: object) -> Iterator[str]:
    """Compared as JSON, where 1, 1.0 and true are three values."""
    if canonical(found) == canonical(now):
        return
    if isinstance(found, dict) and isinstance(now, dict):
        yield from _of_mappings(path, found, now)
    elif isinstance(found, list) and isinstance(now, list):
        yield from _of_lists(path, found, now)
    else:
        yield f"{path or 'definition'}: {_change(found, now)}"


def _of_mappings(path: str, found: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for key in [*found, *(key for key in now if key not in found)]:
        place = f"{path}.{key}" if path else key
        if key not in now:
            yield f"{place}: {_shown(found[key])} is gone"
        elif key not in found:
            yield f"{place}: {_shown(now[key])} is new"
        else:
            yield from _differences(place, found[key], now[key])


def _of_lists(path: str, found: list[Any], now: list[Any]) -> Iterator[str]:
    for at, (one, other) in enumerate(zip(found, now, strict=False)):
        yield from _differences(f"{path}[{at}]", one, other)
    if len(found) != len(now):
        yield f"{path or 'definition'}: {len(found)} entries are now {len(now)}"


def _change(found: object, now: object) -> str:
    if isinstance(found, str) and isinstance(now, str):
        return _change_of_text(found, now)
    return f"{_shown(found)} is now {_shown(now)}"


def _change_of_text(found: str, now: str) -> str:
    """The first line that differs, without its indentation unless that is what differs."""
    before, after = found.splitlines(keepends=True) or [""], now.splitlines(keepends=True) or [""]
    opcodes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    kind, i, _, j, _ = next(each for each in opcodes if each[0] != "equal")
    if kind == "delete":
        return f"line {_shown(before[i].strip())} is gone"
    if kind == "insert":
        return f"line {_shown(after[j].strip())} is new"
    one, other = before[i], after[j]
    if one.strip() != other.strip():
        one, other = one.strip(), other.strip()
    common = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
    return f"{_shown(one, common)} is now {_shown(other, common)}"


def _shown(value: object, at: int = 0) -> str:
    """``value`` in quotation marks if text, at most some 60 characters of it around character ``at``."""
    text = value if isinstance(value, str) else canonical(value)
    start = max(0, at - WIDTH // 2) if len(text) > WIDTH else 0
    part = text[start : start + WIDTH]
    part = ("..." if start else "") + part + ("..." if start + WIDTH < len(text) else "")
    if not isinstance(value, str):
        return part
    return f"'{part}'" if part.isprintable() else repr(part)
