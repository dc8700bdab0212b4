"""Gather the files that the bundle `bach` was trained on: `python models/bach_corpus.py MUTOPIA PIANO_MIDI_DE OUT`.

MUTOPIA is a folder with the Mutopia Project's MIDI files and a MANIFEST.tsv (file, title, instruments, period, licence,
encoder, id); PIANO_MIDI_DE has piano-midi.de's files, one folder per composer. Keyboard, organ and choir works are
taken, works for other instruments are not: one keyboard player should be able to think them. The three performances
from piano-midi.de are what the network learns velocities from; Mutopia's scores have none.

Writes the files into OUT and prints the licences with their numbers and the encoders to be named.
"""

import csv
import shutil
import sys
from collections import Counter
from pathlib import Path

PLAYED_BY = ("organ", "harpsichord", "piano", "clavichord", "clavier", "voice", "choir")
NOT_PLAYED_BY = ("ensemble", "violin", "flute", "guitar", "lute")


def wanted(instruments: str) -> bool:
    """Tell whether a work is for keyboard or choir alone."""
    named = instruments.lower()
    return any(name in named for name in PLAYED_BY) and not any(name in named for name in NOT_PLAYED_BY)


def gather(mutopia: Path, piano_midi_de: Path, out: Path) -> list[dict[str, str]]:
    """Copy the chosen files to `out` and return their rows of the manifest."""
    with (mutopia / "MANIFEST.tsv").open(encoding="utf-8", newline="") as manifest:
        rows = [row for row in csv.DictReader(manifest, delimiter="\t") if row["file"].startswith("BachJS/")]
    chosen = [row for row in rows if wanted(row["instruments"]) and (mutopia / row["file"]).is_file()]
    (out / "mutopia").mkdir(parents=True, exist_ok=True)
    (out / "piano-midi.de").mkdir(exist_ok=True)
    for row in chosen:
        shutil.copyfile(mutopia / row["file"], out / "mutopia" / Path(row["file"]).name)
    for performance in sorted((piano_midi_de / "Bach").glob("*.mid")):
        shutil.copyfile(performance, out / "piano-midi.de" / performance.name)
    return chosen


def main() -> None:
    """Gather the files and print what the model card must name."""
    mutopia, piano_midi_de, out = map(Path, sys.argv[1:4])
    rows = gather(mutopia, piano_midi_de, out)
    for licence, count in Counter(row["licence"] for row in rows).most_common():
        print(f"{count:4} {licence}")
    print("encoders:", ", ".join(sorted({row["encoder"] for row in rows if row["encoder"]})))


if __name__ == "__main__":
    main()
