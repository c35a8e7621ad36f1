#!/bin/sh
# Installs the system libraries that Qt and sound need on Linux and that no Python package brings along.
#
#   packaging/system-libraries.sh [--test]      --test: also Xvfb, the display that one test opens a window on
#
# Debian and its kin: with apt, as root or through sudo; otherwise it prints the one command to type. Elsewhere it says
# what is needed. It prints nothing and takes no time when everything is there. Exit status 1: something without which
# the application cannot start is still missing.
set -u

# library, Debian package, why: "start" without it nothing starts, "window" no window on X11, "sound" no playback
libraries='
libglib-2.0.so.0 libglib2.0-0 start
libX11.so.6 libx11-6 start
libEGL.so.1 libegl1 start
libGL.so.1 libgl1 start
libfontconfig.so.1 libfontconfig1 start
libfreetype.so.6 libfreetype6 start
libxkbcommon.so.0 libxkbcommon0 start
libdbus-1.so.3 libdbus-1-3 start
libxkbcommon-x11.so.0 libxkbcommon-x11-0 window
libX11-xcb.so.1 libx11-xcb1 window
libxcb-cursor.so.0 libxcb-cursor0 window
libxcb-icccm.so.4 libxcb-icccm4 window
libxcb-image.so.0 libxcb-image0 window
libxcb-keysyms.so.1 libxcb-keysyms1 window
libxcb-randr.so.0 libxcb-randr0 window
libxcb-render.so.0 libxcb-render0 window
libxcb-render-util.so.0 libxcb-render-util0 window
libxcb-shape.so.0 libxcb-shape0 window
libxcb-shm.so.0 libxcb-shm0 window
libxcb-sync.so.1 libxcb-sync1 window
libxcb-util.so.1 libxcb-util1 window
libxcb-xfixes.so.0 libxcb-xfixes0 window
libxcb-xkb.so.1 libxcb-xkb1 window
libportaudio.so.2 libportaudio2 sound
'

want_xvfb=no
case ${1-} in
    '') ;;
    --test) want_xvfb=yes ;;
    *) echo "usage: $0 [--test]" >&2; exit 2 ;;
esac

# Elsewhere the Python packages bring all of it.
[ "$(uname -s)" = Linux ] || exit 0

have() { command -v "$1" >/dev/null 2>&1; }

font_is_there() {
    [ -n "$(find /usr/share/fonts /usr/local/share/fonts "${HOME:-/}/.fonts" "${HOME:-/}/.local/share/fonts" \
        \( -name '*.ttf' -o -name '*.otf' -o -name '*.ttc' \) 2>/dev/null | head -n 1)" ]
}

# Sets `missing` to the packages to install and `needed` to those of them that nothing starts without.
look() {
    missing='' needed=''
    known=$("$(command -v ldconfig || echo /sbin/ldconfig)" -p 2>/dev/null)
    while read -r library package why; do
        [ -n "$library" ] || continue
        case $known in *"$library "*) continue ;; esac
        missing="$missing $package"
        case $why in
            start) needed="$needed $package" ;;
            window) [ -z "${DISPLAY-}" ] || needed="$needed $package" ;;
        esac
    done <<END
$libraries
END
    font_is_there || missing="$missing fonts-dejavu-core"
    if have apt-get && ! python3 -c 'import ensurepip' >/dev/null 2>&1; then
        missing="$missing python3 python3-venv"
    fi
    if [ $want_xvfb = yes ] && ! have Xvfb; then missing="$missing xvfb"; fi
}

# Runs apt-get with the given prefix. The lists of packages are fetched only where they are missing or too old.
apt() {
    $1 env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing ||
        { $1 apt-get update && $1 env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; }
}

look
[ -n "$missing" ] || exit 0

if have apt-get; then
    echo "PianoDiff needs these system libraries:$missing" >&2
    if [ "$(id -u)" = 0 ]; then
        apt ''
    elif have sudo && sudo -n true 2>/dev/null; then
        apt 'sudo -n'
    elif have sudo && [ -t 0 ]; then
        echo "Installing them; sudo may ask for your password." >&2
        apt sudo
    else
        printf 'Please install them with this command:\n\n    sudo apt-get install%s\n\n' "$missing" >&2
    fi
elif have dnf; then
    printf 'PianoDiff needs some system libraries. Please install them with this command:\n\n    %s\n\n' \
        "sudo dnf install mesa-libEGL mesa-libGL fontconfig libxkbcommon-x11 xcb-util xcb-util-cursor \
xcb-util-image xcb-util-keysyms xcb-util-renderutil xcb-util-wm portaudio dejavu-sans-fonts" >&2
elif have pacman; then
    printf 'PianoDiff needs some system libraries. Please install them with this command:\n\n    %s\n\n' \
        "sudo pacman -S --needed libglvnd fontconfig libxkbcommon-x11 xcb-util xcb-util-cursor xcb-util-image \
xcb-util-keysyms xcb-util-renderutil xcb-util-wm portaudio ttf-dejavu" >&2
elif have zypper; then
    printf 'PianoDiff needs some system libraries. Please install them with this command:\n\n    %s\n\n' \
        "sudo zypper install Mesa-libEGL1 Mesa-libGL1 fontconfig libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 \
libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-util1 libportaudio2 dejavu-fonts" >&2
else
    echo "PianoDiff needs what Debian calls$missing: please install them with your system's package manager." >&2
fi

look
if [ -n "$needed" ]; then
    echo "PianoDiff cannot start without$needed. Once they are installed, type the same command again." >&2
    exit 1
fi
if [ -n "$missing" ]; then
    echo "Going on without$missing. Until they are installed, sound, text or a window may be missing." >&2
fi
