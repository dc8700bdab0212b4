"""Reading ABC, the notation of tune books, by the ABC standard 2.1 (https://abcnotation.com/wiki/abc:standard:v2.1).

    tunebook    a file's bytes, cut into tunes and these into lines
    fields      what the fields say: meter, unit note length, tempo, clefs and transposition
    keys        what K: says of sharps and flats
    symbols     the signs of a line of music
    voice       one voice: pitches, lengths, ties
    tune        one tune: fields, directives and music come together here
    reader      pieces for the corpus

What the standard leaves open is done as abc2midi does it, the reader that people listen to. What would change the
notes and is not understood ends the tune with an InputError that names it: nothing is read wrongly without a word.
"""
