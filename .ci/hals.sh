#!/bin/sh
# Compiles zmtp-embedded/hals for each HAL and each way to use its serial port, and prints the table of
# zmtp-embedded/docs/hals.md: `.ci/hals.sh`, or `.ci/hals.sh embassy-rp` for one HAL. Not part of .ci/run. Nothing is
# linked or run. It shares the folder of .ci/boards.sh, which compiles some of the same HALs.
set -eu
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/boards"
package=zmtp-embedded/hals
[ $# -gt 0 ] || set -- embassy-rp embassy-stm32 embassy-nrf esp-hal rp2040-hal stm32f4xx-hal atsamd-hal usbd-serial
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The first cells of a row: the HAL, and the packages of the traits that it depends on.
versions() { # <crate>
  python3 - "$1" "$package/Cargo.lock" <<'END'
import sys, tomllib

packages = tomllib.load(open(sys.argv[2], "rb"))["package"]
versions = {package["name"]: package["version"] for package in packages}
hal = next(package for package in packages if package["name"] == sys.argv[1])
traits = {}
for name, version, *_ in (line.split() + [""] for line in hal["dependencies"]):
    if name in ("embedded-io", "embedded-io-async", "embedded-hal-nb"):
        version = version or versions[name]
        traits.setdefault(name, []).append(".".join(version.split(".")[:2]))
traits = ", ".join(f"{name} {' and '.join(all)}" for name, all in traits.items())
print(f"{sys.argv[1]} {hal['version']} | {traits}")
END
}

echo '| HAL | traits | target | `asynch` | `Polled` | `ReadPolled` | `zmtp_serial::Nb` | `Polled` over `zmtp_serial::Io06` |'
echo '|---|---|---|---|---|---|---|---|'
for hal in "$@"; do
  case $hal in
    embassy-stm32 | embassy-nrf | stm32f4xx-hal) target=thumbv7em-none-eabihf ;;
    esp-hal) target=riscv32imc-unknown-none-elf ;;
    *) target=thumbv6m-none-eabi ;;
  esac
  check() { # <features>
    .ci/no-std-cargo.sh "$target" check --quiet --locked --manifest-path "$package/Cargo.toml" \
      --no-default-features --features "$1" >"$log" 2>&1
  }
  # The HAL itself must compile; otherwise the table would show that it lacks all traits.
  check "$hal" || { cat "$log" >&2; exit 1; }
  row="| $(versions "$hal") | \`$target\` |"
  for way in asynch polled read-polled nb io06; do
    if check "$hal,$way"; then
      row="$row yes |"
    elif grep -q '^error\[\(E0277\|E0599\)' "$log" && ! grep '^error\[' "$log" | grep -qv 'E0277\|E0599'; then
      # A trait is missing, and there is no other error.
      row="$row – |"
    else
      cat "$log" >&2
      exit 1
    fi
  done
  echo "$row"
done
