# What scripts/train_* share, sourced by them: words on the screen, options, the environment with torch. They set $start, where the user stood.
step() { printf '\033[36m==>\033[0m %s\n' "$*" >&2; }
fail() { printf '\033[31mtraining failed:\033[0m %s\n' "$*" >&2; exit 1; }
from_start() { case $1 in /*) printf %s "$1" ;; *) printf %s "$start/$1" ;; esac; }
need() { [ $# -ge 2 ] || { printf '%s needs a value\n' "$1" >&2; exit 2; }; }

torch=.venv-train/bin/python # torch is large and only for training, so it has a room of its own
# torch_room MODULE REQUIREMENT: .venv-train has torch, numpy and this.
torch_room() {
  $torch -c "import torch, numpy, $1" 2>/dev/null && return
  step "training environment .venv-train (torch 2.13.0, about 1 GB the first time)"
  [ -x $torch ] || .venv/bin/python -m venv .venv-train
  $torch -m pip install --quiet --disable-pip-version-check 'torch==2.13.0' 'numpy>=2,<3' "$2" \
    || fail "torch could not be installed; is the network up?"
}
