"""Further seeds that were measured with an earlier version of a lesson.

A change of a lesson or of a helper leaves most values as they were. Where a claim still
measures the very same values at every printed seed, what an earlier version measured at
further seeds counts for it too.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# What has to be the same; a claim's words and its place may have changed.
SAME = ("kind", "unit", "on", "limits", "values")
OF_THE_RUN = ("values", "measured", "judged", "held")
Claims = Mapping[str, dict]  # the records of a run, by the claim's id


def carried(
    lesson: str, now: Mapping[int, Claims], printed: Sequence[int], folder: Path
) -> dict[str, dict[int, dict]]:
    """Return {id of a claim: {further seed: record}} from earlier versions of a lesson,
    in the words of the lesson as it is.

    `now`: the records of the lesson as it is, by seed; what stands there is not looked
    for. `printed`: the seeds at which a claim has to read the same as before.
    """
    found: dict[str, dict[int, dict]] = defaultdict(dict)
    if not now.keys() >= set(printed):
        return found
    for earlier in versions(lesson, folder):
        if not earlier.keys() >= set(printed):
            continue
        for id in now[printed[0]]:
            if not all(
                is_same(earlier[seed].get(id), now[seed].get(id)) for seed in printed
            ):
                continue
            for seed, claims in earlier.items():
                if seed not in now and id in claims:
                    of_the_run = {name: claims[id][name] for name in OF_THE_RUN}
                    found[id].setdefault(seed, now[printed[0]][id] | of_the_run)
    return found


def is_same(before: dict | None, after: dict | None) -> bool:
    """Return whether a claim measures what it measured, against the same bound."""
    if before is None or after is None:
        return False
    return all(before[name] == after[name] for name in SAME)


def versions(lesson: str, folder: Path) -> Iterator[dict[int, Claims]]:
    """Yield the runs kept of each version of a lesson, {seed: its claims}."""
    by_version: dict[str, dict[int, Claims]] = defaultdict(dict)
    for path in sorted(folder.glob(f"{lesson}-seed-*.json")):
        with suppress(OSError, ValueError, KeyError):  # damaged, or without a version
            run = json.loads(path.read_text(encoding="utf-8"))
            fixed = {n: v for n, v in run["parameters"].items() if n != "SEED"}
            version = json.dumps([run["rests_on"], fixed], sort_keys=True)
            claims = {claim["id"]: claim for claim in run["claims"]}
            by_version[version][run["parameters"]["SEED"]] = claims
    yield from by_version.values()
