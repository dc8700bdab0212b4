"""Gather the files that the bundle `bach` was trained on: `python models/bach_corpus.py MUTOPIA PIANO_MIDI_DE OUT`.

MUTOPIA is a folder with the Mutopia Project's MIDI files and a MANIFEST.tsv (file, title, instruments, period, licence,
encoder, id); PIANO_MIDI_DE has piano-midi.de's files, one folder per composer. Keyboard, organ and choir works are
taken, works for other instruments are not: one keyboard player should be able to think them. The three performances
from piano-midi.de are what the network learns velocities from; Mutopia's scores have none.

Writes the files into OUT, and beside it OUT.json with sources, licences and attributions for `composer-export --data`.
"""

import shutil
import sys
from collections import defaultdict
from pathlib import Path

from gathering import mutopia_works, write_sources

from runtime.bundle import DataSource
from trainer.read_midi import read_midi

Chosen = list[tuple[Path, str]]
"""Files and their encoders."""


def by_licence(mutopia: Path) -> dict[str, Chosen]:
    """Bach's works in the manifest that are wanted, by licence."""
    chosen: dict[str, Chosen] = defaultdict(list)
    for row in mutopia_works(mutopia, "BachJS/"):
        chosen[row["licence"]].append((mutopia / row["file"], row["encoder"]))
    return chosen


def gather(chosen: Chosen, source: str, licence: str, attribution: str, out: Path) -> DataSource:
    """Copy files to `out` and describe them."""
    out.mkdir(parents=True, exist_ok=True)
    notes = 0
    for path, _ in chosen:
        shutil.copyfile(path, out / path.name)
        notes += len(read_midi(path, path.name).notes)
    return DataSource(source=source, licence=licence, attribution=attribution, pieces=len(chosen), notes=notes)


def main() -> None:
    """Gather all files and write what the card must name."""
    mutopia, piano_midi_de, out = map(Path, sys.argv[1:4])
    sources = []
    for licence, chosen in sorted(by_licence(mutopia).items()):
        encoders = ", ".join(sorted({encoder for _, encoder in chosen if encoder}))
        title = "The Mutopia Project, works of J. S. Bach (mutopiaproject.org)"
        sources.append(gather(chosen, title, licence, f"encoded by {encoders}", out / "mutopia"))
    performances = [(path, "Bernd Krueger") for path in sorted((piano_midi_de / "Bach").glob("*.mid"))]
    title = "piano-midi.de, three preludes and fugues of J. S. Bach"
    credit = "Bernd Krueger, source: piano-midi.de"
    sources.append(gather(performances, title, "CC BY-SA 3.0 Germany", credit, out / "piano-midi.de"))
    write_sources(out, sources)


if __name__ == "__main__":
    main()
