"""Further seeds that were measured before: on another day, another machine, or with an
earlier version of a lesson.

Ten seeds more of every lesson are hours, so what they measured is kept in the course: a
file per lesson, written with CLAIMS.md. It counts as long as the code is the same. Once
the code has changed, it counts for each claim that still reads the very same values at
every printed seed.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from helpers.core.errors import UserError
from tools.course import files

FURTHER = Path(__file__).parent / "further"
# What has to be the same; a claim's words and its place may have changed.
SAME = ("kind", "unit", "on", "limits")
OF_THE_RUN = ("values", "measured", "judged", "held")


def earlier(lesson: str, folder: Path) -> dict:
    """Return what was kept of a lesson, nothing without a file. Raises UserError for a
    file that is damaged: hours of measuring are in it."""
    path = folder / f"{lesson}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"rests_on": None, "claims": {}}
    except ValueError as error:
        raise UserError(
            f"{path} is damaged ({error}); take it back from git."
        ) from None


def carried(
    kept: dict,
    now: Mapping[int, Mapping[str, dict]],
    rests_on: str,
    printed: Sequence[int],
) -> dict[str, dict[int, dict]]:
    """Return {id of a claim: {seed: record}} of what was kept, in the words of the
    lesson as it is.

    `now`: the records of the lesson as it is, by seed and id; what stands there is not
    looked for. `rests_on`: its fingerprint; with the one that was kept, printed seeds
    are carried like others. `printed`: the seeds at which a claim has to read as before
    where the fingerprint is another.
    """
    same_code = kept["rests_on"] == rests_on
    if not now or not (same_code or now.keys() >= set(printed)):
        return {}
    found = {}
    for id, claim in now[min(now)].items():
        before = kept["claims"].get(id)
        if before is None or any(before[name] != claim[name] for name in SAME):
            continue
        runs = {int(seed): run for seed, run in before["runs"].items()}
        if same_code or reads_the_same(runs, now, id, printed):
            found[id] = {s: claim | run for s, run in runs.items() if s not in now}
    return found


def seeds_kept(kept: dict, rests_on: str) -> set[int]:
    """Return the seeds at which every claim was kept from the very same code."""
    seeds = [{int(seed) for seed in c["runs"]} for c in kept["claims"].values()]
    return set.intersection(*seeds) if seeds and kept["rests_on"] == rests_on else set()


def reads_the_same(
    runs: dict, now: Mapping[int, Mapping[str, dict]], id: str, printed: Sequence[int]
) -> bool:
    """Return whether a claim has the very same values at every printed seed."""
    values = [now[seed].get(id, {}).get("values") for seed in printed]
    return values == [runs.get(seed, {}).get("values", ()) for seed in printed]


def keep_further(
    entries: Sequence[dict], rests_on: Mapping[str, str], folder: Path
) -> None:
    """Write the file of each lesson from the entries of a ledger, a line per claim."""
    for lesson, fingerprint in rests_on.items():
        lines = []
        for entry in entries:
            if entry["lesson"] == lesson:
                claim = {name: entry[name] for name in SAME} | {
                    "runs": {
                        run["seed"]: {name: run[name] for name in OF_THE_RUN}
                        for run in entry["runs"]
                    }
                }
                text = json.dumps(claim, ensure_ascii=False)
                lines.append(f"{json.dumps(entry['id'])}: {text}")
        claims = ",\n".join(lines)
        text = f'{{"rests_on": "{fingerprint}", "claims": {{\n{claims}\n}}}}\n'
        files.write_whole(files.make_folder(folder) / f"{lesson}.json", text)
