#!/bin/sh
# Puts LSTM Composer into the menu of programs of this user, or takes it out again with --remove.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
entry="${XDG_DATA_HOME:-$HOME/.local/share}/applications/lstm-composer.desktop"
case "${1-}" in
'')
    case "$folder" in
    *[\"\`\$\\%]*)
        echo "$folder: a folder with one of the characters \" \` \$ \\ % cannot be in a menu: move it elsewhere" >&2
        exit 2
        ;;
    esac
    mkdir -p "$(dirname "$entry")"
    cat >"$entry" <<END
[Desktop Entry]
Type=Application
Name=LSTM Composer
Comment=Compose and improvise in the style of a composer
Exec="$folder/lstm-composer" panel
Icon=$folder/icon.png
Terminal=false
Categories=AudioVideo;Audio;Midi;
END
    echo "$entry: LSTM Composer is in the menu; run this again if you move the folder"
    ;;
--remove)
    rm -f "$entry"
    echo "LSTM Composer is not in the menu any more"
    ;;
*)
    echo "usage: sh menu-entry.sh [--remove]" >&2
    exit 2
    ;;
esac
