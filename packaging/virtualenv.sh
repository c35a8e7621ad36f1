#!/bin/sh
# Makes .venv with a suitable Python and installs PianoDiff into it, with the versions of packaging/constraints.txt.
#
#   packaging/virtualenv.sh [EXTRA]      EXTRA: test or package, for what those need besides; docs, for what the site
#                                        needs and nothing else: PyTorch is not downloaded for it
#
# pip's own settings and environment (PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS, proxies ...) apply as always.
# PYTHON=/path/to/python3.12 chooses the Python.
set -eu
cd "$(dirname "$0")/.."
extra=${1-}

is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

if ! is_recent .venv/bin/python; then
    python=''
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if is_recent "$candidate"; then python=$candidate; break; fi
    done
    if [ -z "$python" ]; then
        found=$("${PYTHON:-python3}" --version 2>/dev/null || echo 'none')
        echo "PianoDiff needs Python 3.11 or newer; found: $found." >&2
        echo "Please install one (for instance: sudo apt-get install python3.11 python3.11-venv), or say where one is:" >&2
        echo "    make run PYTHON=/path/to/python3.12" >&2
        exit 1
    fi
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "Python $version is here, but its venv module is not. Please install it, for instance with:" >&2
        echo "    sudo apt-get install python$version-venv" >&2
        exit 1
    fi
    "$python" -m venv --clear .venv
fi

if [ "$extra" = docs ]; then
    echo "Installing what the site needs: about 30 MB if it is not there yet."
    extras='import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["docs"])'
    # shellcheck disable=SC2046  # one word a package
    set -- $(.venv/bin/python -c "$extras")
else
    set -- --editable ".${extra:+[$extra]}"
fi

if [ "$extra" != docs ] && ! .venv/bin/python -c 'import torch' >/dev/null 2>&1; then
    case $(uname -s) in
        Linux) echo "Setting up for the first time. This downloads PyTorch: 2.7 GB in its default build, which uses NVIDIA
cards, or 0.2 GB in its CPU build (README, \"Which PyTorch\"), and about 0.2 GB of other packages." ;;
        *) echo "Setting up for the first time. This downloads about 0.3 GB of packages." ;;
    esac
fi
if [ "$extra" = test ]; then echo "Installing what the tests need: about 0.25 GB if it is not there yet."; fi

# A person sees pip's progress, a log only its complaints.
quiet=--quiet
if [ -t 1 ]; then quiet=--progress-bar=on; fi
.venv/bin/python -m pip install $quiet --disable-pip-version-check --no-input \
    --constraint packaging/constraints.txt "$@"
